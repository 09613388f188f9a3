//! Reading receipts.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::{Ended, Failed, KeeperStarted, Record, Spawned, Spawning, checksum, path};

/// The receipts of a run, by attempt.
#[derive(Clone, Debug, Default)]
pub struct Receipts {
    attempts: BTreeMap<u64, Trace>,
    keeper: Option<KeeperStarted>,
    damaged: usize,
}

/// What was written down of one attempt.
#[derive(Clone, Debug, Default)]
pub(super) struct Trace {
    /// Who wrote it.
    pub(super) keeper: Option<KeeperStarted>,
    pub(super) spawning: Option<Spawning>,
    pub(super) spawned: Option<Spawned>,
    pub(super) ended: Option<Ended>,
    pub(super) failed: Option<Failed>,
}

/// Reads all receipts of a run; none where there is no file.
///
/// To be called only once the keeper has accepted the reader's epoch, or with the keeper's lock in hand.
pub fn read(run_dir: &Path) -> io::Result<Receipts> {
    read_to(run_dir, u64::MAX)
}

/// Reads the first `length` bytes of the receipts: what stood there when the keeper accepted the reader's epoch. The
/// ends of other attempts are reported on the connection.
pub fn read_to(run_dir: &Path, length: u64) -> io::Result<Receipts> {
    let bytes = match fs::read(path(run_dir)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        other => other?,
    };
    let end = usize::try_from(length).map_or(bytes.len(), |length| length.min(bytes.len()));
    let mut receipts = Receipts::default();
    for line in bytes[..end].split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
        match checksum::record(line).and_then(|record| serde_json::from_slice(record).ok()) {
            Some(record) => receipts.add(record),
            None => receipts.damaged += 1,
        }
    }
    Ok(receipts)
}

impl Receipts {
    fn add(&mut self, record: Record) {
        let attempt = match &record {
            Record::Keeper(_) => None,
            Record::Spawning(spawning) => Some(spawning.attempt),
            Record::Spawned(spawned) => Some(spawned.attempt),
            Record::Ended(ended) => Some(ended.exited.attempt),
            Record::Failed(failed) => Some(failed.attempt),
        };
        let mut ignored = Trace::default();
        let trace = match attempt {
            Some(attempt) => self.attempts.entry(attempt).or_default(),
            None => &mut ignored,
        };
        match record {
            Record::Keeper(keeper) => self.keeper = Some(keeper),
            Record::Spawning(spawning) => {
                trace.keeper.clone_from(&self.keeper);
                trace.spawning = Some(spawning);
            }
            Record::Spawned(spawned) => trace.spawned = Some(spawned),
            Record::Ended(ended) => trace.ended = Some(ended),
            Record::Failed(failed) => trace.failed = Some(failed),
        }
    }

    /// The last keeper that wrote.
    pub fn keeper(&self) -> Option<&KeeperStarted> {
        self.keeper.as_ref()
    }

    /// Numbers of the attempts that are known.
    pub fn attempts(&self) -> impl Iterator<Item = u64> + '_ {
        self.attempts.keys().copied()
    }

    /// The newest epoch that an attempt was started in; 0 without any.
    pub fn newest_epoch(&self) -> u64 {
        self.attempts.values().filter_map(|trace| Some(trace.spawning.as_ref()?.epoch)).max().unwrap_or(0)
    }

    /// Lines that are torn or damaged. At most the last one of each keeper, unless the machine went down.
    pub fn damaged(&self) -> usize {
        self.damaged
    }

    /// Where the attempt's output lies or begins, whether or not it ended.
    pub fn spawning(&self, attempt: u64) -> Option<&Spawning> {
        self.attempts.get(&attempt)?.spawning.as_ref()
    }

    /// How the attempt ended, if it did.
    pub fn ended(&self, attempt: u64) -> Option<&Ended> {
        self.attempts.get(&attempt)?.ended.as_ref()
    }

    /// The attempt's process, once it was started.
    pub fn spawned(&self, attempt: u64) -> Option<&Spawned> {
        self.attempts.get(&attempt)?.spawned.as_ref()
    }

    pub(super) fn trace(&self, attempt: u64) -> Option<&Trace> {
        self.attempts.get(&attempt)
    }

    pub(super) fn traces(&self) -> impl Iterator<Item = (u64, &Trace)> {
        self.attempts.iter().map(|(attempt, trace)| (*attempt, trace))
    }
}
