//! What deployments leave behind: regions, paths of kubeconfigs, versions, dates, events.
//!
//! The state of a project is one tree of JSON, the fold of a journal of its own in `.runner/state/`. Many runs write
//! it: each write takes a lock, reads what others added, appends one record and lets go. A write carries its
//! [`Origin`], so repeating it (after a crash, say) changes nothing. A long journal gets a checkpoint as its index.

mod key;
mod mend;
mod tree;
mod version;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use runner_keeper::failpoint::{self, Point};
use serde_json::Value;

pub use self::key::Key;
pub use self::mend::{StateLoss, mend_state, state_loss};
pub use self::tree::StateOp;
pub use self::version::{Versions, state_history};
pub use self::write::{Origin, StateWrite};

use super::checkpoint::{Checkpoint, Opening};
use super::disk::{Disk, RealDisk, create_folders};
use super::error::LedgerError;
use super::holder::Holder;
use super::journal::{Durable, Journal, Opened};
use super::lock::Lock;
use super::reader;
use super::record::Record;
use super::scan::Mark;

/// So many records may be read again before an index is worth writing; few where tests kill.
const INDEX_EVERY: usize = if cfg!(feature = "failpoints") { 4 } else { 256 };

/// The state of a project, open for reading and writing.
#[derive(Debug)]
pub struct State {
    disk: Arc<dyn Disk>,
    folder: PathBuf,
    /// How long a write waits for another's, at most.
    bound: Duration,
    mark: Mark,
    tree: Value,
    /// The origins of all writes.
    seen: BTreeSet<String>,
    /// Records folded since the index was written.
    behind: usize,
    /// What they changed.
    changed: BTreeSet<String>,
}

/// What a write did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// The record that holds it; of a repeated write or one that changes nothing, the last one there is.
    pub seq: u64,
    /// Whether it was new.
    pub new: bool,
}

/// The tree as it stands, read without a lock; an empty object where nothing was ever written.
pub fn read_state(home: &Path) -> Result<Value, LedgerError> {
    Ok(Versions::of(&state_history(home)?)?.tree().clone())
}

impl State {
    /// Opens the state in `home` (the project's `.runner`), making it where there is none. `holder` names this process
    /// to others while it writes; `bound` is how long to wait for theirs.
    pub fn open(home: &Path, holder: &Holder, bound: Duration) -> Result<Self, LedgerError> {
        Self::open_on(Arc::new(RealDisk), home, holder, bound)
    }

    /// As [`State::open`], on a given disk.
    pub fn open_on(disk: Arc<dyn Disk>, home: &Path, holder: &Holder, bound: Duration) -> Result<Self, LedgerError> {
        let folder = home.join("state");
        create_folders(&*disk, &folder).map_err(|error| LedgerError::io("create", &folder, error))?;
        let tree = Value::Object(serde_json::Map::new());
        let (seen, changed) = (BTreeSet::new(), BTreeSet::new());
        let mut state = Self { disk, folder, bound, mark: Mark::BEGIN, tree, seen, behind: 0, changed };
        let _lock = state.lock(holder)?;
        match Journal::create_on(&*state.disk, &state.folder) {
            Err(LedgerError::Io { source, .. }) if source.kind() == io::ErrorKind::AlreadyExists => {}
            other => drop(other?),
        }
        if state.index().exists() {
            state.load_index()?;
        }
        let journal = state.catch_up()?;
        state.write_index_if_due(journal.durable());
        Ok(state)
    }

