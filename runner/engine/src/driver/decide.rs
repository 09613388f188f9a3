//! What a person says about steps in doubt: looked at as a whole before any of it is taken.

use runner_core::{AttemptResult, Doing, Input, Path, Settled};

use super::{DriveError, Driver};

/// What a person decided about steps in doubt.
pub type Decisions = Vec<(Path, Settled)>;

impl Driver<'_> {
    /// Takes a person's decisions, if all of them can be taken.
    pub(super) fn decide(&mut self, decisions: Decisions) -> Result<(), DriveError> {
        let mut taken = Vec::new();
        for (path, settled) in decisions {
            if !self.is_in_doubt(&path) {
                return Err(DriveError::Refused(self.not_in_doubt(&path)));
            }
            taken.push(match settled {
                Settled::Done { outputs } => {
                    let outputs = self.outputs_given(&path, outputs)?;
                    Input::Settle { path, settled: Settled::Done { outputs } }
                }
                Settled::Repeat => Input::Settle { path, settled: Settled::Repeat },
            });
        }
        taken.into_iter().try_for_each(|input| self.feed_quietly(input))
    }

    /// Outputs that could not be had and can be now need nobody's decision.
    pub(super) fn take_back(&mut self, decisions: &Decisions) -> Result<(), DriveError> {
        for (path, outputs) in self.evaluator.found_again(self.machine.state()) {
            if decisions.iter().all(|(decided, _)| *decided != path) {
                self.feed_quietly(Input::Settle { path, settled: Settled::Done { outputs } })?;
            }
        }
        Ok(())
    }

    fn is_in_doubt(&self, path: &Path) -> bool {
        let state = self.machine.state();
        let leaf = state.find(path).and_then(|id| state.node(id).leaf());
        leaf.is_some_and(|leaf| matches!(leaf.doing, Doing::InDoubt { .. }) || leaf.stuck.is_some())
    }

    fn not_in_doubt(&self, path: &Path) -> String {
        let doubts = self.machine.doubts().into_iter().map(|(path, _)| path);
        let doubts = doubts.chain(self.machine.stuck_undos().into_iter().map(|(path, _)| path));
        let doubts: Vec<_> = doubts.map(|path| format!("`{path}`")).collect();
        match doubts.as_slice() {
            [] => format!("`{path}` is not in doubt, and no other step is"),
            _ => format!("`{path}` is not in doubt; in doubt: {}", doubts.join(", ")),
        }
    }

    /// Outputs as a person gave them, in full; null stays null.
    fn outputs_given(&self, path: &Path, outputs: serde_json::Value) -> Result<serde_json::Value, DriveError> {
        let state = self.machine.state();
        if outputs.is_null() || state.find(path).is_some_and(|id| state.is_being_undone(id)) {
            return Ok(serde_json::Value::Null);
        }
        let refused =
            |why: String| DriveError::Refused(format!("the outputs given for `{path}` are not its own: {why}"));
        let uses = self.definition(path).and_then(|definition| definition.uses.as_ref());
        let Some(uses) = uses else { return Ok(outputs) };
        let given: Vec<_> = outputs.as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
        let outputs = uses.step.decode_output(outputs).map_err(|error| refused(error.to_string()))?;
        // Decoding passes over what it does not know, and a name that is misspelt would be null without a word.
        if let Some(unknown) = given.iter().find(|name| outputs.get(name).is_none()) {
            let known: Vec<_> =
                outputs.as_object().into_iter().flatten().map(|(name, _)| format!("`{name}`")).collect();
            return Err(refused(format!("it has no output `{unknown}`, only {}", known.join(", "))));
        }
        match self.settled_result(path, AttemptResult::Succeeded { output: outputs }) {
            AttemptResult::Succeeded { output } => Ok(output),
            AttemptResult::Failed { error } => Err(refused(error.message)),
            _ => Err(refused("they cannot be kept".to_owned())),
        }
    }
}
