//! Groups, callees, foreach, and the run itself: when they end, and how.

use serde_json::Value;

use super::Machine;
use crate::error::{ErrorKind, StepError};
use crate::evaluate::Evaluate;
use crate::event::{End, Event, TimerKind};
use crate::plan::{Kind, OnError};
use crate::state::{NodeId, Phase, Role, Stage, Status};

impl Machine {
    pub(super) fn advance_body(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        if !self.state.is_under_way() {
            return;
        }
        let timeout = match self.state.step(id).map(|step| &step.kind) {
            None => self.state.plan().timeout,
            Some(Kind::Body { timeout, .. }) => *timeout,
            Some(Kind::Leaf(_)) => None,
        };
        let Some(body) = self.state.node(id).body() else { return };
        if let Some(timeout) = timeout
            && body.stage == Stage::Steps
            && body.deadline.is_none()
            && !body.expired
            && !body.undone
            && *self.state.phase() != Phase::Undoing
        {
            self.set_timer(id, TimerKind::Deadline, timeout);
        }
        let Some(body) = self.state.node(id).body() else { return };
        let (stage, unended, services) = (body.stage, body.unended, body.services);
        let path = self.state.node(id).path.clone();
        match stage {
            Stage::Undo => self.advance_undo(id, evaluate),
            Stage::Steps | Stage::Finally if unended > 0 => {}
            Stage::Steps if self.wants_undo(id, stage) => self.emit(Event::UndoStarted { path }),
            Stage::Steps if self.has_finally(id) => self.emit(Event::FinallyStarted { path }),
            Stage::Steps | Stage::Finally if services > 0 => self.emit(Event::Closing { path }),
            Stage::Closing if services > 0 => {}
            // Wanted while its `finally:` was under way.
            _ if self.wants_undo(id, stage) => self.emit(Event::UndoStarted { path }),
            _ if self.has_reopened(id) => {}
            _ if self.state.node(id).role == Role::Root && self.state.has_leftovers() => {}
            _ => self.end_body(id, evaluate),
        }
    }

    /// Begins what is in a group anew that changed while its `finally:` was under way.
    fn has_reopened(&mut self, id: NodeId) -> bool {
        let expired = self.state.node(id).body().is_some_and(|body| body.expired);
        if *self.state.phase() != Phase::Running || expired || self.state.stopping(id).is_some() {
            return false;
        }
        let mut outdated = self.state.outdated_in(id);
        outdated.retain(|step| !self.state.is_busy_within(*step));
        for step in &outdated {
            let path = self.state.node(*step).path.clone();
            self.emit(Event::StepReopened { path });
        }
        !outdated.is_empty()
    }

    fn has_finally(&self, id: NodeId) -> bool {
        match self.state.step(id).map(|step| &step.kind) {
            None => !self.state.plan().root.finally.is_empty(),
            Some(Kind::Body { body, .. }) => !body.finally.is_empty(),
            Some(Kind::Leaf(_)) => false,
        }
    }

    fn end_body(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        let (status, error) = self.outcome(id);
        if status != Status::Succeeded {
            return self.end(id, status, Value::Null, error, evaluate);
        }
        match evaluate.outputs(&self.state, id, &Value::Null) {
            Ok(outputs) => self.end(id, status, outputs.unwrap_or_default(), None, evaluate),
            Err(error) => self.end(id, Status::Failed, Value::Null, Some(error), evaluate),
        }
    }

    /// Ends a group, or the run.
    fn end(&mut self, id: NodeId, status: Status, outputs: Value, error: Option<StepError>, evaluate: &dyn Evaluate) {
        let node = self.state.node(id);
        let (path, is_root) = (node.path.clone(), node.role == Role::Root);
        let outputs = (outputs != Value::Null).then_some(outputs);
        self.emit(Event::StepFinished { path, status, outputs, error });
        if is_root {
            self.end_round(id, evaluate);
        }
    }

