//! What a person changed between two engine lives: the workflow's texts, its inputs, the files that it loads.
//!
//! A revision is one fact. It holds what takes the place of the record and the plan, and what follows from the
//! [comparison](crate::compare::compare) with what is finished: so a replay compares nothing, and gives the same state.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::event::Item;
use crate::path::Path;
use crate::plan::Plan;

/// What takes the place of what was recorded, and what follows from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// See [`Event::RunStarted`](crate::Event::RunStarted).
    pub record: Value,
    /// The new plan.
    pub plan: Arc<Plan>,
    /// Steps that have another id now: where they stood and where they stand, without the keys of items.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub renamed: Vec<(Path, Path)>,
    /// What follows for steps that had begun, in this order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amendments: Vec<Amendment>,
}

/// What follows from a revision for a step that had begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Amendment {
    /// A callee reads something else on entering.
    Entered {
        /// The step.
        path: Path,
        /// What it reads now.
        record: Value,
    },
    /// A foreach has other items. Those whose keys it had before stay what they are.
    Expanded {
        /// The step.
        path: Path,
        /// The items, in order.
        items: Vec<Item>,
    },
    /// A group of which all steps are kept gives other outputs.
    Computed {
        /// The group.
        path: Path,
        /// What it gives now.
        outputs: Value,
    },
    /// A group of which all steps are kept ends anew, for nobody knows what it gives.
    Opened {
        /// The group.
        path: Path,
    },
    /// A step that is kept is known by another fingerprint.
    Known {
        /// The step.
        path: Path,
        /// The fingerprint.
        fingerprint: String,
    },
    /// It changed, or depends on something that did: it runs again, with all in it. What is under way in it ends first.
    Reopened {
        /// The step.
        path: Path,
    },
}
