//! The keeper's lock: an advisory lock on a file of the run, with the holder's name in it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};

use rustix::process::Pid;
use serde::{Deserialize, Serialize};

use crate::platform;
use crate::protocol::Text;

/// Who holds a keeper's lock.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The version of the protocol that it speaks.
    pub protocol: u32,
    /// Its process.
    pub pid: i32,
    /// Its session.
    pub session: i32,
    /// The boot in which it started.
    pub boot_id: String,
    /// Where it listens; `None` for an engine that took the place of a keeper.
    pub socket: Option<Text>,
}

impl Holder {
    pub(crate) fn process(&self) -> Option<Pid> {
        Pid::from_raw(self.pid)
    }

    /// Whether its process lives.
    pub fn is_alive(&self) -> bool {
        let platform = platform::native();
        let process = self.process().and_then(|pid| platform.process(pid));
        self.boot_id == platform.boot_id() && process.is_some_and(|process| process.alive)
    }
}

/// Holds the keeper's lock of a run until it is dropped. Dies with its process; a child does not inherit it.
#[derive(Debug)]
pub(crate) struct Lock {
    file: File,
}

impl Lock {
    /// Takes the lock; `None` when somebody else holds it.
    pub(crate) fn take(run_dir: &Path) -> io::Result<Option<Self>> {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path(run_dir))?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Self { file })),
            Err(TryLockError::WouldBlock) => Ok(None),
            Err(TryLockError::Error(error)) => Err(error),
        }
    }

    /// Writes who holds it.
    pub(crate) fn sign(&mut self, holder: &Holder) -> io::Result<()> {
        let mut text = serde_json::to_vec(holder)?;
        text.push(b'\n');
        self.file.rewind()?;
        self.file.write_all(&text)?;
        self.file.set_len(text.len() as u64)
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing would do, unless another thread has just forked: its child has a copy until it execs, and the lock
        // would last as long. Where this fails, closing does it.
        let _ = self.file.unlock();
    }
}

/// Who signed the lock last; `None` if nobody did, or is just doing it.
pub(crate) fn holder(run_dir: &Path) -> Option<Holder> {
    let mut text = String::new();
    File::open(path(run_dir)).ok()?.read_to_string(&mut text).ok()?;
    serde_json::from_str(text.lines().next()?).ok()
}

fn path(run_dir: &Path) -> PathBuf {
    run_dir.join("keeper.lock")
}
