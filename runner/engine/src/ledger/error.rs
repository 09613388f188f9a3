//! What can go wrong with what a run has written down, and what a person can do about it.

use std::io;
use std::path::{Path, PathBuf};

use super::holder::Holder;

/// What went wrong in the ledger; every message names the file and what can be done.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LedgerError {
    /// There is no place for the locks of groups.
    #[error("neither HOME nor XDG_STATE_HOME is set, so there is no place for locks")]
    Homeless,
    /// The operating system refused an operation.
    #[error("cannot {action} `{}`: {source}", path.display())]
    Io {
        /// What was tried, as a verb phrase.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// The disk, a quota or a file size limit is exhausted.
    #[error(
        "cannot {action} `{}`: {source}; what was durable before is kept: make room, then resume the run", path.display()
    )]
    Full {
        /// What was tried, as a verb phrase.
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The operating system's answer.
        source: io::Error,
    },
    /// An earlier write or sync of this journal failed, so nothing is appended any more.
    #[error(
        "journal `{}` takes no more records after a failed write ({reason}): resume the run once the cause is gone",
        path.display()
    )]
    Poisoned {
        /// The journal.
        path: PathBuf,
        /// The first failure.
        reason: String,
    },
    /// A journal has a record that is not what was written.
    #[error(
        "journal `{}` is damaged at record {record} (line {record}, byte {offset}): {why}; restore the file from a copy, \
         or see what `runner doctor --repair` can do: nothing was changed", path.display()
    )]
    Damaged {
        /// The journal.
        path: PathBuf,
        /// The sequence of the first bad record; also its line, since a record is a line.
        record: u64,
        /// Where the bad record begins.
        offset: u64,
        /// What is wrong with it and why it is not just an unfinished write.
        why: String,
    },
    /// Something refers to a record that the journal no longer has.
    #[error(
        "journal `{}` lost facts: it ends with record {last}, but {witness} refers to record {needed}; restore the file \
         from a copy, or see what `runner doctor --repair` can do: nothing was changed", path.display()
    )]
    LostFacts {
        /// The journal.
        path: PathBuf,
        /// The last record that is there.
        last: u64,
        /// The record that must have been there.
        needed: u64,
        /// What refers to it.
        witness: String,
    },
    /// A file was written by a newer release.
    #[error("`{}` was written in format {found}, this runner knows up to {known}: use a newer runner", path.display())]
    NewerVersion {
        /// The file.
        path: PathBuf,
        /// Its format version.
        found: u64,
        /// The newest known one.
        known: u64,
    },
    /// A record is intact but says something this runner does not understand.
    #[error("record {record} of journal `{}` cannot be understood: {reason}; it may be a newer runner's", path.display())]
    Foreign {
        /// The journal.
        path: PathBuf,
        /// The record's sequence.
        record: u64,
        /// Why it could not be decoded.
        reason: String,
    },
    /// A value could not be written as JSON.
    #[error("cannot write a fact as JSON: {reason}")]
    Encode {
        /// Why.
        reason: String,
    },
    /// A lock is held by someone else.
    #[error("{what} is busy: {}", Holder::describe(holder.as_deref()))]
    Busy {
        /// What is locked, in words.
        what: String,
        /// Who holds it, when that could be read.
        holder: Option<Box<Holder>>,
    },
    /// The file system under a folder has no working locks.
    #[error("locks do not work on `{}` ({why}): put the folder on a local file system", path.display())]
    NoLocks {
        /// The lock file.
        path: PathBuf,
        /// What was observed.
        why: String,
    },
    /// The checkpoint or index cannot be written.
    #[error("cannot use the checkpoint `{}`: {reason}; it is made anew from the journal later", path.display())]
    Checkpoint {
        /// The checkpoint's folder.
        path: PathBuf,
        /// What the database said.
        reason: String,
    },
    /// A step's output is larger than the ledger keeps.
    #[error("the output has {bytes} bytes, more than the {limit} that are kept: write it to a file and publish that")]
    TooLarge {
        /// Its size in bytes.
        bytes: u64,
        /// The limit in bytes.
        limit: u64,
    },
    /// A blob is not there or does not have the content its name promises.
    #[error("blob `{}` {why}: restore it from a copy, or let the step that made it run again", path.display())]
    BadBlob {
        /// The blob's file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// No run, or more than one, goes by this name.
    #[error("{message}")]
    NoSuchRun {
        /// What was looked for and what there is.
        message: String,
    },
    /// A state operation does not fit what stands there.
    #[error("state `{key}`: {why}")]
    State {
        /// The key path.
        key: String,
        /// Why the operation is refused.
        why: String,
    },
    /// Somebody else wrote first.
    #[error("{what} is at version {found}, not {expected}: somebody else wrote it meanwhile; nothing was changed")]
    StateMoved {
        /// What was to be written, in words.
        what: String,
        /// The version at which it was to be written.
        expected: u64,
        /// The version at which it stands.
        found: u64,
    },
}

/// The classes of [`LedgerError`], from which the command line chooses its exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Someone else holds the lock, or was faster (exit 31).
    Busy,
    /// What was written is not what is there (exit 30).
    Damaged,
    /// The journal lost facts (exit 30).
    LostFacts,
    /// A newer release wrote it (exit 30).
    NewerVersion,
    /// No room (exit 30).
    Full,
    /// The operating system refused something (exit 30).
    Io,
    /// The request itself was wrong: an unknown run, a state key that does not fit (exit 2 or a failed step).
    Request,
}

impl LedgerError {
    /// The error for a failed operation on `path`; knows exhausted disks, quotas and size limits.
    pub(crate) fn io(action: &'static str, path: &Path, source: io::Error) -> Self {
        let path = path.to_path_buf();
        match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge => {
                Self::Full { action, path, source }
            }
            _ => Self::Io { action, path, source },
        }
    }

    /// The class of this error.
    pub fn kind(&self) -> ErrorKind {
        match self {
            Self::Io { .. }
            | Self::Poisoned { .. }
            | Self::Checkpoint { .. }
            | Self::Encode { .. }
            | Self::Homeless
            | Self::NoLocks { .. } => ErrorKind::Io,
            Self::Full { .. } => ErrorKind::Full,
            Self::Damaged { .. } | Self::BadBlob { .. } => ErrorKind::Damaged,
            Self::LostFacts { .. } => ErrorKind::LostFacts,
            Self::NewerVersion { .. } | Self::Foreign { .. } => ErrorKind::NewerVersion,
            Self::Busy { .. } | Self::StateMoved { .. } => ErrorKind::Busy,
            Self::TooLarge { .. } | Self::NoSuchRun { .. } | Self::State { .. } => ErrorKind::Request,
        }
    }
}
