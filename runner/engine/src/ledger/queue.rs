//! Who waits for something, in the order in which they came: a folder of tickets, each a lock of the one who drew it.
//!
//! A ticket's number is greater than those of all that are there, so whoever waits for the nearest one before its own that
//! is still held is served in turn. A ticket whose holder died is held by nobody, and is passed over and taken away. Both
//! drawing and looking happen under one lock, the gate, which is held for an instant.

use std::path::{Path, PathBuf};

use super::disk::{RealDisk, create_folders};
use super::error::LedgerError;
use super::holder::Holder;
use super::lock::Lock;

/// The name of the gate.
const GATE: &str = "gate";

/// A place in a queue, until it is dropped.
#[derive(Debug)]
pub(super) struct Ticket {
    folder: PathBuf,
    number: u64,
    lock: Lock,
}

/// The ticket of another.
pub(super) struct Front {
    pub(super) path: PathBuf,
    pub(super) holder: Option<Holder>,
}

impl Ticket {
    /// Draws the next ticket of the queue `folder`.
    pub(super) fn draw(folder: &Path, holder: Holder) -> Result<Self, LedgerError> {
        create_folders(&RealDisk, folder).map_err(|error| LedgerError::io("create", folder, error))?;
        let _gate = Lock::take(&folder.join(GATE))?;
        let number = numbers(folder)?.last().map_or(1, |last| last + 1);
        let lock = Lock::try_take(&folder.join(number.to_string()), "a place in a queue", holder)?;
        Ok(Self { folder: folder.to_path_buf(), number, lock })
    }

    /// The nearest ticket before this one that somebody holds.
    pub(super) fn front(&self) -> Result<Option<Front>, LedgerError> {
        front(&self.folder, self.number)
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        // Where this fails it is found held by nobody.
        let _gate = Lock::take(&self.folder.join(GATE));
        let _ = std::fs::remove_file(self.lock.path());
    }
}

/// The last one who waits in the queue `folder`, if anybody does.
pub(super) fn last(folder: &Path) -> Result<Option<Front>, LedgerError> {
    if folder.is_dir() { front(folder, u64::MAX) } else { Ok(None) }
}

fn front(folder: &Path, before: u64) -> Result<Option<Front>, LedgerError> {
    let _gate = Lock::take(&folder.join(GATE))?;
    for number in numbers(folder)?.into_iter().rev().filter(|number| *number < before) {
        let path = folder.join(number.to_string());
        match Lock::holder(&path)? {
            Some(holder) => return Ok(Some(Front { path, holder: Some(holder) })),
            None => std::fs::remove_file(&path).map_err(|error| LedgerError::io("remove", &path, error))?,
        }
    }
    Ok(None)
}

/// The numbers of all tickets, in order.
fn numbers(folder: &Path) -> Result<Vec<u64>, LedgerError> {
    let failed = |error| LedgerError::io("read", folder, error);
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(failed)? {
        let name = entry.map_err(failed)?.file_name();
        numbers.extend(name.to_str().and_then(|name| name.parse::<u64>().ok()));
    }
    numbers.sort_unstable();
    Ok(numbers)
}
