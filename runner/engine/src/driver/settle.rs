//! What enters the journal holds no secret in clear, and nothing too large; and what it says of an attempt's end besides.

use runner_core::{AttemptResult, Input, Path, StepError};
use serde_json::Value;

use super::Driver;
use crate::program::Definition;

impl Driver<'_> {
    /// What a process attempt that came to no good executed, as a person would type it.
    pub(super) fn command_of(&self, path: &Path, attempt: u32, result: &AttemptResult) -> Option<String> {
        if !matches!(result, AttemptResult::Failed { .. } | AttemptResult::InDoubt { .. }) {
            return None;
        }
        let rendered = self.evaluator.rendered(path, attempt)?;
        if rendered.step.kind != runner_sdk::Kind::Process {
            return None;
        }
        let mut command = rendered.instance.command(&self.place(path, attempt, &rendered)).ok()?;
        let known = &self.run.facts.known;
        if known.is_empty() {
            return Some(command.display());
        }
        let masker = known.masker();
        // Word by word first: one that is quoted already, for the shell of another machine, is quoted again when shown.
        command.args.iter_mut().for_each(|word| *word = masker.mask(word));
        Some(masker.mask(&command.display()))
    }

    /// An input as it may be written down: outputs sealed where they are secret and not too large, messages masked.
    pub(super) fn settled(&self, input: Input) -> Input {
        match input {
            Input::Finished { path, attempt, result } => {
                let result = self.settled_result(&path, self.own_output(&path, attempt, result));
                Input::Finished { path, attempt, result }
            }
            other => other,
        }
    }

    /// What a `check` of another type gives, as the step's own outputs: null where it is something else.
    pub(super) fn own_output(&self, path: &Path, attempt: u32, result: AttemptResult) -> AttemptResult {
        let AttemptResult::Succeeded { output } = result else { return result };
        let state = self.machine.state();
        // What undoing gives is nobody's output.
        if state.find(path).and_then(|id| state.node(id).leaf()).is_some_and(|leaf| leaf.doing.undoes()) {
            return AttemptResult::Succeeded { output: serde_json::Value::Null };
        }
        let own = self.definition(path).and_then(|definition| definition.uses.as_ref());
        let ran = self.evaluator.rendered(path, attempt);
        let output = match (own, ran) {
            (Some(own), Some(ran)) if own.step.name != ran.step.name => {
                own.step.decode_output(output).unwrap_or_default()
            }
            _ => output,
        };
        AttemptResult::Succeeded { output }
    }

    pub(super) fn settled_result(&self, path: &Path, result: AttemptResult) -> AttemptResult {
        match result {
            AttemptResult::Succeeded { output } => match self.kept(path, output) {
                Ok(output) => AttemptResult::Succeeded { output },
                Err(error) => AttemptResult::Failed { error },
            },
            AttemptResult::Failed { error } => AttemptResult::Failed { error: self.evaluator.without_secrets(error) },
            other => other,
        }
    }

    /// The output of a step as it may be written down.
    pub(super) fn kept(&self, path: &Path, output: Value) -> Result<Value, StepError> {
        let secret = self.definition(path).into_iter().flat_map(Definition::sealed);
        self.evaluator.kept(path, output, secret)
    }
}
