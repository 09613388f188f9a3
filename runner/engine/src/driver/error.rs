//! Why a drive cannot go on, and how errors of steps enter the journal.

use runner_core::{ErrorKind, StepError};

use crate::ledger::LedgerError;

/// Why a drive cannot go on. The run stays resumable.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The ledger refuses or cannot.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The keeper of the run lives but cannot be spoken to.
    #[error("{0}")]
    Busy(String),
    /// What a person says does not fit the run.
    #[error("{0}")]
    Refused(String),
    /// There is no keeper to be had.
    #[error("{0}")]
    Keeper(String),
    /// The system failed.
    #[error("{what}: {error}")]
    Io {
        /// While doing what.
        what: String,
        /// What it says.
        error: std::io::Error,
    },
    /// Something does not encode.
    #[error("a fact cannot be written down: {0}")]
    Encode(String),
}

impl DriveError {
    pub(super) fn encode(error: &serde_json::Error) -> Self {
        Self::Encode(error.to_string())
    }

    pub(super) fn io(what: impl Into<String>) -> impl FnOnce(std::io::Error) -> Self {
        let what = what.into();
        move |error| Self::Io { what, error }
    }
}

/// A step's own error as it stands in the journal.
pub fn of_step(error: runner_sdk::Error) -> StepError {
    let kind = match error.kind {
        runner_sdk::ErrorKind::Input => ErrorKind::Input,
        runner_sdk::ErrorKind::Transient => ErrorKind::Transient,
        runner_sdk::ErrorKind::Permanent => ErrorKind::Permanent,
        runner_sdk::ErrorKind::Cancelled => ErrorKind::Cancelled,
    };
    StepError { kind, message: error.message, hint: error.hint, exit_code: error.exit_code, origin: None }
}
