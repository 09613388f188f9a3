//! Locks that die with their holder and name it.
//!
//! A lock is an exclusive flock(2) on a file whose descriptor is close-on-exec: a child that inherited it would keep the
//! lock of a killed parent. The file stays when the lock is given back, since removing it would let two holders lock
//! two files of one name.

use std::fs::{File, OpenOptions};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};
use rustix::io::Errno;

use super::error::LedgerError;
use super::holder::Holder;

/// A held lock; dropping it gives the lock back.
#[derive(Debug)]
pub struct Lock {
    file: File,
    path: PathBuf,
    holder: Holder,
}

/// How long a lock without a living holder's name is tried again.
const GLANCE: Duration = Duration::from_millis(100);

/// The answer of the operating system to one try.
enum Tried {
    Got(File),
    Held(File),
}

impl Lock {
    /// Takes the lock `path`, or says who holds it ([`LedgerError::Busy`], where `what` names the thing locked).
    ///
    /// The file is created where it is missing and `holder` is written into it.
    pub fn try_take(path: &Path, what: &str, holder: Holder) -> Result<Self, LedgerError> {
        match glance(path, FlockOperation::NonBlockingLockExclusive)? {
            Glance::Got(file) => Self::settle(file, path, holder),
            Glance::Held(holder) => Err(LedgerError::Busy { what: what.to_owned(), holder: holder.map(Box::new) }),
        }
    }

    /// As [`Lock::try_take`], but waits up to `bound` for a holder that is expected to be brief.
    pub fn take_within(path: &Path, what: &str, holder: &Holder, bound: Duration) -> Result<Self, LedgerError> {
        let deadline = Instant::now() + bound;
        let mut pause = Duration::from_micros(200);
        loop {
            match Self::try_take(path, what, holder.clone()) {
                Err(LedgerError::Busy { .. }) if Instant::now() < deadline => {
                    // flock has no bounded wait, and a thread blocked in it could not be called back.
                    std::thread::sleep(pause.min(deadline.saturating_duration_since(Instant::now())));
                    pause = (pause * 2).min(Duration::from_millis(20));
                }
                other => return other,
            }
        }
    }

    /// Who holds the lock `path` now; nothing when it is free or was never taken.
    pub fn holder(path: &Path) -> Result<Option<Holder>, LedgerError> {
        if !path.exists() {
            return Ok(None);
        }
        match glance(path, FlockOperation::NonBlockingLockShared)? {
            Glance::Got(_) => Ok(None),
            Glance::Held(holder) => Ok(Some(holder.unwrap_or_default())),
        }
    }

    /// Waits until nobody holds the lock `path`, however long that takes.
    pub fn await_free(path: &Path) -> Result<(), LedgerError> {
        let failed = |action| move |error| LedgerError::io(action, path, error);
        let file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(failed("open")(error)),
        };
        lock(&file, FlockOperation::LockShared).map_err(failed("lock"))?;
        lock(&file, FlockOperation::Unlock).map_err(failed("unlock"))
    }

    /// Takes the lock `path` as soon as nobody holds it; for what is held for an instant only.
    pub(super) fn take(path: &Path) -> Result<File, LedgerError> {
        let failed = |action| move |error| LedgerError::io(action, path, error);
        let file = OpenOptions::new().write(true).create(true).truncate(false).open(path).map_err(failed("open"))?;
        lock(&file, FlockOperation::LockExclusive).map_err(failed("lock"))?;
        Ok(file)
    }

    /// Writes the epoch of this engine life into the lock, once it is known.
    pub fn set_epoch(&mut self, epoch: u64) -> Result<(), LedgerError> {
        self.holder.epoch = Some(epoch);
        self.inscribe()
    }

    /// The lock's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn settle(file: File, path: &Path, holder: Holder) -> Result<Self, LedgerError> {
        // Some network and user-space file systems say yes to everyone: then a second descriptor gets the lock as well.
        if let Tried::Got(_) = attempt(path, FlockOperation::NonBlockingLockExclusive)? {
            let why = "two holders got the same lock".to_owned();
            return Err(LedgerError::NoLocks { path: path.to_path_buf(), why });
        }
        let mut lock = Self { file, path: path.to_path_buf(), holder };
        lock.inscribe()?;
        Ok(lock)
    }

    /// Names the holder in the file: for people and messages only, the lock itself is the operating system's.
    fn inscribe(&mut self) -> Result<(), LedgerError> {
        let text = self.holder.text()?;
        let mut write = || {
            self.file.set_len(0)?;
            self.file.seek(SeekFrom::Start(0))?;
            self.file.write_all(text.as_bytes())
        };
        write().map_err(|error| LedgerError::io("write", &self.path, error))
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Best effort: a name left behind is recognised as that of a process that no longer holds anything.
        let _ = self.file.set_len(0);
        // Not left to closing: a process that another thread is just starting holds copies of all descriptors until
        // it executes its program.
        let _ = flock(&self.file, FlockOperation::Unlock);
    }
}

/// One call of flock(2) that may block.
fn lock(file: &File, operation: FlockOperation) -> std::io::Result<()> {
    loop {
        match flock(file, operation) {
            Err(Errno::INTR) => {}
            other => return other.map_err(Into::into),
        }
    }
}

/// What a lock looked like for a short while.
enum Glance {
    Got(File),
    Held(Option<Holder>),
}

/// Tries the lock until it is had or held by a process that lives.
///
/// Whoever only looks ([`Lock::holder`]) or has just taken or given back the lock holds it namelessly, but not for long:
/// such a one is no reason to refuse.
fn glance(path: &Path, operation: FlockOperation) -> Result<Glance, LedgerError> {
    let deadline = Instant::now() + GLANCE;
    loop {
        let mut file = match attempt(path, operation)? {
            Tried::Got(file) => return Ok(Glance::Got(file)),
            Tried::Held(file) => file,
        };
        let holder = Holder::read(&mut file);
        if holder.as_ref().is_some_and(|holder| !holder.has_ended()) || Instant::now() >= deadline {
            return Ok(Glance::Held(holder));
        }
        // There is nothing to await: flock(2) has no bounded wait.
        std::thread::sleep(Duration::from_millis(1));
    }
}

fn attempt(path: &Path, operation: FlockOperation) -> Result<Tried, LedgerError> {
    let failed = |action| move |error| LedgerError::io(action, path, error);
    // Who only looks needs no permission to write.
    let taking = operation == FlockOperation::NonBlockingLockExclusive;
    let file = OpenOptions::new().read(true).write(taking).create(taking).truncate(false).open(path);
    let file = file.map_err(failed("open"))?;
    loop {
        match flock(&file, operation) {
            Ok(()) => return Ok(Tried::Got(file)),
            Err(Errno::WOULDBLOCK) => return Ok(Tried::Held(file)),
            Err(Errno::INTR) => {}
            Err(error @ (Errno::NOLCK | Errno::NOSYS | Errno::OPNOTSUPP | Errno::INVAL)) => {
                return Err(LedgerError::NoLocks { path: path.to_path_buf(), why: error.to_string() });
            }
            Err(error) => return Err(failed("lock")(error.into())),
        }
    }
}

impl Holder {
    /// What a lock's file says of its holder; nothing while the holder is still writing it.
    fn read(file: &mut File) -> Option<Self> {
        let mut text = String::new();
        file.seek(SeekFrom::Start(0)).ok()?;
        file.read_to_string(&mut text).ok()?;
        Self::parse(&text)
    }
}
