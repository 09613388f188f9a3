//! Why a step failed, said so that the engine knows whether trying again can help.

use serde::{Deserialize, Serialize};

/// The class of an error. It decides about retries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ErrorKind {
    /// What the author wrote under `with:` cannot work. Never retried.
    Input,
    /// May work the next time: a connection refused, a lock held, a timeout. Retried.
    Transient,
    /// Will not work the next time. Not retried.
    Permanent,
    /// The step was asked to stop and did.
    Cancelled,
}

/// A step's error: its class, what happened in one lower-case line, and what can be done about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message}")]
pub struct Error {
    /// The class.
    pub kind: ErrorKind,
    /// What happened; values in backticks, no full stop.
    pub message: String,
    /// What can be done.
    pub hint: Option<String>,
    /// The exit code of the process that failed, where one did.
    pub exit_code: Option<i32>,
}

/// The result of everything that a step does.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error of the given class.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), hint: None, exit_code: None }
    }

    /// What was written under `with:` cannot work.
    pub fn input(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Input, message)
    }

    /// Trying again may help.
    pub fn transient(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Transient, message)
    }

    /// Trying again will not help.
    pub fn permanent(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Permanent, message)
    }

    /// The step stopped because it was asked to.
    pub fn cancelled() -> Self {
        Self::new(ErrorKind::Cancelled, "cancelled")
    }

    /// The same error with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same error with the exit code of the process behind it.
    #[must_use]
    pub fn exit_code(mut self, code: Option<i32>) -> Self {
        self.exit_code = code;
        self
    }

    /// An I/O error on `path` while doing `what` (`read`, `write` …). Interrupted and would-block are transient, as are
    /// a full disk and too many open files: a person can mend those while the step retries.
    pub fn io(what: &str, path: &std::path::Path, error: &std::io::Error) -> Self {
        use std::io::ErrorKind as Io;
        let kind = match error.kind() {
            Io::Interrupted | Io::WouldBlock | Io::TimedOut | Io::StorageFull | Io::ResourceBusy => {
                ErrorKind::Transient
            }
            _ => ErrorKind::Permanent,
        };
        Self::new(kind, format!("cannot {what} `{}`: {}", path.display(), reason(error)))
    }
}

/// The reason of an I/O error in the words people know, without Rust's `(os error 2)`.
fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map(|first| first.to_lowercase().chain(chars).collect()).unwrap_or_default()
}
