//! The exit codes, as documented.

use std::process::ExitCode;

use runner_core::{End, ErrorKind};
use runner_engine::driver::{DriveError, Outcome};
use runner_engine::ledger::{self, LedgerError};

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// 0: done.
    Done,
    /// 1: something unexpected.
    Unexpected,
    /// 2: the command line is wrong.
    Usage,
    /// 10: a workflow or an input is invalid; nothing was started.
    Invalid,
    /// 20: a step failed.
    Failed,
    /// 21: the run's own timeout, or that of the last failing attempt.
    TimedOut,
    /// 22: the run waits for a person.
    Paused,
    /// 23: something would change.
    WouldChange,
    /// 30: checkpoint, journal or state.
    Ledger,
    /// 31: busy.
    Busy,
    /// 40–59: the workflow's own.
    Own(u8),
    /// 130: interrupted or cancelled.
    Interrupted,
}

impl Exit {
    /// The number.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::Done => 0,
            Self::Unexpected => 1,
            Self::Usage => 2,
            Self::Invalid => 10,
            Self::Failed => 20,
            Self::TimedOut => 21,
            Self::Paused => 22,
            Self::WouldChange => 23,
            Self::Ledger => 30,
            Self::Busy => 31,
            Self::Own(code) => code,
            Self::Interrupted => 130,
        }
    }

    /// How a drive that came to its round's end ends the program.
    pub(crate) fn of_outcome(outcome: &Outcome) -> Self {
        let timed_out = outcome.error.as_ref().is_some_and(|error| error.kind == ErrorKind::Timeout);
        match outcome.end {
            End::Succeeded => outcome.exit_code.map_or(Self::Done, Self::Own),
            End::Failed if timed_out => Self::TimedOut,
            End::Failed => Self::Failed,
            End::TimedOut => Self::TimedOut,
            End::Paused => Self::Paused,
            End::Undone => Self::Done,
            End::Interrupted | End::Cancelled => Self::Interrupted,
        }
    }

    /// How an error of the ledger ends the program.
    pub(crate) fn of_ledger(error: &LedgerError) -> Self {
        match error.kind() {
            ledger::ErrorKind::Busy => Self::Busy,
            ledger::ErrorKind::Request => Self::Usage,
            _ => Self::Ledger,
        }
    }

    /// How a drive that could not go on ends the program.
    pub(crate) fn of_drive(error: &DriveError) -> Self {
        match error {
            DriveError::Ledger(error) => Self::of_ledger(error),
            DriveError::Busy(_) => Self::Busy,
            DriveError::Refused(_) => Self::Usage,
            DriveError::Keeper(_) | DriveError::Io { .. } | DriveError::Encode(_) => Self::Ledger,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
