//! Definitions that a later engine life could not make again.
//!
//! What a text sees has ended before it is read, so a definition is the same whenever it is rendered; but for a service:
//! that may be started anew beside what needs it, and then has other outputs, or none. What finishes an attempt that speaks
//! of one is written down with its start.

use std::path::PathBuf;
use std::sync::Arc;

use runner_core::{Kind, NodeId, Path, Purpose, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Evaluator, Rendered, scope};
use crate::ledger::INLINE_LIMIT;
use crate::program::Uses;

/// What finishes an attempt, as it was when the attempt began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Recorded {
    with: Value,
    dir: PathBuf,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    publishes: Vec<PathBuf>,
}

impl Evaluator {
    /// What has to be written down of the definition of an attempt that begins. Not where a secret is in it, which must not
    /// be, nor where it is as large as what is read from a file.
    pub fn recorded(&self, state: &State, path: &Path, attempt: u32) -> Option<Recorded> {
        if !self.has_services {
            return None;
        }
        let rendered = self.rendered(path, attempt)?;
        let is_process = rendered.step.kind == runner_sdk::Kind::Process;
        if !is_process || !self.speaks_of_service(state, state.find(path)?) {
            return None;
        }
        let Rendered { with, dir, publishes, .. } = &*rendered;
        let recorded = Recorded { with: with.clone(), dir: dir.clone(), publishes: publishes.clone() };
        let text = serde_json::to_string(&recorded).ok()?;
        (text.len() <= INLINE_LIMIT && self.secret_in(&Value::from(text)).is_none()).then_some(recorded)
    }

    /// Takes a definition as it was written down; `false` where it does not decode any more.
    pub fn restore(&self, state: &State, node: NodeId, attempt: u32, purpose: Purpose, recorded: Recorded) -> bool {
        let Some(definition) = self.definition(state, node) else { return false };
        let Some(uses) = definition.used(purpose) else { return false };
        let Recorded { with, dir, publishes } = recorded;
        let Ok(instance) = uses.step.decode(with.clone()) else { return false };
        let (source, fingerprint, shown) = (self.source(definition.unit), String::new(), Value::Null);
        let rendered = Rendered {
            step: uses.step.0,
            instance,
            with,
            env: Vec::new(),
            dir,
            source,
            publishes,
            cache: None,
            fingerprint,
            shown,
        };
        self.rendered.borrow_mut().insert((state.node(node).path.clone(), attempt), Arc::new(rendered));
        true
    }

    /// The kind of step that an attempt is of, which needs no rendering.
    pub fn kind(&self, state: &State, node: NodeId, purpose: Purpose) -> Option<runner_sdk::Kind> {
        self.definition(state, node)?.used(purpose).map(|uses: &Uses| uses.step.kind)
    }

    /// The folder of a file.
    pub(super) fn source(&self, unit: usize) -> PathBuf {
        self.program.units[unit].folder.clone().unwrap_or_else(|| self.facts.project.clone())
    }

    /// Whether a text of a step names a service that it sees.
    pub(super) fn speaks_of_service(&self, state: &State, node: NodeId) -> bool {
        let Some(definition) = self.definition(state, node) else { return false };
        let Some(ids) = &definition.refers else { return true };
        let is_service =
            |found: NodeId| matches!(state.step(found).map(|step| &step.kind), Some(Kind::Leaf(leaf)) if leaf.service);
        ids.iter().any(|id| {
            let mut list = scope::list_around(state, node);
            loop {
                if let Some(found) = state.find(&state.node(list).path.child(id)) {
                    return is_service(found);
                }
                if state.node(list).parent.is_none() {
                    return false;
                }
                list = scope::list_around(state, list);
            }
        })
    }
}
