//! Undoing a group or the run: backwards, one step at a time.

use super::Machine;
use crate::error::StepError;
use crate::evaluate::Evaluate;
use crate::event::{AttemptResult, Event, Purpose, Standing};
use crate::path::Path;
use crate::plan::{Compensation, Kind, OnError};
use crate::state::{BodyState, Doing, NodeId, Phase, Role, Stage, Status};

impl Machine {
    /// A person wants the run to be undone: also one that stands still or is over.
    pub(super) fn undo(&mut self, by: String, to: Option<Path>, evaluate: &dyn Evaluate) {
        let standing = match self.state.phase() {
            Phase::Blank | Phase::Cancelling | Phase::Undoing => return,
            Phase::Ended(_) => true,
            _ => false,
        };
        if self.state.has_begun_undo() {
            return self.resume(false, evaluate);
        }
        if to.as_ref().is_some_and(|to| !self.has_succeeded(to)) {
            return;
        }
        // In this order: should only the first become durable, the next round undoes the run all the same.
        self.emit(Event::UndoRequested { by, to });
        if standing {
            self.emit(Event::RoundStarted { round: self.state.round() + 1, goes_on: false });
        }
        self.take_up(evaluate);
    }

    /// Whether the run can go back to the moment at which a step had finished.
    pub fn has_succeeded(&self, path: &Path) -> bool {
        self.state.find(path).is_some_and(|id| self.state.node(id).status == Status::Succeeded)
    }

    /// Whether a group whose steps have ended is undone now.
    pub(super) fn wants_undo(&self, id: NodeId, stage: Stage) -> bool {
        let node = self.state.node(id);
        let is_root = node.role == Role::Root;
        if is_root && *self.state.phase() == Phase::Undoing && self.state.awaits_undo() {
            return true;
        }
        let undone = node.body().is_none_or(|body| body.undone);
        let rule = match self.state.step(id).map(|step| &step.kind) {
            None => self.state.plan().undo,
            Some(Kind::Body { undo, .. }) => *undo,
            Some(Kind::Leaf(_)) => false,
        };
        rule && !undone && stage == Stage::Steps && self.outcome(id).0 == Status::Failed
    }

    /// How a run ends that was undone.
    pub(super) fn outcome_of_undo(&self, body: &BodyState) -> (Status, Option<StepError>) {
        match self.first_failure_of(body.finally.iter().copied(), OnError::Stop) {
            error if self.state.is_cancelled() => (Status::Cancelled, error),
            Some(error) => (Status::Failed, Some(error)),
            None => (Status::Undone, None),
        }
    }

    /// Goes on with undoing a group.
    pub(super) fn advance_undo(&mut self, group: NodeId, evaluate: &dyn Evaluate) {
        let abandoned = *self.state.phase() == Phase::Cancelling;
        let Some(body) = self.state.node(group).body() else { return };
        let Some(&id) = body.to_undo.last() else { return self.end_undo(group) };
        let Some((leaf, state)) = self.leaf(id) else { return };
        let (undo, doing, stuck) = (leaf.undo.clone(), state.doing.clone(), state.stuck.is_some());
        let path = self.state.node(id).path.clone();
        let facts = self.facts();
        match doing {
            Doing::Running { .. } => {}
            // Somebody who gave it up has asked again, and may want more or less of it.
            Doing::Idle | Doing::Waiting | Doing::InDoubt { .. } if self.wants_undo(group, Stage::Undo) => {
                let path = self.state.node(group).path.clone();
                self.emit(Event::UndoStarted { path });
            }
            Doing::Ended { purpose: Purpose::Undo, result: AttemptResult::Succeeded { .. }, .. } => {
                self.emit(Event::StepUndone { path });
            }
            _ if abandoned => self.abandon_undo(group, id, &path),
            _ if !self.state.is_under_way() => {}
            _ if self.state.node(id).status != Status::Succeeded => {
                self.emit(Event::StepStands { path, why: Standing::InDoubt });
            }
            Doing::Ended { result: AttemptResult::Failed { error }, .. } => self.undo_again(id, error, evaluate),
            Doing::InDoubt { repeat, .. } if !repeat && !self.undo_repeats(id) => {}
            Doing::Ended { .. } | Doing::Waiting => {}
            Doing::Idle | Doing::InDoubt { .. } if stuck => {}
            Doing::Idle | Doing::InDoubt { .. } => match undo {
                Compensation::Stands => self.emit(Event::StepStands { path, why: Standing::NoUndo }),
                Compensation::Nothing => self.emit(Event::StepUndone { path }),
                Compensation::Undo { .. } => self.attempt_undo(group, id, evaluate),
            },
        }
        if self.facts() > facts {
            self.touch(group);
        }
    }

    fn end_undo(&mut self, group: NodeId) {
        if self.state.is_under_way() && !self.service_starts_in(group) {
            let path = self.state.node(group).path.clone();
            self.emit(Event::UndoEnded { path });
        }
    }

