//! Whether a pending step may start, and how it does.

use super::Machine;
use crate::error::{ErrorKind, StepError};
use crate::evaluate::Evaluate;
use crate::event::{Event, Reason};
use crate::plan::{Kind, When};
use crate::state::{Ahead, Form, NodeId, Role, Status};

impl Machine {
    pub(super) fn start(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        if !self.state.is_under_way() {
            return;
        }
        if self.state.stopping(id).is_some() {
            return self.finish(id, Status::Cancelled, None);
        }
        if self.state.is_left_out(id) {
            return self.skip(id, Reason::LeftOut);
        }
        match self.state.node(id).role {
            Role::Root => {}
            Role::Item(_) => self.start_item(id, evaluate),
            Role::Step { .. } => self.start_step(id, evaluate),
        }
    }

    fn start_step(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        if self.state.needs_of(id).any(|need| !self.state.node(need).status.is_end()) {
            return self.permit(id, evaluate);
        }
        if self.state.needs_of(id).any(|need| self.state.is_open(need)) {
            return;
        }
        let halted =
            self.state.node(id).parent.and_then(|parent| self.state.node(parent).body()).is_some_and(|b| b.halted);
        let Some(when) = self.state.step(id).map(|step| step.when) else { return };
        let needs = self.state.needs(id);
        if when != When::Status && (halted || !needs.success) {
            let reason = if needs.success { Reason::Stopped } else { Reason::Need };
            return self.skip(id, reason);
        }
        if self.lacks_need(id) || !self.has_slot(id, evaluate) {
            return;
        }
        if when != When::Success && self.state.node(id).question.is_none() {
            match evaluate.when(&self.state, id, needs) {
                Ok(true) => {}
                Ok(false) => return self.skip(id, Reason::Condition),
                Err(error) => return self.fail(id, error),
            }
        }
        if !self.is_confirmed(id, evaluate) {
            return;
        }
        if self.state.node(id).each().is_some() {
            match evaluate.items(&self.state, id) {
                Ok(items) => {
                    let path = self.state.node(id).path.clone();
                    self.emit(Event::StepExpanded { path, items });
                }
                Err(error) => self.fail(id, error),
            }
            return;
        }
        self.begin(id, evaluate);
    }

    fn start_item(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        let Some(parent) = self.state.node(id).parent else { return };
        let Some(each) = self.state.node(parent).each() else { return };
        if each.halted {
            return self.skip(id, Reason::Stopped);
        }
        let most = self.state.step(id).and_then(|step| step.foreach).and_then(|foreach| foreach.max_parallel);
        if most.is_some_and(|most| each.active >= most.max(1)) {
            self.waiting.entry(parent).or_default().insert(id);
            return;
        }
        if self.lacks_need(id) || !self.has_slot(id, evaluate) {
            return;
        }
        self.begin(id, evaluate);
    }

    /// Begins a group or the first attempt of a step.
    fn begin(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        match self.state.node(id).form {
            Form::Leaf(_) if self.state.leaf_of(id).is_some_and(|leaf| leaf.approval) => self.approve(id, evaluate),
            Form::Leaf(_) => self.attempt(id, evaluate),
            Form::Body(_) => match evaluate.enter(&self.state, id) {
                Ok(Some(record)) => {
                    let path = self.state.node(id).path.clone();
                    self.emit(Event::StepEntered { path, record });
                }
                Ok(None) => drop(self.barred.insert(id)),
                Err(error) => self.fail(id, error),
            },
            Form::Each(_) => {}
        }
    }

    /// Whether an attempt of the step may run now; if not, it is queued.
    pub(super) fn has_slot(&mut self, id: NodeId, evaluate: &dyn Evaluate) -> bool {
        let takes = match self.state.step(id).map(|step| &step.kind) {
            Some(Kind::Leaf(leaf)) => !leaf.waits && !leaf.service && matches!(self.state.node(id).form, Form::Leaf(_)),
            _ => false,
        };
        let free = !takes || self.state.slot_is_free() || self.may_queue(id, evaluate);
        if !free && self.queued.insert(id) {
            self.queue.push_back(id);
        }
        free
    }

    /// Looks again at what could not be entered, since another held what it needs.
    pub(super) fn touch_barred(&mut self) {
        for id in std::mem::take(&mut self.barred) {
            self.touch(id);
        }
    }

    /// Whether something that the step needs has not ended; if so, it is looked at again when a step has.
    pub(super) fn lacks_need(&mut self, id: NodeId) -> bool {
        let lacks = self.state.lacks_need(id) || self.state.is_haunted(&self.state.node(id).path);
        if lacks {
            self.held_back.insert(id);
        }
        lacks
    }

    pub(super) fn skip(&mut self, id: NodeId, reason: Reason) {
        let node = self.state.node(id);
        let may_have_run = node.leaf().is_some_and(|leaf| leaf.ahead != Ahead::No);
        let path = node.path.clone();
        self.emit(Event::StepSkipped { path, reason, may_have_run });
    }

    pub(super) fn fail(&mut self, id: NodeId, error: StepError) {
        self.finish(id, Status::Failed, Some(error));
    }

    /// Ends a step without outputs.
    pub(super) fn finish(&mut self, id: NodeId, status: Status, error: Option<StepError>) {
        let path = self.state.node(id).path.clone();
        self.emit(Event::StepFinished { path, status, outputs: None, error });
    }

    /// Ends what was stopped together with the list it stands in.
    pub(super) fn finish_stopped(&mut self, id: NodeId) {
        self.finish(
            id,
            Status::Cancelled,
            Some(StepError::new(ErrorKind::Cancelled, "stopped with what it is part of")),
        );
    }
}
