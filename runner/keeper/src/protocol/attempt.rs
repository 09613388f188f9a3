//! What is said of one attempt: where its output lies and how it ended.

use serde::{Deserialize, Serialize};

/// Lengths of a lane's three files at one moment, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marks {
    /// Length of `N.out`.
    pub out: u64,
    /// Length of `N.data`.
    pub data: u64,
    /// Length of `N.progress`.
    pub progress: u64,
}

/// A piece of a file, in bytes; `to` is exclusive.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// The first byte.
    pub from: u64,
    /// The byte after the last.
    pub to: u64,
}

impl Range {
    /// Its length in bytes.
    pub fn length(&self) -> u64 {
        self.to.saturating_sub(self.from)
    }
}

/// Where all output of an attempt lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ranges {
    /// The lane's number.
    pub lane: u64,
    /// Both streams in order; of an attempt that captures, stderr only.
    pub out: Range,
    /// Stdout of an attempt that captures; with a terminal, what it wrote there.
    pub data: Range,
    /// What it wrote to `$RUNNER_PROGRESS`.
    pub progress: Range,
}

impl Ranges {
    /// The ranges between two moments of a lane.
    pub fn between(lane: u64, begin: Marks, end: Marks) -> Self {
        let range = |from, to: u64| Range { from, to: to.max(from) };
        Self {
            lane,
            out: range(begin.out, end.out),
            data: range(begin.data, end.data),
            progress: range(begin.progress, end.progress),
        }
    }
}

/// How the leader of an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// This signal ended it.
    Signal(i32),
}

/// Why an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// By itself.
    Exited,
    /// Its own timeout passed.
    TimedOut,
    /// It was asked to stop, whatever it then did.
    Stopped,
    /// It was killed without grace at the engine's word.
    Killed,
}

/// Why a process could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SpawnFailure {
    /// The class of the failure.
    pub kind: FailureKind,
    /// The failure in words, naming the program or the folder.
    pub message: String,
}

/// The classes of [`SpawnFailure`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FailureKind {
    /// No such program.
    NotFound,
    /// The program may not be executed.
    PermissionDenied,
    /// The working folder is none.
    BadFolder,
    /// The system lacks something (memory, processes, descriptors, disk space): it may work later.
    Exhausted,
    /// Anything else.
    Other,
}
