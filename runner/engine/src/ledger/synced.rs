//! The `synced` file beside a journal: after each flush it says how far the journal is durable.
//!
//! It is written in place and never synced, so it may be old or blank after a power cut; but what it says was true when
//! it was written. What it names is therefore never taken for an unfinished write: neither in the same boot, where the
//! whole page cache is still there, nor in a later one.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::disk::{Disk, DiskFile};
use super::error::LedgerError;
use super::machine;
use super::record::VERSION;

/// The file has one size, so that writing it never allocates.
const SIZE: usize = 128;

#[derive(Serialize, Deserialize)]
struct Content {
    v: u64,
    boot: String,
    seq: u64,
    sum: u32,
}

/// The open `synced` file of a journal that is being written.
#[derive(Debug)]
pub(crate) struct Synced {
    path: PathBuf,
    file: Box<dyn DiskFile>,
}

/// What a `synced` file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Witness {
    /// The last record known to be durable; 0 when nothing is known.
    pub(crate) seq: u64,
    /// Whether it was written since the machine started.
    pub(crate) this_boot: bool,
}

impl Synced {
    /// Opens the file, or creates it where it is missing.
    pub(crate) fn open(disk: &dyn Disk, path: PathBuf) -> Result<Self, LedgerError> {
        let file = match disk.open(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => disk.create(&path),
            other => other,
        };
        let file = file.map_err(|error| LedgerError::io("open", &path, error))?;
        Ok(Self { path, file })
    }

    /// Says that everything up to `seq` is durable.
    pub(crate) fn write(&self, seq: u64) -> Result<(), LedgerError> {
        let boot = machine::boot_id().to_owned();
        let sum = sum(&boot, seq);
        let mut bytes = serde_json::to_vec(&Content { v: VERSION, boot, seq, sum })
            .map_err(|error| LedgerError::Encode { reason: error.to_string() })?;
        bytes.resize(SIZE.max(bytes.len() + 1) - 1, b' ');
        bytes.push(b'\n');
        self.file.write_all_at(&bytes, 0).map_err(|error| LedgerError::io("write", &self.path, error))
    }
}

/// What the file says; nothing when it is missing or torn.
pub(crate) fn read(disk: &dyn Disk, path: &Path) -> Result<Witness, LedgerError> {
    let nothing = Witness { seq: 0, this_boot: false };
    let bytes = match disk.read(path, 0) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(nothing),
        other => other.map_err(|error| LedgerError::io("read", path, error))?,
    };
    let Ok(content) = serde_json::from_slice::<Content>(&bytes) else { return Ok(nothing) };
    if content.v > VERSION {
        return Err(LedgerError::NewerVersion { path: path.to_path_buf(), found: content.v, known: VERSION });
    }
    if content.sum != sum(&content.boot, content.seq) {
        return Ok(nothing);
    }
    Ok(Witness { seq: content.seq, this_boot: !content.boot.is_empty() && content.boot == machine::boot_id() })
}

fn sum(boot: &str, seq: u64) -> u32 {
    crc32fast::hash(format!("{boot} {seq}").as_bytes())
}
