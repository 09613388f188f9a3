//! What a finished step has left and is there no more: a service, or outputs. It goes on, and nothing that needs it, directly
//! or not, begins before it has ended again.

use super::{Doing, Form, NodeId, Stage, State, Status};
use crate::error::{ErrorKind, StepError};
use crate::event::{AttemptResult, Purpose};

impl State {
    /// A service that was ready is gone. One of a foreach makes that go on.
    pub(super) fn service_lost(&mut self, id: NodeId, failed: bool, at: u64) {
        self.reopen_foreach(id, at);
        let Form::Leaf(leaf) = &mut self.nodes[id.0].form else { return };
        self.lost += usize::from(!std::mem::replace(&mut leaf.lost, true));
        if failed {
            let died = leaf.died.take();
            let error =
                died.map_or_else(|| StepError::new(ErrorKind::Transient, "the service ended by itself"), |died| *died);
            leaf.failures += 1;
            let (attempt, purpose) = (leaf.attempts, Purpose::Run);
            leaf.doing = Doing::Ended { attempt, purpose, result: AttemptResult::Failed { error } };
        }
        self.set_status(id, Status::Active, at);
    }

    /// A lost service is ready again, or will never be.
    pub(super) fn regained(&mut self, id: NodeId) {
        let lost = match &mut self.nodes[id.0].form {
            Form::Leaf(leaf) => &mut leaf.lost,
            Form::Each(each) => &mut each.lost,
            Form::Body(body) => &mut body.lost,
        };
        if std::mem::take(lost) {
            self.lost -= 1;
        }
    }

    /// The outputs of a step that succeeded can no longer be had: what it did is in doubt, and its rule for that decides.
    /// A group ends anew, with its `finally:`, and gives its outputs again.
    pub(super) fn outputs_lost(&mut self, id: NodeId, why: &str, at: u64) {
        if self.node(id).status != Status::Succeeded || self.node(id).each().is_some() {
            return;
        }
        self.reopen_foreach(id, at);
        if let Form::Body(body) = &mut self.nodes[id.0].form {
            let finally = std::mem::take(&mut body.finally);
            for step in finally {
                self.reset(step);
                self.detach(step);
            }
        }
        let lost = match &mut self.nodes[id.0].form {
            Form::Leaf(leaf) => {
                (leaf.failures, leaf.expired) = (0, false);
                leaf.doing = Doing::InDoubt { attempt: leaf.attempts, why: why.to_owned(), repeat: false };
                &mut leaf.lost
            }
            Form::Body(body) => {
                (body.stage, body.unended, body.expired) = (Stage::Steps, 0, false);
                &mut body.lost
            }
            Form::Each(_) => return,
        };
        self.lost += usize::from(!std::mem::replace(lost, true));
        // They are kept, for who may have them again: the key of sealed ones may be put back.
        self.set_status(id, Status::Active, at);
        self.refresh_within(id);
    }

    /// An item that goes on makes its foreach go on.
    fn reopen_foreach(&mut self, id: NodeId, at: u64) {
        if let Some(each) = self.foreach_of(id)
            && self.node(each).status.is_end()
        {
            if let Form::Each(each) = &mut self.nodes[each.0].form {
                self.lost += usize::from(!std::mem::replace(&mut each.lost, true));
            }
            self.set_status(each, Status::Active, at);
        }
    }
}
