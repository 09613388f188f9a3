//! What differs between systems, behind one interface.
//!
//! [`linux`] uses what only Linux has: read leases, subreapers, `/proc`, memory files, peer credentials. [`portable`]
//! makes do with POSIX; it is also built on Linux, where a switch selects it, so that its tests run there.

#[cfg(target_os = "linux")]
mod linux;
mod portable;
mod raw;

use std::fs::File;
use std::io;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::process::Pid;

pub(crate) use raw::{close_inherited, group_and_session, own_terminal, reap};

/// The system's interface.
pub(crate) trait Platform {
    /// What tells one boot of this machine from another.
    fn boot_id(&self) -> String;

    /// Makes orphaned descendants children of this process, where that is possible.
    fn adopt_orphans(&self) -> io::Result<()>;

    /// Children of this process that it adopted or started, where the system tells.
    fn children(&self) -> Vec<Pid>;

    /// The process, where it exists.
    fn process(&self, pid: Pid) -> Option<Process>;

    /// The time in which start times are told, where the system has it: clock ticks since boot.
    fn ticks(&self) -> Option<u64>;

    /// All processes that live.
    fn processes(&self) -> Vec<Process>;

    /// A variable of the process's environment as it was when it was started, where the system tells.
    fn variable(&self, pid: Pid, name: &str) -> Option<Vec<u8>>;

    /// Whether any process could still write to this file, which this process opened for reading only.
    fn writers(&self, file: &File) -> Writers;

    /// A file with these bytes that has no name, to be read from its beginning. May use `folder`.
    fn nameless(&self, bytes: &[u8], folder: &Path) -> io::Result<File>;

    /// Makes a FIFO that only its owner may open.
    fn make_fifo(&self, path: &Path) -> io::Result<()>;

    /// The user behind a connection, where the system tells.
    fn peer(&self, stream: &UnixStream) -> Option<u32>;

    /// Waits until the process has ended, but no longer than `limit`.
    fn await_end(&self, pid: Pid, limit: Duration);
}

/// A process, as the system shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Process {
    pub(crate) pid: i32,
    pub(crate) name: String,
    /// Neither a zombie nor dead.
    pub(crate) alive: bool,
    pub(crate) group: i32,
    /// Where the system tells.
    pub(crate) session: Option<i32>,
    /// Clock ticks since boot, where the system tells.
    pub(crate) start_time: Option<u64>,
}

/// Who could write to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Writers {
    /// Nobody.
    None,
    /// Somebody.
    Some,
    /// The system does not tell.
    Unknown,
}

/// The interface for this system.
#[cfg(target_os = "linux")]
pub(crate) fn native() -> &'static dyn Platform {
    &linux::Linux
}

/// The interface for this system.
#[cfg(not(target_os = "linux"))]
pub(crate) fn native() -> &'static dyn Platform {
    &portable::Portable
}

/// The interface that every system has.
pub(crate) fn portable() -> &'static dyn Platform {
    &portable::Portable
}

/// What tells one boot of this machine from another. Constant while the machine is up.
pub fn boot_id() -> String {
    native().boot_id()
}
