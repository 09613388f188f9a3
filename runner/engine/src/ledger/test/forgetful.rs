//! A disk in memory that loses power: of what was not synced, any sectors may have been kept and any lost.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::{Disk, DiskFile};

/// What a disk writes whole or not at all, in bytes.
const SECTOR: usize = 512;

/// The disk; its clones are the same disk.
#[derive(Clone, Debug)]
pub(super) struct Forgetful(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    files: Vec<Content>,
    names: BTreeMap<PathBuf, usize>,
    durable_names: BTreeMap<PathBuf, usize>,
    /// Operations until the power fails.
    left: u64,
    random: u64,
}

#[derive(Clone, Debug, Default)]
struct Content {
    now: Vec<u8>,
    durable: Vec<u8>,
}

#[derive(Debug)]
struct Open(Forgetful, usize);

impl Forgetful {
    pub(super) fn new(seed: u64) -> Self {
        let (names, durable_names) = (BTreeMap::new(), BTreeMap::new());
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self(Arc::new(Mutex::new(Inner { files: Vec::new(), names, durable_names, left: u64::MAX, random })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Has the power fail at the `operations`th operation from now.
    pub(super) fn fail_after(&self, operations: u64) {
        self.inner().left = operations;
    }

    /// The disk as it is found when the power is back.
    pub(super) fn power_cut(&self) {
        let mut inner = self.inner();
        inner.left = u64::MAX;
        for index in 0..inner.files.len() {
            let Content { now, mut durable } = inner.files[index].clone();
            // The length may be the old or the new one, independently of the content.
            if inner.coin() {
                durable.resize(now.len(), 0);
            }
            for (place, sector) in durable.chunks_mut(SECTOR).enumerate() {
                let new = now.get(place * SECTOR..).unwrap_or_default();
                if inner.coin() {
                    let length = sector.len().min(new.len());
                    sector[..length].copy_from_slice(&new[..length]);
                }
            }
            inner.files[index] = Content { now: durable.clone(), durable };
        }
        let mut names = inner.durable_names.clone();
        let unsynced: Vec<_> = inner.names.iter().map(|(path, file)| (path.clone(), *file)).collect();
        for (path, file) in unsynced {
            if !names.contains_key(&path) && inner.coin() {
                names.insert(path, file);
            }
        }
        inner.names.clone_from(&names);
        inner.durable_names = names;
    }
}

impl Inner {
    fn coin(&mut self) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random >> 32 & 1 == 0
    }

    fn spend(&mut self) -> io::Result<()> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 { Err(io::Error::other("the power is gone")) } else { Ok(()) }
    }

    fn find(&self, path: &Path) -> io::Result<usize> {
        self.names.get(path).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

impl Disk for Forgetful {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut inner = self.inner();
        inner.spend()?;
        if inner.names.contains_key(path) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = inner.files.len();
        inner.files.push(Content::default());
        inner.names.insert(path.to_path_buf(), file);
        Ok(Box::new(Open(self.clone(), file)))
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.inner().find(path)?;
        Ok(Box::new(Open(self.clone(), file)))
    }
    fn read(&self, path: &Path, offset: u64) -> io::Result<Vec<u8>> {
        let inner = self.inner();
        let content = &inner.files[inner.find(path)?].now;
        Ok(content.get(usize::try_from(offset).unwrap()..).unwrap_or_default().to_vec())
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.spend()?;
        let file = inner.find(from)?;
        inner.names.remove(from);
        inner.names.insert(to.to_path_buf(), file);
        Ok(())
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.spend()?;
        inner.names.remove(path).map(drop).ok_or_else(|| io::ErrorKind::NotFound.into())
    }
    fn create_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.spend()?;
        let inside = |name: &Path| name.parent() == Some(path);
        let names: Vec<_> = inner.names.iter().filter(|(name, _)| inside(name)).map(|(n, f)| (n.clone(), *f)).collect();
        inner.durable_names.retain(|name, _| !inside(name));
        inner.durable_names.extend(names);
        Ok(())
    }
}

impl DiskFile for Open {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut inner = self.0.inner();
        // What a failing write did may be anything, and so it is done.
        let spent = inner.spend();
        let begin = usize::try_from(offset).unwrap();
        let now = &mut inner.files[self.1].now;
        now.resize(now.len().max(begin + bytes.len()), 0);
        now[begin..begin + bytes.len()].copy_from_slice(bytes);
        spent
    }
    fn sync_data(&self) -> io::Result<()> {
        let mut inner = self.0.inner();
        inner.spend()?;
        let content = &mut inner.files[self.1];
        content.durable.clone_from(&content.now);
        Ok(())
    }
    fn sync_all(&self) -> io::Result<()> {
        self.sync_data()
    }
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.inner().files[self.1].now.len() as u64)
    }
    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut inner = self.0.inner();
        inner.spend()?;
        inner.files[self.1].now.resize(usize::try_from(length).unwrap(), 0);
        Ok(())
    }
}
