//! What would happen: every step that a run would come to, and what its type says it would change. Nothing is executed.
//!
//! The walk goes through a copy of the state as the run would, as if every step succeeded. What an expression reads of a
//! step that has not run is not known before: whether such a step runs, or for which items, is unknown until then.

mod ask;
mod walk;

use runner_core::Path;
use serde::{Deserialize, Serialize};

pub use walk::{afresh, foresee};

/// What would become of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreseen {
    /// The step.
    pub path: Path,
    /// What would become of it.
    #[serde(flatten)]
    pub fate: Fate,
    /// Its step type.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uses: Option<String>,
    /// What its definition hashes to, where that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fingerprint: Option<String>,
    /// Of a step with `cache` that runs: why the cache does not have it, as things are now.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missed: Option<String>,
    /// What it would change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub change: Option<Change>,
}

/// What would become of a step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case")]
pub enum Fate {
    /// It runs.
    WillRun,
    /// It has finished.
    Kept,
    /// The cache has it: nothing is done.
    Cached {
        /// The run that did it.
        run: String,
        /// Whether something that runs before it may yet change what it reads.
        open: bool,
    },
    /// It has failed, and nothing runs it again in this round.
    Failed,
    /// Its condition does not hold.
    Skipped {
        /// The condition.
        condition: String,
    },
    /// A person has left it out.
    LeftOut,
    /// Whether it runs, or for which items, is not known before another step has ended.
    Unknown {
        /// That step.
        until: Path,
    },
    /// It fails before it begins.
    Fails {
        /// Why.
        message: String,
    },
}

/// What a step would change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Change {
    /// Nothing.
    Nothing,
    /// Something.
    Would {
        /// In a line.
        summary: String,
        /// A unified diff; empty where there is none.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        diff: String,
    },
    /// Its type cannot say.
    CannotSay,
    /// What it works on is not known before another step has ended.
    Until(Path),
    /// Its type could not find out.
    Failed(String),
}

impl Foreseen {
    /// Whether it might change something.
    pub fn changes(&self) -> bool {
        match self.fate {
            Fate::WillRun => self.change != Some(Change::Nothing),
            Fate::Cached { open, .. } => open,
            Fate::Unknown { .. } | Fate::Fails { .. } => true,
            Fate::Kept | Fate::Failed | Fate::LeftOut | Fate::Skipped { .. } => false,
        }
    }
}
