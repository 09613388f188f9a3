//! A disk that fails when told to.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use super::super::{Disk, DiskFile, RealDisk};

/// The real disk, until it has taken `writes` writes or `syncs` syncs; from then on it fails.
#[derive(Clone, Debug)]
pub(super) struct Faulty {
    pub(super) writes: Arc<AtomicI64>,
    pub(super) syncs: Arc<AtomicI64>,
    /// Whether syncs are only counted: for tests that need none to be quick.
    pub(super) lazy: bool,
}

#[derive(Debug)]
struct FaultyFile(Faulty, Box<dyn DiskFile>);

impl Faulty {
    pub(super) fn new() -> Self {
        Self { writes: Arc::new(AtomicI64::new(i64::MAX)), syncs: Arc::new(AtomicI64::new(i64::MAX)), lazy: false }
    }

    /// A disk that writes but does not sync.
    pub(super) fn lazy() -> Self {
        Self { lazy: true, ..Self::new() }
    }

    fn file(&self, file: io::Result<Box<dyn DiskFile>>) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(FaultyFile(self.clone(), file?)))
    }
}

fn spend(budget: &AtomicI64, error: io::ErrorKind) -> io::Result<()> {
    if budget.fetch_sub(1, Ordering::SeqCst) > 0 { Ok(()) } else { Err(error.into()) }
}

impl Disk for Faulty {
    fn create(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(RealDisk.create(path))
    }
    fn open(&self, path: &Path) -> io::Result<Box<dyn DiskFile>> {
        self.file(RealDisk.open(path))
    }
    fn read(&self, path: &Path, offset: u64) -> io::Result<Vec<u8>> {
        RealDisk.read(path, offset)
    }
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        RealDisk.rename(from, to)
    }
    fn remove(&self, path: &Path) -> io::Result<()> {
        RealDisk.remove(path)
    }
    fn create_folder(&self, path: &Path) -> io::Result<()> {
        RealDisk.create_folder(path)
    }
    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        spend(&self.syncs, io::ErrorKind::Other)?;
        if self.lazy { Ok(()) } else { RealDisk.sync_folder(path) }
    }
}

impl DiskFile for FaultyFile {
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        if let Err(error) = spend(&self.0.writes, io::ErrorKind::StorageFull) {
            // A full disk takes a part before it refuses.
            self.1.write_all_at(&bytes[..bytes.len() / 2], offset)?;
            return Err(error);
        }
        self.1.write_all_at(bytes, offset)
    }
    fn sync_data(&self) -> io::Result<()> {
        spend(&self.0.syncs, io::ErrorKind::Other)?;
        if self.0.lazy { Ok(()) } else { self.1.sync_data() }
    }
    fn sync_all(&self) -> io::Result<()> {
        spend(&self.0.syncs, io::ErrorKind::Other)?;
        if self.0.lazy { Ok(()) } else { self.1.sync_all() }
    }
    fn size(&self) -> io::Result<u64> {
        self.1.size()
    }
    fn truncate(&self, length: u64) -> io::Result<()> {
        self.1.truncate(length)
    }
}
