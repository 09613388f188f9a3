//! What the engine asks for.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::{Bytes, Text};
use crate::seal::Key;

/// A message of the engine.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// The first message of a connection.
    Hello(Box<Hello>),
    /// Start an attempt.
    Start(Box<Start>),
    /// Stop an attempt: SIGTERM and, after its grace, SIGKILL to its process group.
    Stop {
        /// The attempt.
        attempt: u64,
        /// SIGKILL at once.
        kill: bool,
    },
    /// A service became ready: its timeout no longer applies.
    Ready {
        /// The attempt.
        attempt: u64,
    },
    /// Further secrets. What runs is masked with them from now on.
    Masks {
        /// The secrets.
        masks: Vec<Mask>,
    },
    /// Hold this lock (of a concurrency group) for as long as the keeper lives. Answered by [`super::Reply::Locked`].
    Lock {
        /// The lock's file; created if need be.
        path: Text,
    },
    /// Let go of a lock.
    Unlock {
        /// The lock's file.
        path: Text,
    },
    /// So many attempts may have a place at once. It holds for those that are permitted ahead; and what was not let go
    /// because only the engine knows how something ended, may be now.
    Places {
        /// How many.
        most: u64,
    },
    /// Take back what was permitted ahead and is not let go.
    Recall,
    /// The run ended: stop everything that is left, then exit.
    End,
}

/// Who speaks, and what all attempts have in common.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Hello {
    /// The version spoken.
    pub protocol: u32,
    /// The engine life's epoch. One older than the newest that the keeper saw is refused.
    pub epoch: u64,
    /// The environment of attempts that this engine starts.
    pub environment: Vec<(Text, Text)>,
    /// The secrets that must not be seen. Kept in memory only.
    pub masks: Vec<Mask>,
}

/// A secret, by name and value.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mask {
    /// How messages call it.
    pub name: String,
    /// What must not be seen.
    pub value: Bytes,
}

impl Mask {
    /// A secret that is text.
    pub fn new(name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        Self { name: name.into(), value: Bytes(value.into()) }
    }
}

impl fmt::Debug for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mask").field("name", &self.name).finish_non_exhaustive()
    }
}

/// A process to start.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own, as the workflow's author makes it")]
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Start {
    /// The attempt's number: never used twice within a run.
    pub attempt: u64,
    /// The epoch of the engine life that asks.
    pub epoch: u64,
    /// The program and its arguments. A name without `/` is looked up in the attempt's own `PATH`, a relative path is
    /// relative to `dir`. There is no shell.
    pub argv: Vec<Text>,
    /// Changes to the environment, in order; `None` removes.
    pub env: Vec<(Text, Option<Text>)>,
    /// The working folder, absolute.
    pub dir: Text,
    /// Stdin; empty where there is none.
    pub stdin: Option<Bytes>,
    /// Stdout goes to `data` instead of `out`.
    pub capture: bool,
    /// The attempt gets a terminal of its own.
    pub pty: bool,
    /// The output passes through the keeper, which masks it.
    pub masked: bool,
    /// With this key `data` is sealed instead of masked, where it passes through the keeper.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seal: Option<Key>,
    /// The attempt outlives its step. Stopped when no engine came for long.
    pub service: bool,
    /// Milliseconds until it is stopped as timed out; for a service, until it must be [`Request::Ready`].
    pub timeout_ms: Option<u64>,
    /// Milliseconds between SIGTERM and SIGKILL.
    pub grace_ms: u64,
    /// The exit codes by which it is known to have succeeded; `None` where more than the code decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub codes: Option<Vec<i32>>,
    /// It takes one of the places that [`Request::Places`] counts.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub takes_place: bool,
    /// It is permitted ahead of its turn: it is let go once all of these have succeeded and there is a place for it, and
    /// taken back when anything ends otherwise. Without it, it starts at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub behind: Option<Vec<u64>>,
}

impl Start {
    /// Whether its data will be sealed.
    pub fn seals(&self) -> bool {
        self.capture && (self.masked || self.pty) && self.seal.is_some()
    }
}
