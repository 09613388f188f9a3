//! A step's error as it stands in the journal.

use serde::{Deserialize, Serialize};

/// The class of a step's error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// What the author wrote cannot work.
    Input,
    /// Trying again may help.
    Transient,
    /// Trying again will not help.
    Permanent,
    /// The step was asked to stop.
    Cancelled,
    /// It took longer than its timeout. Trying again may help.
    Timeout,
}

/// Why a step failed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepError {
    /// The class.
    pub kind: ErrorKind,
    /// What happened, in one line.
    pub message: String,
    /// What can be done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
    /// The exit code of the process behind it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exit_code: Option<i32>,
    /// The step in which it began, where that is another one inside this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<crate::Path>,
}

impl StepError {
    /// An error of the given class.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, exit_code: None, origin: None }
    }

    /// The same error with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// Whether trying again may help.
    pub fn is_transient(&self) -> bool {
        matches!(self.kind, ErrorKind::Transient | ErrorKind::Timeout)
    }
}
