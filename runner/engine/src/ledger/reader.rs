//! Reading a journal without its lock, also while it is being written.

use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;

use super::disk::{Disk, RealDisk};
use super::error::LedgerError;
use super::journal::{JOURNAL, SYNCED};
use super::opening;
use super::record::{self, Record, SEAL};
use super::scan::{self, Mark, Standing};
use super::synced;

/// Follows a journal: each [`poll`](Self::poll) returns the records that were added since the last.
///
/// What it returns is written but may not be durable yet; after a power cut its last records may never have been.
#[derive(Debug)]
pub struct Follower<T> {
    path: PathBuf,
    mark: Mark,
    event: PhantomData<fn() -> T>,
}

impl<T: DeserializeOwned> Follower<T> {
    /// Follows the journal in `folder` from its begin.
    pub fn new(folder: &Path) -> Self {
        Self::from(folder, Mark::BEGIN)
    }

    /// Follows the journal in `folder` from `mark`, which an earlier follower or a checkpoint gave.
    pub fn from(folder: &Path, mark: Mark) -> Self {
        Self { path: folder.join(JOURNAL), mark, event: PhantomData }
    }

    /// The place behind the last record returned.
    pub fn mark(&self) -> Mark {
        self.mark
    }

    /// The journal's file, to be watched for changes.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The complete records added since the last call; what is only half written comes with a later one.
    ///
    /// An error comes only once everything before it was returned.
    pub fn poll(&mut self) -> Result<Vec<Record<T>>, LedgerError> {
        let mut found = Vec::new();
        match self.advance(&mut found) {
            Err(_) if !found.is_empty() => Ok(found),
            Err(error) => Err(error),
            Ok(()) => Ok(found),
        }
    }

    fn advance(&mut self, found: &mut Vec<Record<T>>) -> Result<(), LedgerError> {
        let mut suspect = None;
        loop {
            // First what is known to be durable, then what is there: that can only have become more.
            let witness = synced::read(&RealDisk, &self.path.with_file_name(SYNCED))?;
            let bytes = read_from(&RealDisk, &self.path, self.mark)?;
            let scan = scan::scan(&self.path, &bytes, self.mark)?;
            found.extend(decode_all(&self.path, &bytes, &scan.records)?);
            let Err(error) = opening::judged(&self.path, &scan, self.mark, &witness) else {
                self.mark = scan.end;
                return Ok(());
            };
            self.mark = scan.end;
            // The writer may have overtaken this reading: then the bad place reads well the next time, since what
            // stands behind it was written after it.
            if suspect == Some(scan.end) {
                return Err(error);
            }
            suspect = Some(scan.end);
        }
    }
}

/// Every record of the journal in `folder`, as far as it is written.
pub fn read<T: DeserializeOwned>(folder: &Path) -> Result<Vec<Record<T>>, LedgerError> {
    let mut found = Vec::new();
    Follower::new(folder).advance(&mut found)?;
    Ok(found)
}

/// The journal's bytes from `mark` on, which must be the end of the record that it names.
pub(super) fn read_from(disk: &dyn Disk, path: &Path, mark: Mark) -> Result<Vec<u8>, LedgerError> {
    let before = if mark.seq == 0 { 0 } else { SEAL as u64 };
    let mut bytes =
        disk.read(path, mark.offset.saturating_sub(before)).map_err(|error| LedgerError::io("read", path, error))?;
    if before > 0 {
        let seal = bytes.get(..SEAL).and_then(|seal| seal.strip_suffix(b"\"}\n"));
        if seal.and_then(record::hexadecimal) != Some(mark.sum) {
            return Err(lost(disk, path, mark));
        }
        bytes.drain(..SEAL);
    }
    Ok(bytes)
}

/// The error for a journal that lacks the record a mark names; says how far it does go.
fn lost(disk: &dyn Disk, path: &Path, mark: Mark) -> LedgerError {
    let last = disk.read(path, 0).ok().and_then(|bytes| scan::scan(path, &bytes, Mark::BEGIN).ok());
    LedgerError::LostFacts {
        path: path.to_path_buf(),
        last: last.map_or(0, |scan| scan.end.seq),
        needed: mark.seq,
        witness: "the checkpoint".to_owned(),
    }
}

pub(super) fn decode_all<T: DeserializeOwned>(
    path: &Path,
    bytes: &[u8],
    records: &[Standing],
) -> Result<Vec<Record<T>>, LedgerError> {
    let decode = |record: &Standing| {
        let event = serde_json::from_slice(&bytes[record.event.clone()]).map_err(|error| LedgerError::Foreign {
            path: path.to_path_buf(),
            record: record.seq,
            reason: error.to_string(),
        })?;
        Ok(Record { seq: record.seq, flush: record.flush, at: record.at, event })
    };
    records.iter().map(decode).collect()
}
