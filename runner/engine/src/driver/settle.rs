//! What enters the journal holds no secret, and nothing too large; and what it says of an attempt's end besides.

use runner_core::{AttemptResult, ErrorKind, Input, Path, StepError};

use super::Driver;

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
        let masker = &self.run.facts.masker;
        if masker.is_empty() {
            return Some(command.display());
        }
        // Word by word first: one that is quoted already, for the shell of another machine, is quoted again when shown.
        command.args.iter_mut().for_each(|word| *word = masker.mask(word));
        Some(masker.mask(&command.display()))
    }

    /// An input as it may be written down: outputs without secrets and not too large, messages masked.
    pub(super) fn settled(&self, input: Input) -> Input {
        match input {
            Input::Finished { path, attempt, result } => {
                let result = self.settled_result(self.own_output(&path, attempt, result));
                Input::Finished { path, attempt, result }
            }
            other => other,
        }
    }

    /// What a `check` of another type gives, as the step's own outputs: null where it is something else.
    pub(super) fn own_output(&self, path: &Path, attempt: u32, result: AttemptResult) -> AttemptResult {
        let AttemptResult::Succeeded { output } = result else { return result };
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

    pub(super) fn settled_result(&self, result: AttemptResult) -> AttemptResult {
        match result {
            AttemptResult::Succeeded { output } => {
                if let Some(name) = self.evaluator.secret_in(&output) {
                    let message = format!("its output holds the secret `{name}`, which must not be written down");
                    let hint = "leave the secret out of what the step returns";
                    return AttemptResult::Failed { error: StepError::new(ErrorKind::Permanent, message).hint(hint) };
                }
                match self.large.keep(output) {
                    Ok(output) => AttemptResult::Succeeded { output },
                    Err(error) => AttemptResult::Failed {
                        error: StepError::new(ErrorKind::Permanent, format!("its output cannot be kept: {error}")),
                    },
                }
            }
            AttemptResult::Failed { mut error } => {
                let masker = &self.run.facts.masker;
                if !masker.is_empty() {
                    error.message = masker.mask(&error.message);
                    error.hint = error.hint.map(|hint| masker.mask(&hint));
                }
                AttemptResult::Failed { error }
            }
            other => other,
        }
    }
}
