//! What the texts of an `undo` see: the step itself, too, which has ended.

use std::sync::Arc;

use runner_core::{NodeId, Purpose, State};
use serde_json::Value;

use super::{Evaluator, Sight, step};
use crate::expression::{Entry, Names, Scope};

/// Names with one more.
struct With {
    around: Entry,
    name: String,
    entry: Entry,
}

impl Names for With {
    fn get(&self, name: &str) -> Option<Entry> {
        match &self.around {
            _ if name == self.name => Some(self.entry.clone()),
            Entry::Names(names) => names.get(name),
            Entry::Value(_) => None,
        }
    }

    fn names(&self) -> Vec<String> {
        let around = if let Entry::Names(names) = &self.around { names.names() } else { Vec::new() };
        around.into_iter().filter(|name| *name != self.name).chain([self.name.clone()]).collect()
    }
}

impl Evaluator {
    /// What the texts of an attempt see.
    pub(super) fn scope_for(&self, state: &State, node: NodeId, purpose: Purpose, sight: Sight) -> Scope {
        let scope = self.scope(state, node, sight);
        let Some(definition) = self.definition(state, node).filter(|of| of.undo.is_some()) else { return scope };
        if purpose != Purpose::Undo {
            return scope;
        }
        let around = scope.get("steps").unwrap_or_else(|| Value::Null.into());
        let own = With { around, name: definition.id.clone(), entry: step::entry(self, state, node, sight) };
        scope.with("steps", Entry::names(own)).with("output", self.seen(&state.node(node).outputs, sight))
    }

    /// The outputs of a step that has succeeded, in full.
    pub fn own_outputs(&self, state: &State, node: NodeId) -> Arc<Value> {
        self.seen(&state.node(node).outputs, Sight::Value)
    }
}
