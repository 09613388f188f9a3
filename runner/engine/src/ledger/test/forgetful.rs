//! A disk in memory that loses power: of what was not synced, anything may have been kept and anything lost.
//!
//! Either by chance ([`Forgetful::power_cut`]), or in every way that [`super::image`] can think of, at every operation of
//! a life that was watched ([`Forgetful::watch`]).

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};

use super::super::{Disk, DiskFile};
use super::platter::{Change, Platter};

/// The disk; its clones are the same disk.
#[derive(Clone, Debug)]
pub(super) struct Forgetful(Arc<Mutex<Inner>>);

#[derive(Debug)]
struct Inner {
    platter: Platter,
    /// Operations until the power fails.
    left: u64,
    random: u64,
    /// What its user was told is durable.
    told: u64,
    /// What the platter was, and what its user had been told, after each operation.
    moments: Option<Vec<Moment>>,
}

/// A moment at which the power could fail.
#[derive(Clone, Debug)]
pub(super) struct Moment {
    pub(super) platter: Platter,
    pub(super) told: u64,
}

#[derive(Debug)]
struct Open(Forgetful, usize);

impl Forgetful {
    pub(super) fn new(seed: u64) -> Self {
        Self::holding(Platter::default(), seed)
    }

    /// A disk that holds this.
    pub(super) fn holding(platter: Platter, seed: u64) -> Self {
        let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        Self(Arc::new(Mutex::new(Inner { platter, left: u64::MAX, random, told: 0, moments: None })))
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap()
    }

    /// Has the power fail at the `operations`th operation from now.
    pub(super) fn fail_after(&self, operations: u64) {
        self.inner().left = operations;
    }

    /// Keeps every moment from now on.
    pub(super) fn watch(&self) {
        self.inner().moments = Some(Vec::new());
    }

    /// Its user was told that so much is durable.
    pub(super) fn tell(&self, durable: u64) {
        self.inner().told = durable;
    }

    /// The moments that were kept.
    pub(super) fn moments(&self) -> Vec<Moment> {
        self.inner().moments.take().unwrap_or_default()
    }

    /// The disk as it is found when the power is back: each sector and each name as chance has it.
    pub(super) fn power_cut(&self) {
        let mut inner = self.inner();
        inner.left = u64::MAX;
        let mut random = inner.random;
        inner.platter.lose(&mut || coin(&mut random));
        inner.random = random;
    }
}

fn coin(random: &mut u64) -> bool {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    *random >> 32 & 1 == 0
}

impl Inner {
    fn spend(&mut self) -> io::Result<()> {
        self.left = self.left.saturating_sub(1);
        if self.left == 0 { Err(io::Error::other("the power is gone")) } else { Ok(()) }
    }

    fn keep(&mut self) {
        let moment = Moment { platter: self.platter.clone(), told: self.told };
        if let Some(moments) = &mut self.moments {
            moments.push(moment);
        }
    }

    fn change(&mut self, change: Change) {
        self.platter.change(change);
        self.keep();
    }
}

impl Disk for Forgetful {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let mut inner = self.inner();
        inner.spend()?;
        if inner.platter.find(path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        let file = inner.platter.add();
        inner.change(Change::Named(path.to_path_buf(), file));
        Ok(Box::new(Open(self.clone(), file)))
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        let file = self.inner().platter.find(path)?;
        Ok(Box::new(Open(self.clone(), file)))
    }
    fn read(&self, path: &Path, offset: u64) -> io::Result<Vec<u8>> {
        let inner = self.inner();
        let content = &inner.platter.files[inner.platter.find(path)?].now;
        Ok(content.get(usize::try_from(offset).unwrap()..).unwrap_or_default().to_vec())
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.spend()?;
        let file = inner.platter.find(from)?;
        inner.change(Change::Renamed(from.to_path_buf(), to.to_path_buf(), file));
        Ok(())
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.spend()?;
        inner.platter.find(path)?;
        inner.change(Change::Removed(path.to_path_buf()));
        Ok(())
    }
    fn create_folder(&self, _: &Path) -> io::Result<()> {
        Ok(())
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        let mut inner = self.inner();
        inner.spend()?;
        inner.platter.sync_folder(path);
        inner.keep();
        Ok(())
    }
}

impl DiskFile for Open {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut inner = self.0.inner();
        // What a failing write did may be anything, and so it is done.
        let spent = inner.spend();
        inner.platter.files[self.1].write(bytes, usize::try_from(offset).unwrap());
        inner.keep();
        spent
    }
    fn sync_data(&self) -> io::Result<()> {
        let mut inner = self.0.inner();
        inner.spend()?;
        inner.platter.files[self.1].sync();
        inner.keep();
        Ok(())
    }
    fn sync_all(&self) -> io::Result<()> {
        self.sync_data()
    }
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.inner().platter.files[self.1].now.len() as u64)
    }
    fn truncate(&self, length: u64) -> io::Result<()> {
        let mut inner = self.0.inner();
        inner.spend()?;
        inner.platter.files[self.1].now.resize(usize::try_from(length).unwrap(), 0);
        inner.keep();
        Ok(())
    }
}
