//! The secrets of a called workflow that its inputs tell. They are its own: looked up when it is entered, with what it is
//! given, and by a later life when something in it is needed.

use std::collections::BTreeMap;

use runner_core::{NodeId, Path, State, StepError};
use runner_keeper::protocol::Mask;
use serde_json::{Map, Value};

use super::Evaluator;

/// The secrets of one callee by name: the reference and the value.
pub(super) type CalleeSecrets = BTreeMap<String, (String, String)>;

impl Evaluator {
    /// The secrets of the callee at `path` that its inputs tell.
    pub(super) fn callee_secrets(
        &self,
        path: &Path,
        unit: usize,
        inputs: &Map<String, Value>,
    ) -> Result<CalleeSecrets, StepError> {
        if !self.has_told_secrets(unit) {
            return Ok(CalleeSecrets::new());
        }
        if let Some(known) = self.called.borrow().get(path) {
            return known.clone();
        }
        let secrets = &self.facts.secrets;
        let found = crate::run::of_callee(&self.program.units[unit], inputs, &secrets.env, &self.facts.project);
        if let Ok(found) = &found {
            self.facts.known.learn(found.iter().map(|(name, (_, value))| Mask::new(name, value.as_bytes())));
        }
        self.called.borrow_mut().insert(path.clone(), found.clone());
        found
    }

    /// The same by what is known of them; none before they were looked up.
    pub(super) fn known_callee_secrets(&self, path: &Path) -> CalleeSecrets {
        self.called.borrow().get(path).cloned().and_then(Result::ok).unwrap_or_default()
    }

    /// Whether a file has secrets that were not looked up when the run began.
    pub(super) fn has_told_secrets(&self, unit: usize) -> bool {
        let unit = &self.program.units[unit];
        let declared = &self.facts.secrets.declared;
        let mut secrets = unit.workflow.secrets.iter();
        secrets.any(|secret| !declared.contains_key(&(unit.key.clone(), secret.name.value.clone())))
    }

    /// Why the texts of a step cannot be rendered: a secret of a callee around it cannot be had any more.
    pub(super) fn has_its_secrets(&self, state: &State, node: NodeId) -> Result<(), StepError> {
        let called = self.called.borrow();
        let mut at = if called.is_empty() { None } else { Some(node) };
        while let Some(id) = at {
            if let Some(Err(error)) = called.get(&state.node(id).path) {
                return Err(error.clone());
            }
            at = state.node(id).parent;
        }
        Ok(())
    }
}
