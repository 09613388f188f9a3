//! Outputs that are too large for the journal, each in a file named by its content.
//!
//! A blob and its name are durable when [`Blobs::store`] returns, so the fact that names it may be journaled then.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use runner_keeper::failpoint::{self, Point};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::disk::{Disk, RealDisk, create_folders};
use super::error::LedgerError;
use super::group::hex;

/// Up to this size, in bytes, an output stands in the journal itself.
pub const INLINE_LIMIT: usize = 64 << 10;
/// The largest output that is kept, in bytes.
pub const BLOB_LIMIT: u64 = 64 << 20;

/// What unfinished files begin with.
const BESIDE: &str = ".new-";

/// The name of a blob, as it stands in the journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BlobRef {
    /// The SHA-256 of its content, in 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The blobs of one run.
#[derive(Clone, Debug)]
pub struct Blobs {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
}

impl Blobs {
    /// The blobs of the run in `run_folder`; their folder is made with the first.
    pub fn of(run_folder: &Path) -> Self {
        Self::on(Arc::new(RealDisk), run_folder)
    }

    /// As [`Blobs::of`], on a given disk.
    pub fn on(disk: Arc<dyn Disk>, run_folder: &Path) -> Self {
        Self { disk, folder: run_folder.join("blobs") }
    }

    /// Keeps `content`, durably, and returns its name.
    pub fn store(&self, content: &[u8]) -> Result<BlobRef, LedgerError> {
        let bytes = content.len() as u64;
        if bytes > BLOB_LIMIT {
            return Err(LedgerError::TooLarge { bytes, limit: BLOB_LIMIT });
        }
        let name = BlobRef { sha256: hex(&Sha256::digest(content)), bytes };
        let path = self.folder.join(&name.sha256);
        let failed = |error| LedgerError::io("write", &path, error);
        create_folders(&*self.disk, &self.folder).map_err(failed)?;
        if self.disk.read(&path, 0).is_ok_and(|there| there == content) {
            // An earlier life may have been killed before it synced.
            self.disk.open(&path).and_then(|file| file.sync_all()).map_err(failed)?;
        } else {
            self.publish(content, &path).map_err(failed)?;
        }
        failpoint::hit(Point::BlobNamed);
        self.disk.sync_folder(&self.folder).map_err(failed)?;
        failpoint::hit(Point::BlobStored);
        Ok(name)
    }

    fn publish(&self, content: &[u8], path: &Path) -> io::Result<()> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let beside = self.folder.join(format!("{BESIDE}{}-{number}", std::process::id()));
        let written = self.disk.create(&beside).and_then(|file| {
            file.write_all_at(content, 0)?;
            file.sync_all()?;
            failpoint::hit(Point::BlobWritten);
            Ok(())
        });
        let published = written.and_then(|()| self.disk.rename(&beside, path));
        if published.is_err() {
            let _ = self.disk.remove(&beside);
        }
        published
    }

    /// The content that `name` stands for; anything else under that name is refused.
    pub fn load(&self, name: &BlobRef) -> Result<Vec<u8>, LedgerError> {
        let path = self.folder.join(&name.sha256);
        let bad = |why| LedgerError::BadBlob { path: path.clone(), why };
        if name.sha256.len() != 64 || !name.sha256.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(bad("is not named by a hash"));
        }
        let content = match self.disk.read(&path, 0) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(bad("is missing")),
            other => other.map_err(|error| LedgerError::io("read", &path, error))?,
        };
        if content.len() as u64 != name.bytes || hex(&Sha256::digest(&content)) != name.sha256 {
            return Err(bad("does not have the content that its name promises"));
        }
        Ok(content)
    }

    /// Removes what killed lives left half written. Requires the run's lock.
    pub fn sweep(&self) -> Result<(), LedgerError> {
        let failed = |error| LedgerError::io("clean", &self.folder, error);
        let entries = match std::fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => other.map_err(failed)?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_name().to_string_lossy().starts_with(BESIDE) {
                self.disk.remove(&entry.path()).map_err(failed)?;
            }
        }
        Ok(())
    }
}
