//! Mending a journal that a life refuses to open: what can be told without a doubt is done, the rest at a person's word.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::disk::{Disk, RealDisk};
use super::error::LedgerError;
use super::journal::{JOURNAL, SYNCED};
use super::opening;
use super::reader;
use super::record::{self, Record};
use super::scan::{self, Mark, Tail};
use super::synced;

/// What is found when a journal is examined.
#[derive(Debug)]
pub enum Health<T> {
    /// A life opens it; what it would cut from the end is the rest of a flush that never ended.
    Sound {
        /// How many records there are.
        records: u64,
        /// How many bytes would be cut.
        torn: u64,
    },
    /// A life refuses it.
    Damaged(Box<Damage<T>>),
}

/// A journal that has lost facts, or holds something that nobody wrote.
#[derive(Debug)]
pub struct Damage<T> {
    /// Why it is refused.
    pub error: LedgerError,
    /// The records before the damage.
    pub before: Vec<Record<T>>,
    /// Those behind it that can be read.
    pub behind: Vec<Record<T>>,
    bytes: Vec<u8>,
    keep: Mark,
}

/// Looks at the journal in `folder` without changing it. Requires its lock.
pub fn examine<T: DeserializeOwned>(folder: &Path) -> Result<Health<T>, LedgerError> {
    let path = folder.join(JOURNAL);
    let bytes = reader::read_from(&RealDisk, &path, Mark::BEGIN)?;
    let scan = scan::scan(&path, &bytes, Mark::BEGIN)?;
    let witness = synced::read(&RealDisk, &folder.join(SYNCED))?;
    let error = match opening::judged(&path, &scan, Mark::BEGIN, &witness) {
        Ok(cut) => return Ok(Health::Sound { records: scan.end.seq, torn: cut.map_or(0, |cut| cut.bytes) }),
        Err(error) => error,
    };
    let before = reader::decode_all(&path, &bytes, &scan.records)?;
    let rest = &bytes[usize::try_from(scan.end.offset).unwrap_or(bytes.len()).min(bytes.len())..];
    let behind = match scan.tail {
        Tail::Clean => Vec::new(),
        Tail::Torn { .. } | Tail::Damaged { .. } => scan::readable(rest),
    };
    // One that is intact but says nothing that is known is passed over: nothing is built on these.
    let behind = behind.into_iter().filter_map(|(line, event)| {
        let event = serde_json::from_slice(&rest[event]).ok()?;
        Some(Record { seq: line.seq, flush: line.flush, at: line.at, event })
    });
    Ok(Health::Damaged(Box::new(Damage { error, before, behind: behind.collect(), bytes, keep: scan.end })))
}

impl<T> Damage<T> {
    /// Sets the journal in `folder` aside, under a name that is given back, and leaves in its place what stands before the
    /// damage, with `more` facts behind it, appended at `at` milliseconds of wall time. Requires its lock.
    ///
    /// Killed at any instant, it leaves a journal that is refused as before, or the new one.
    pub fn set_aside<U: Serialize>(&self, folder: &Path, at: u64, more: &[U]) -> Result<PathBuf, LedgerError> {
        let path = folder.join(JOURNAL);
        let failed = |action| {
            let path = path.clone();
            move |error| LedgerError::io(action, &path, error)
        };
        let kept = usize::try_from(self.keep.offset).unwrap_or(self.bytes.len());
        let mut content = self.bytes[..kept].to_vec();
        let (mut seq, mut sum, flush) = (self.keep.seq, self.keep.sum, self.keep.seq + 1);
        for fact in more {
            seq += 1;
            sum = record::encode(&mut content, seq, flush, at, sum, fact)
                .map_err(|error| LedgerError::Encode { reason: error.to_string() })?;
        }
        let aside = link_aside(&path).map_err(failed("set aside"))?;
        let beside = folder.join(format!("{JOURNAL}.mended-{}", std::process::id()));
        let write = || {
            let file = RealDisk.create(&beside)?;
            file.write_all_at(&content, 0)?;
            file.sync_all()?;
            RealDisk.rename(&beside, &path)?;
            RealDisk.sync_folder(folder)?;
            // It names facts that are no more. Until it is gone, the journal is refused as one that has lost them.
            match RealDisk.remove(&folder.join(SYNCED)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => RealDisk.sync_folder(folder),
            }
        };
        write().map_err(failed("mend"))?;
        Ok(aside)
    }
}

/// Gives the file a second name that nothing has: `NAME.damaged-N`.
fn link_aside(path: &Path) -> io::Result<PathBuf> {
    let mut number = 1;
    loop {
        let aside = path.with_extension(format!("damaged-{number}"));
        match fs::hard_link(path, &aside) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            other => return other.map(|()| aside),
        }
    }
}
