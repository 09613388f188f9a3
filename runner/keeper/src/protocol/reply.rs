//! What the keeper reports.

use serde::{Deserialize, Serialize};

use super::{Exit, Marks, Ranges, Reason, SpawnFailure, Text};

/// A message of the keeper.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reply {
    /// The engine's epoch is accepted.
    Welcome(Box<Welcome>),
    /// The connection, or one start on it, is refused.
    Refused {
        /// The attempt whose start is refused; `None` refuses the connection, which is then closed.
        attempt: Option<u64>,
        /// Why.
        reason: String,
    },
    /// A process was started.
    Started(Started),
    /// An attempt ended and nothing of its process group is left.
    Exited(Box<Exited>),
    /// A process could not be started: the attempt ended without having begun.
    SpawnFailed {
        /// The attempt.
        attempt: u64,
        /// Why.
        failure: SpawnFailure,
    },
    /// These were permitted ahead, and are taken back: they were never started.
    TakenBack {
        /// The attempts.
        attempts: Vec<u64>,
    },
    /// The answer to a request for a lock.
    Locked {
        /// The lock's file.
        path: Text,
        /// Whether the keeper holds it now.
        held: bool,
    },
}

/// What a new engine life needs to know.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Welcome {
    /// The version that the keeper speaks.
    pub protocol: u32,
    /// The keeper's session.
    pub session: i32,
    /// The keeper's process.
    pub pid: i32,
    /// Attempts that have not ended. Their ends will be reported on this connection.
    pub running: Vec<Running>,
    /// Length of the receipts in bytes at this moment. What ended before stands in them up to here and will not be
    /// reported on this connection; what ends later will be.
    pub receipts_len: u64,
}

/// An attempt that has not ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Running {
    /// When it started and where it writes.
    #[serde(flatten)]
    pub started: Started,
    /// Milliseconds since it started.
    pub age_ms: u64,
    /// It is a service.
    pub service: bool,
}

/// A process was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Started {
    /// The attempt.
    pub attempt: u64,
    /// Its leader, and the id of its process group.
    pub pid: i32,
    /// When the leader started, in clock ticks since boot, where the system tells.
    pub start_time: Option<u64>,
    /// The lane that it writes to.
    pub lane: u64,
    /// Where in the lane's files its output begins.
    pub begin: Marks,
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exited {
    /// The attempt.
    pub attempt: u64,
    /// How its leader ended.
    pub exit: Exit,
    /// Why it ended.
    pub reason: Reason,
    /// Where its output lies: what was written until the leader ended.
    pub ranges: Ranges,
    /// Milliseconds from the start to the leader's end.
    pub duration_ms: u64,
    /// The most memory that the leader or a child that it waited for held, in bytes.
    pub max_rss: u64,
    /// Processes that left its group on purpose and live on.
    pub leftovers: Vec<Leftover>,
    /// Names of secrets that occurred in `data`.
    #[serde(alias = "data_masked")]
    pub data_secrets: Vec<String>,
    /// Whether `data` is sealed. It is what was written then; else it is masked where secrets occurred.
    #[serde(default)]
    pub data_sealed: bool,
    /// Whether a part of `data` could not be written, and is not there.
    #[serde(default)]
    pub data_lost: bool,
}

/// A process that outlived its attempt.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Leftover {
    /// Its process id.
    pub pid: i32,
    /// Its name, as the system shows it.
    pub name: String,
}