    /// The run ends for good: what is still to be undone stands.
    fn abandon_undo(&mut self, group: NodeId, id: NodeId, path: &Path) {
        if self.service_starts_in(group) {
            self.held_back.insert(id);
            return;
        }
        let why = match &self.state.node(id).status {
            Status::Succeeded => Standing::Abandoned,
            _ => Standing::InDoubt,
        };
        self.emit(Event::StepStands { path: path.clone(), why });
    }

    /// Whether a service is being started anew for what is undone.
    fn service_starts_in(&self, group: NodeId) -> bool {
        let mut nodes = self.state.nodes();
        self.state.has_lost()
            && nodes.any(|(id, node)| {
                let starts = node.status == Status::Active && self.state.is_lost(id);
                starts && self.state.undoing_around(id) == Some(group)
            })
    }

    fn attempt_undo(&mut self, group: NodeId, id: NodeId, evaluate: &dyn Evaluate) {
        if self.serves {
            for service in self.state.services_for(id, group) {
                let node = self.state.node(service);
                let gone = node.leaf().is_some_and(|leaf| leaf.service.is_none());
                if gone && node.status == Status::Succeeded {
                    let path = node.path.clone();
                    self.emit(Event::ServiceLost { path, failed: false });
                }
            }
        }
        if self.lacks_need(id) || !self.has_slot(id, evaluate) {
            return;
        }
        let (path, attempt) = (self.state.node(id).path.clone(), self.state.node(id).attempts() + 1);
        match evaluate.render(&self.state, id, attempt, Purpose::Undo) {
            Ok(fingerprint) => {
                self.emit(Event::AttemptStarted {
                    path,
                    attempt,
                    purpose: Purpose::Undo,
                    fingerprint,
                    permitted: false,
                });
            }
            Err(error) => self.emit(Event::UndoFailed { path, error }),
        }
    }

    /// An attempt to undo a step failed.
    fn undo_again(&mut self, id: NodeId, error: StepError, evaluate: &dyn Evaluate) {
        let Some((leaf, state)) = self.leaf(id) else { return };
        let Compensation::Undo { retry, .. } = leaf.undo.clone() else { return };
        let failures = state.failures;
        let mut allowed = error.is_transient() && failures < retry.attempts;
        if allowed && retry.when {
            allowed = evaluate.retry(&self.state, id, &error).unwrap_or(false);
        }
        if allowed {
            self.try_later(id, &retry, failures);
        } else {
            let path = self.state.node(id).path.clone();
            self.emit(Event::UndoFailed { path, error });
        }
    }

    /// Whether an attempt to undo a step that is in doubt is simply repeated.
    pub(super) fn undo_repeats(&self, id: NodeId) -> bool {
        matches!(self.state.leaf_of(id).map(|leaf| &leaf.undo), Some(Compensation::Undo { repeats: true, .. }))
    }

    /// The attempt after which a step could not be undone, if it could not.
    pub(super) fn stuck(&self, id: NodeId) -> Option<u32> {
        let leaf = self.state.node(id).leaf()?;
        (leaf.stuck.is_some() && self.state.is_being_undone(id)).then_some(leaf.attempts)
    }

    /// The steps that could not be undone, each with the reason: a person is needed.
    pub fn stuck_undos(&self) -> Vec<(Path, StepError)> {
        let stuck = self.state.nodes().filter_map(|(id, node)| {
            self.stuck(id)?;
            Some((node.path.clone(), node.leaf()?.stuck.as_deref()?.clone()))
        });
        stuck.collect()
    }

    /// Of a group that is being undone: whether it waits for a person; `None`: it goes on by itself.
    pub(super) fn undo_awaits_a_person(&self, body: &BodyState) -> Option<bool> {
        let Some(&id) = body.to_undo.last() else { return Some(false) };
        let leaf = self.state.node(id).leaf()?;
        match &leaf.doing {
            Doing::Waiting => None,
            Doing::InDoubt { .. } => Some(true),
            _ => Some(leaf.stuck.is_some()),
        }
    }

    /// Whether an attempt in doubt is settled although nothing new is to start: what is to be undone must be known.
    pub(super) fn must_be_settled(&self, id: NodeId) -> bool {
        *self.state.phase() == Phase::Undoing
            && self.state.stopping(id).is_some()
            && matches!(self.state.leaf_of(id).map(|leaf| &leaf.undo), Some(Compensation::Undo { .. }))
            && self.state.leaf_of(id).is_some_and(|leaf| !leaf.service)
    }
}

/// Whether a plan has a service.
pub(super) fn serves(plan: &crate::plan::Plan) -> bool {
    plan.steps.iter().any(|step| matches!(&step.kind, Kind::Leaf(leaf) if leaf.service))
}
