//! The lock of a `concurrency.group`: one run at a time, in all checkouts of one person.
//!
//! A group has two files in the user's state folder, named by the group's hash. The engine locks `<hash>`; the keeper of
//! a run in the group locks `<hash>.keeper` and names its run there. The group is busy while either is held, except that
//! a run's own keeper does not keep its next engine out. Who waits for it stands in line ([`queue`]), and nobody who does
//! not wait comes in between.

use std::path::{Path, PathBuf};
use std::time::Duration;

use sha2::{Digest, Sha256};

use super::disk::{RealDisk, create_folders};
use super::error::LedgerError;
use super::holder::Holder;
use super::lock::Lock;
use super::queue::{self, Ticket};

/// What is done where a group is busy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenBusy {
    /// It is refused at once.
    #[default]
    Fail,
    /// It waits for its turn.
    Wait,
    /// The holder is asked to stop, and its end is waited for.
    Replace,
}

/// What is done where a group is busy, and for how long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Policy {
    /// What.
    pub when_busy: WhenBusy,
    /// How long is waited at most.
    pub within: Option<Duration>,
}

/// A run that wants a group.
#[derive(Clone, Debug)]
pub struct Want {
    /// The user's state folder (see [`user_state_folder`]).
    pub state: PathBuf,
    /// The group.
    pub group: String,
    /// The run's folder.
    pub run: PathBuf,
    /// This process.
    pub holder: Holder,
}

/// Who is waited for.
#[derive(Debug)]
pub struct Ahead<'a> {
    /// Who, as far as it has given its name.
    pub holder: &'a Holder,
    /// Whether it holds the group, and does not only wait for it earlier.
    pub holds: bool,
    /// The lock by which that is known.
    pub lock: &'a Path,
}

/// A held group.
#[derive(Debug)]
pub struct GroupLock {
    lock: Lock,
}

/// What became of one try.
enum Tried {
    Got(GroupLock),
    Held(PathBuf, Holder),
}

impl GroupLock {
    /// Takes the group for the run in `run_folder`, or says who has it. `state` is the user's state folder
    /// (see [`user_state_folder`]).
    pub fn try_take(state: &Path, group: &str, run_folder: &Path, holder: Holder) -> Result<Self, LedgerError> {
        let want = Want { state: state.to_path_buf(), group: group.to_owned(), run: run_folder.to_path_buf(), holder };
        want.try_take()
    }

    /// The lock's file.
    pub fn path(&self) -> &Path {
        self.lock.path()
    }
}

impl Want {
    /// Takes the group, or says who has it, or waits for it already.
    pub fn try_take(&self) -> Result<GroupLock, LedgerError> {
        let me = self.named()?;
        if !self.is_own(&me)?
            && let (None, Some(front)) = (Lock::holder(&self.lock())?, queue::last(&self.queue())?)
        {
            return Err(self.busy(front.holder));
        }
        match self.attempt(&me)? {
            Tried::Got(lock) => Ok(lock),
            Tried::Held(_, holder) => Err(self.busy(Some(holder))),
        }
    }

    /// Takes the group when its turn comes, however long that takes; `told` hears of each that is waited for. A run whose
    /// own keeper holds the group need not stand in line.
    pub fn wait(&self, told: &dyn Fn(Ahead<'_>)) -> Result<GroupLock, LedgerError> {
        let me = self.named()?;
        let own = self.is_own(&me)?;
        let ticket = if own { None } else { Some(Ticket::draw(&self.queue(), me.clone())?) };
        while let Some(front) = ticket.as_ref().map_or(Ok(None), Ticket::front)? {
            told(Ahead { holder: &front.holder.unwrap_or_default(), holds: false, lock: &front.path });
            Lock::await_free(&front.path)?;
        }
        loop {
            match self.attempt(&me)? {
                Tried::Got(lock) => return Ok(lock),
                Tried::Held(lock, holder) => {
                    told(Ahead { holder: &holder, holds: true, lock: &lock });
                    Lock::await_free(&lock)?;
                }
            }
        }
    }

    /// The error for a group that is busy.
    pub fn busy(&self, holder: Option<Holder>) -> LedgerError {
        LedgerError::Busy { what: self.what(), holder: holder.map(Box::new) }
    }

    fn attempt(&self, me: &Holder) -> Result<Tried, LedgerError> {
        let (path, keepers) = (self.lock(), keeper_lock_path(&self.state, &self.group));
        let other_keeper = || -> Result<Option<Holder>, LedgerError> {
            Ok(Lock::holder(&keepers)?.filter(|keeper| keeper.run != me.run))
        };
        // Looked at first, so that the run's own next engine, whose keeper it is, is not kept out meanwhile.
        if let Some(keeper) = other_keeper()? {
            let engine = Lock::holder(&path)?.filter(|engine| engine.run == keeper.run);
            return Ok(match engine {
                Some(engine) => Tried::Held(path, engine),
                None => Tried::Held(keepers, keeper),
            });
        }
        let lock = match Lock::try_take(&path, &self.what(), me.clone()) {
            Ok(lock) => lock,
            Err(LedgerError::Busy { holder, .. }) => return Ok(Tried::Held(path, *holder.unwrap_or_default())),
            Err(error) => return Err(error),
        };
        Ok(match other_keeper()? {
            Some(keeper) => Tried::Held(keepers, keeper),
            None => Tried::Got(GroupLock { lock }),
        })
    }

    /// This process, as it is named in the lock: the run's folder as its keeper names it, without links.
    fn named(&self) -> Result<Holder, LedgerError> {
        let path = self.lock();
        let folder = path.parent().unwrap_or(&self.state);
        create_folders(&RealDisk, folder).map_err(|error| LedgerError::io("create", folder, error))?;
        let run = self.run.canonicalize().or_else(|_| std::path::absolute(&self.run));
        let run = run.map_err(|error| LedgerError::io("find", &self.run, error))?;
        Ok(Holder { run: Some(run), group: Some(self.group.clone()), ..self.holder.clone() })
    }

    /// Whether the run's own keeper holds the group.
    fn is_own(&self, me: &Holder) -> Result<bool, LedgerError> {
        let keeper = Lock::holder(&keeper_lock_path(&self.state, &self.group))?;
        Ok(keeper.is_some_and(|keeper| keeper.run == me.run))
    }

    fn what(&self) -> String {
        format!("the concurrency group `{}`", self.group)
    }

    fn lock(&self) -> PathBuf {
        lock_path(&self.state, &self.group)
    }

    fn queue(&self) -> PathBuf {
        self.lock().with_extension("queue")
    }
}

/// Where the user's state lies: `$XDG_STATE_HOME/runner`, else `~/.local/state/runner`; nothing without either.
pub fn user_state_folder(state_home: Option<&Path>, home: Option<&Path>) -> Option<PathBuf> {
    // The XDG specification has relative paths ignored.
    match state_home.filter(|path| path.is_absolute()) {
        Some(path) => Some(path.join("runner")),
        None => home.filter(|path| path.is_absolute()).map(|home| home.join(".local/state/runner")),
    }
}

/// The file that the engine locks for a group.
pub fn lock_path(state: &Path, group: &str) -> PathBuf {
    state.join("locks").join(&hex(&Sha256::digest(group))[..32])
}

/// The file that the keeper of a run in the group locks, with a JSON text in which `run` is the run's absolute folder.
pub fn keeper_lock_path(state: &Path, group: &str) -> PathBuf {
    lock_path(state, group).with_extension("keeper")
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
