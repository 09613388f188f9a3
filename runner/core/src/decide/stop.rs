//! What it means that an attempt was stopped.

use super::Machine;
use crate::error::{ErrorKind, StepError};
use crate::event::{AttemptResult, Purpose};
use crate::path::Path;
use crate::state::{Doing, NodeId, Phase};

impl Machine {
    /// The result of an attempt as the shell tells it, as a fact: one that was stopped by a bound that its author wrote,
    /// its own or that of what it stands in, has failed; one that was stopped by anything else is in doubt.
    pub(super) fn told(&self, id: NodeId, result: AttemptResult) -> AttemptResult {
        if result != AttemptResult::Stopped {
            return result;
        }
        match self.bound(id) {
            Some(message) => AttemptResult::Failed { error: StepError::new(ErrorKind::Timeout, message) },
            None => AttemptResult::InDoubt { why: "it was stopped".to_owned() },
        }
    }

    /// The bound that an attempt was stopped by. A person's word makes a doubt of it whatever else had passed, and so does
    /// a check that was stopped: it has not said that the work is not done.
    fn bound(&self, id: NodeId) -> Option<String> {
        let (_, leaf) = self.leaf(id)?;
        let works = matches!(leaf.doing, Doing::Running { purpose: Purpose::Run, .. });
        if !works || *self.state.phase() != Phase::Running {
            return None;
        }
        if leaf.expired {
            return Some("it was stopped: `until` was not met in time".to_owned());
        }
        let around = self.state.expired_around(id)?;
        let path = &self.state.node(around).path;
        let whose = if *path == Path::root() { "the run".to_owned() } else { format!("`{path}`") };
        Some(format!("it was stopped: {whose} took longer than its timeout"))
    }
}
