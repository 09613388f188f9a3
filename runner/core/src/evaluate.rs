//! The door to expressions and templates.

use serde_json::Value;

use crate::error::StepError;
use crate::event::{Item, Purpose};
use crate::path::Path;
use crate::state::{NodeId, State};

/// What became of the steps that a step waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Needs {
    /// What `success()` says.
    pub success: bool,
    /// What `failure()` says.
    pub failure: bool,
}

/// Evaluates what a plan leaves to expressions. Pure: the same state gives the same answer. An error fails the step.
pub trait Evaluate {
    /// A step's `when:`.
    fn when(&self, state: &State, node: NodeId, needs: Needs) -> Result<bool, StepError>;
    /// The items of a foreach, keys unique.
    fn items(&self, state: &State, node: NodeId) -> Result<Vec<Item>, StepError>;
    /// What a person is asked before a step goes on.
    fn question(&self, state: &State, node: NodeId) -> Result<Value, StepError>;
    /// What a callee reads when it is entered; null for a group. `None` where something that only one may hold is held by
    /// another: it is asked again once a step has ended, or [`Input::Free`](crate::Input::Free) is told.
    fn enter(&self, state: &State, node: NodeId) -> Result<Option<Value>, StepError>;
    /// What a callee would read if it were entered now: as [`Self::enter`], but nothing is taken for it.
    fn entered(&self, state: &State, node: NodeId) -> Result<Value, StepError> {
        Ok(self.enter(state, node)?.unwrap_or_default())
    }
    /// The fingerprint by which a step is known from now on, if its definition and inputs are what they were when this one
    /// was made of them (it may be another where steps were renamed); `None` if they changed.
    fn kept_as(&self, state: &State, node: NodeId, fingerprint: &str) -> Result<Option<String>, StepError> {
        Ok(Some(self.render(state, node, 1, Purpose::Run)?).filter(|fresh| fresh == fingerprint))
    }
    /// Renders an attempt's definition; gives its fingerprint.
    fn render(&self, state: &State, node: NodeId, attempt: u32, purpose: Purpose) -> Result<String, StepError>;
    /// Whether a step may be permitted ahead of its turn: the shell starts it as a process, all that its definition is made
    /// of is known, and of what it needs the success is decided by exit codes alone, where that has not ended.
    fn ahead(&self, state: &State, node: NodeId) -> bool {
        let _ = (state, node);
        false
    }
    /// `until.that`, over the attempt's output.
    fn until(&self, state: &State, node: NodeId, output: &Value) -> Result<bool, StepError>;
    /// A service's `ready:`, over its outputs so far.
    fn ready(&self, state: &State, node: NodeId, output: &Value) -> Result<bool, StepError>;
    /// `retry.when`, over the error.
    fn retry(&self, state: &State, node: NodeId, error: &StepError) -> Result<bool, StepError>;
    /// A step's outputs, given its attempt's output (null for a group); `None`: the attempt's output as it is.
    fn outputs(&self, state: &State, node: NodeId, output: &Value) -> Result<Option<Value>, StepError>;
    /// The workflow's own exit code, given its outputs.
    fn exit_code(&self, state: &State, outputs: &Value) -> Result<Option<u8>, StepError>;
    /// Steps that succeeded, whose outputs can no longer be had, and at which something that has not ended looks; each with
    /// why. Asked when a life takes up a run and when a round begins: the answer becomes a fact.
    fn lost(&self, state: &State) -> Vec<(Path, String)> {
        let _ = state;
        Vec::new()
    }
}
