//! The records.

use serde::{Deserialize, Serialize};

use crate::protocol::{Exited, Marks, SpawnFailure};

/// One line of the receipts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Record {
    /// A keeper started. What follows is its writing, up to the next of these.
    Keeper(KeeperStarted),
    /// An attempt is about to be started.
    Spawning(Spawning),
    /// An attempt was started.
    Spawned(Spawned),
    /// An attempt ended.
    Ended(Ended),
    /// An attempt could not be started.
    Failed(Failed),
}

/// A keeper started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeeperStarted {
    /// The version of the protocol, and of these records.
    pub protocol: u32,
    /// Its process.
    pub pid: i32,
    /// Its session, which its attempts share unless they have a terminal.
    pub session: i32,
    /// The boot.
    pub boot_id: String,
    /// When the process started, in clock ticks since boot, where the system tells.
    pub start_time: Option<u64>,
}

/// An attempt is about to be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spawning {
    /// The attempt.
    pub attempt: u64,
    /// The epoch of the engine life that asked for it.
    pub epoch: u64,
    /// The boot.
    pub boot_id: String,
    /// The lane that it writes to.
    pub lane: u64,
    /// Where in the lane's files its output begins.
    pub begin: Marks,
    /// Its output passes through the keeper and is lost when the keeper dies.
    pub piped: bool,
    /// It has a terminal, and so a session of its own.
    pub pty: bool,
    /// Its data is sealed.
    #[serde(default)]
    pub sealed: bool,
}

/// An attempt was started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Spawned {
    /// The attempt.
    pub attempt: u64,
    /// Its leader, and the id of its process group.
    pub pid: i32,
    /// When the leader started, in clock ticks since boot, where the system tells.
    pub start_time: Option<u64>,
}

/// An attempt ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// How.
    pub exited: Exited,
    /// The boot in which it ended.
    pub boot_id: String,
    /// Its data and this record were made durable: it holds in any boot.
    pub synced: bool,
}

/// An attempt could not be started.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// The attempt.
    pub attempt: u64,
    /// Why.
    pub failure: SpawnFailure,
    /// The boot.
    pub boot_id: String,
    /// This record was made durable: it holds in any boot.
    pub synced: bool,
}