    /// The whole tree.
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// What stands under `key`; nothing, if nothing does.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        tree::get(&self.tree, key)
    }

    /// The keys under `key` that hold no further keys, in order.
    pub fn list(&self, key: &Key) -> Vec<Key> {
        tree::leaves(&self.tree, key)
    }

    /// Reads what others wrote since.
    pub fn refresh(&mut self, holder: &Holder) -> Result<(), LedgerError> {
        let _lock = self.lock(holder)?;
        self.catch_up().map(drop)
    }

    /// Performs one write at `at` milliseconds of wall time, durably. One whose origin was seen before changes nothing.
    pub fn write(&mut self, at: u64, holder: &Holder, write: StateWrite) -> Result<Written, LedgerError> {
        self.write_if(at, holder, write, None)
    }

    /// As [`State::write`], but only if the version of a key is still `expected` ([`Versions::version`]).
    pub fn write_if(
        &mut self,
        at: u64,
        holder: &Holder,
        write: StateWrite,
        expected: Option<(&Key, u64)>,
    ) -> Result<Written, LedgerError> {
        let _lock = self.lock(holder)?;
        failpoint::hit(Point::StateLocked);
        let mut journal = self.catch_up()?;
        if let Some((key, expected)) = expected {
            let found = Versions::of(&reader::read(&self.folder)?)?.version(key);
            if found != expected {
                let what = if key.names().is_empty() { "the state".to_owned() } else { format!("the state `{key}`") };
                return Err(LedgerError::StateMoved { what, expected, found });
            }
        }
        let repeated = write.origin.as_ref().is_some_and(|origin| self.seen.contains(&origin.digest()));
        if repeated {
            return Ok(Written { seq: self.mark.seq, new: false });
        }
        // What does not fit is refused before it becomes a fact.
        tree::check(&self.tree, &write.op)?;
        let seq = journal.append(at, &write)?;
        let durable = journal.flush()?;
        failpoint::hit(Point::StateWritten);
        self.fold(write)?;
        self.mark = durable.mark();
        self.write_index_if_due(durable);
        Ok(Written { seq, new: true })
    }

    fn lock(&self, holder: &Holder) -> Result<Lock, LedgerError> {
        let what = format!("the state `{}`", self.folder.display());
        Lock::take_within(&self.folder.join("lock"), &what, holder, self.bound)
    }

    fn catch_up(&mut self) -> Result<Journal, LedgerError> {
        let Opened { journal, records, .. } = Journal::open_on::<StateWrite>(&*self.disk, &self.folder, self.mark)?;
        for Record { event, .. } in records {
            self.fold(event)?;
        }
        self.mark = journal.durable().mark();
        Ok(journal)
    }

    fn fold(&mut self, write: StateWrite) -> Result<(), LedgerError> {
        tree::apply(&mut self.tree, &write.op)?;
        self.behind += 1;
        self.changed.extend(write.op.keys().filter_map(Key::top).map(|top| VALUE.to_owned() + top));
        if let Some(origin) = write.origin {
            let digest = origin.digest();
            self.changed.insert(ORIGIN.to_owned() + &digest);
            self.seen.insert(digest);
        }
        Ok(())
    }
}

/// What the index's keys begin with: a top-level key of the tree, with its value; or an origin.
const VALUE: &str = "v:";
const ORIGIN: &str = "o:";

impl State {
    fn index(&self) -> PathBuf {
        self.folder.join("index")
    }

    fn load_index(&mut self) -> Result<(), LedgerError> {
        let (checkpoint, entries) = match Checkpoint::open(&self.index()) {
            Ok(Opening::Ready { checkpoint, entries }) => (checkpoint, entries),
            // The journal has everything.
            Ok(Opening::Rebuild { .. }) | Err(LedgerError::Checkpoint { .. }) => return Ok(()),
            Err(error) => return Err(error),
        };
        let mut tree = serde_json::Map::new();
        let mut seen = BTreeSet::new();
        for (key, value) in entries {
            if let Some(top) = key.strip_prefix(VALUE) {
                // An entry whose hash is right but which is not JSON is another release's: fold the journal instead.
                let Ok(value) = serde_json::from_slice(&value) else { return Ok(()) };
                tree.insert(top.to_owned(), value);
            } else if let Some(digest) = key.strip_prefix(ORIGIN) {
                seen.insert(digest.to_owned());
            }
        }
        (self.tree, self.seen, self.mark) = (Value::Object(tree), seen, checkpoint.mark());
        Ok(())
    }

    /// Best effort: without an index the journal is read from its begin.
    fn write_index_if_due(&mut self, durable: Durable) {
        if self.behind >= INDEX_EVERY && self.write_index(durable).is_ok() {
            failpoint::hit(Point::StateIndexed);
            self.behind = 0;
            self.changed.clear();
        }
    }

    fn write_index(&mut self, durable: Durable) -> Result<(), LedgerError> {
        let (mut checkpoint, old) = match Checkpoint::open(&self.index())? {
            Opening::Ready { checkpoint, entries } => (checkpoint, entries),
            Opening::Rebuild { checkpoint, .. } => (checkpoint, BTreeMap::new()),
        };
        let mut keys = self.changed.clone();
        // What changed here is not all when another process wrote the index since, or when it was made anew.
        if checkpoint.mark().seq + self.behind as u64 != durable.seq() {
            let values = self.tree.as_object().into_iter().flat_map(serde_json::Map::keys);
            keys.extend(values.map(|top| VALUE.to_owned() + top));
            keys.extend(self.seen.iter().map(|digest| ORIGIN.to_owned() + digest));
            keys.extend(old.into_keys());
        }
        checkpoint.write(
            durable,
            keys.into_iter().map(|key| {
                let value = self.entry(&key);
                (key, value)
            }),
        )
    }

    fn entry(&self, key: &str) -> Option<Vec<u8>> {
        match key.strip_prefix(VALUE) {
            Some(top) => self.tree.get(top).and_then(|value| serde_json::to_vec(value).ok()),
            None => Some(Vec::new()),
        }
    }
}
