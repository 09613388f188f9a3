//! What is different about a step, for people.

use std::sync::Arc;

use runner_core::{Comparison, Event, Path, State};
use serde_json::{Value, json};
use similar::TextDiff;

use super::Folded;
use crate::evaluate::{Evaluator, Groups, Large};
use crate::ledger::Blobs;
use crate::run::Run;
use crate::seal::Seals;

impl Folded {
    /// The state in which the run goes on: with what was changed, and in a new round if it stood still.
    pub fn going_on(&self, revision: Option<&runner_core::Revision>) -> State {
        let mut state = self.state.clone();
        if let Some(revision) = revision {
            state.apply(&Event::Revised { revision: revision.clone() }, 0);
        }
        if matches!(state.phase(), runner_core::Phase::Ended(_)) {
            let round = state.round() + 1;
            state.apply(&Event::RoundStarted { round, goes_on: false }, 0);
        }
        state
    }

    /// What opens sealed outputs of the run.
    pub fn seals(&self) -> Seals {
        self.seals.clone()
    }

    /// The outputs of the run that are too large for its journal.
    pub fn large(&self) -> Large {
        Large::new(Blobs::of(self.past.folder()))
    }

    /// What changed of a step's definition and inputs, as a diff of YAML; empty where one of the two cannot be made.
    pub fn difference(&self, before: &Run, after: &Run, comparison: &Comparison, path: &Path) -> String {
        let mut edited = self.state.clone();
        edited.apply(&Event::Revised { revision: comparison.revision.clone() }, 0);
        let was = self.described(before, &self.state, path);
        let is = self.described(after, &edited, path);
        diff(&was, &is)
    }

    /// A step as it is written and rendered; null where it is not there.
    fn described(&self, run: &Run, state: &State, path: &Path) -> Value {
        let large = Large::new(Blobs::of(self.past.folder()));
        let evaluator = Evaluator::new(
            Arc::clone(&run.program),
            Arc::clone(&run.facts),
            large,
            self.seals.clone(),
            Groups::default(),
        );
        state.find(path).map_or(Value::Null, |id| evaluator.describe(state, id))
    }
}

impl Evaluator {
    /// A step's definition as it is written, and as it is rendered where that is possible; secrets by reference.
    pub fn describe(&self, state: &State, node: runner_core::NodeId) -> Value {
        let definition = state.node(node).step.and_then(|step| self.program().steps.get(step));
        let Some((definition, uses)) = definition.and_then(|definition| Some((definition, definition.uses.as_ref()?)))
        else {
            return Value::Null;
        };
        let rendered = self.preview(state, node).map(|rendered| rendered.shown).unwrap_or_default();
        json!({"written": self.text(state, node, definition, uses), "rendered": rendered})
    }
}

/// The lines that differ between two values, with one line around them.
pub fn diff(was: &Value, is: &Value) -> String {
    let text = |value: &Value| serde_yaml::to_string(value).unwrap_or_default();
    let (was, is) = (text(was), text(is));
    let diff = TextDiff::from_lines(&was, &is);
    diff.unified_diff().context_radius(1).to_string()
}