    /// The run has ended: so has its round.
    pub(super) fn end_round(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        let node = self.state.node(id);
        let (blemish, expired) = (node.blemished, node.body().is_some_and(|body| body.expired));
        let (error, outputs) = (node.error.as_deref().cloned(), node.outputs.as_ref().clone());
        let (mut end, mut error) = match node.status {
            Status::Succeeded if blemish => (End::Failed, self.first_failure(id, OnError::Continue)),
            Status::Succeeded => (End::Succeeded, None),
            Status::Cancelled => (End::Cancelled, error),
            Status::Undone => (End::Undone, None),
            _ if expired => (End::TimedOut, error),
            _ => (End::Failed, error),
        };
        let exit_code = match evaluate.exit_code(&self.state, &outputs) {
            Ok(code) => code.filter(|_| end == End::Succeeded),
            Err(wrong) => {
                if end == End::Succeeded {
                    (end, error) = (End::Failed, Some(wrong));
                }
                None
            }
        };
        self.emit(Event::RoundEnded { end, outputs, error, exit_code });
    }

    /// How a group whose steps have all ended ends itself.
    pub(super) fn outcome(&self, id: NodeId) -> (Status, Option<StepError>) {
        let Some(body) = self.state.node(id).body() else { return (Status::Succeeded, None) };
        if self.state.node(id).role == Role::Root && *self.state.phase() == Phase::Undoing {
            return self.outcome_of_undo(body);
        }
        if self.is_cancelled_root(id) {
            return (Status::Cancelled, self.first_failure(id, OnError::Stop));
        }
        if body.expired {
            let message = "it took longer than its timeout";
            return (Status::Failed, Some(StepError::new(ErrorKind::Timeout, message)));
        }
        let failure = self.first_failure(id, OnError::Stop);
        let cancelled = body.steps.iter().any(|&step| self.state.node(step).status == Status::Cancelled);
        if cancelled && self.state.stopping(id).is_some() {
            return (Status::Cancelled, failure);
        }
        match failure {
            Some(error) => (Status::Failed, Some(error)),
            // Stopped with what is around it, which goes on in a later round.
            None if cancelled => {
                (Status::Failed, Some(StepError::new(ErrorKind::Cancelled, "steps in it were stopped")))
            }
            None => (Status::Succeeded, None),
        }
    }

    fn is_cancelled_root(&self, id: NodeId) -> bool {
        self.state.node(id).role == Role::Root && *self.state.phase() == Phase::Cancelling
    }

    /// The error of the first member that failed with the given consequence, naming where it began.
    fn first_failure(&self, id: NodeId, consequence: OnError) -> Option<StepError> {
        self.first_failure_of(self.state.node(id).children(), consequence)
    }

    pub(super) fn first_failure_of(
        &self,
        members: impl Iterator<Item = NodeId>,
        consequence: OnError,
    ) -> Option<StepError> {
        for member in members {
            let node = self.state.node(member);
            let failed = node.status == Status::Failed && self.state.on_error(member) == consequence;
            if failed && let Some(error) = node.error.as_deref() {
                let mut error = error.clone();
                error.origin = error.origin.or_else(|| Some(node.path.clone()));
                return Some(error);
            }
            if consequence == OnError::Continue && node.blemished {
                return self.first_failure(member, consequence);
            }
        }
        None
    }

    pub(super) fn advance_each(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        let Some(each) = self.state.node(id).each() else { return };
        if each.unended > 0 {
            return;
        }
        let items = each.items.clone();
        let on_error = self.state.on_error(id);
        let has = |status: Status| items.iter().any(|&item| self.state.node(item).status == status);
        if has(Status::Failed) && on_error != OnError::Ignore {
            let failed = items.iter().filter(|item| self.state.node(**item).status == Status::Failed).count();
            let mut error =
                self.first_failure(id, on_error).unwrap_or_else(|| StepError::new(ErrorKind::Permanent, ""));
            if items.len() > 1 {
                error.message = format!("{failed} of {} items failed; the first: {}", items.len(), error.message);
            }
            return self.fail(id, error);
        }
        if has(Status::Cancelled) {
            return self.finish_stopped(id);
        }
        self.succeed(id, Value::Null, evaluate);
    }
}
