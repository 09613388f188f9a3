//! One write to the state, and where it comes from.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::group::hex;
use super::tree::StateOp;

/// A record of the state's journal.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StateWrite {
    /// What is done.
    pub op: StateOp,
    /// On whose behalf; nothing for a person's own write, which is always done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
}

/// The step on whose behalf a write is done: the same origin writes once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Origin {
    /// The run's id.
    pub run: String,
    /// The step's path.
    pub step: String,
    /// The round in which the step runs.
    pub round: u64,
    /// The step's fingerprint: it differs when the step was edited, and then writes again.
    pub fingerprint: String,
}

impl Origin {
    /// A short name of this origin.
    pub(super) fn digest(&self) -> String {
        let mut hasher = Sha256::new();
        for part in [&self.run, &self.step, &self.round.to_string(), &self.fingerprint] {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part);
        }
        hex(&hasher.finalize()[..16])
    }
}
