//! A `uses:` step: attempts, retries, polls, doubts, services.

use serde_json::Value;

use super::Machine;
use crate::error::{ErrorKind, StepError};
use crate::evaluate::Evaluate;
use crate::event::{AttemptResult, Event, Purpose, TimerKind};
use crate::path::Path;
use crate::plan::{Interrupted, Kind, Leaf};
use crate::state::{Ahead, Doing, Form, LeafState, NodeId, Phase, Status};

impl Machine {
    pub(super) fn leaf(&self, id: NodeId) -> Option<(&Leaf, &LeafState)> {
        match (&self.state.step(id)?.kind, &self.state.node(id).form) {
            (Kind::Leaf(leaf), Form::Leaf(state)) => Some((leaf, state)),
            _ => None,
        }
    }

    /// An attempt ended, as the shell reports.
    pub(super) fn finished(&mut self, path: &Path, attempt: u32, result: AttemptResult) {
        let Some(id) = self.state.find(path) else { return };
        let Some(state) = self.state.node(id).leaf() else { return };
        let running = matches!(state.doing, Doing::Running { attempt: running, .. } if running == attempt);
        let service = state.service == Some(attempt);
        if !running && !service {
            return;
        }
        let result = if service { result } else { self.told(id, result) };
        // One that went down with its keeper did not fail.
        let by_itself = !matches!(result, AttemptResult::Stopped | AttemptResult::InDoubt { .. });
        self.emit(Event::AttemptEnded { path: path.clone(), attempt, result });
        if self.state.node(id).detached {
            // The end of the run may have waited for it, or a step that stands at its place.
            return self.touch_all();
        }
        if let Some(outdated) = self.state.outdated(id) {
            // What it stands in may have ended, and begins anew now.
            self.touch(outdated);
        } else if service && self.is_wanted(id) {
            // Started anew under its `retry`, else failed, as any failed attempt.
            self.emit(Event::ServiceLost { path: path.clone(), failed: by_itself });
        }
        // The end of a service may be what its group's end waits for.
        if service && let Some(body) = self.state.enclosing(id) {
            self.touch(body);
        }
    }

    /// A service said something.
    pub(super) fn announced(&mut self, path: &Path, attempt: u32, output: Value, evaluate: &dyn Evaluate) {
        let Some(id) = self.state.find(path) else { return };
        let Some((leaf, state)) = self.leaf(id) else { return };
        if !leaf.service
            || state.doomed.is_some()
            || !matches!(state.doing, Doing::Running { attempt: running, .. } if running == attempt)
        {
            return;
        }
        if self.state.stopping(id).is_some() || matches!(self.state.phase(), Phase::Interrupting { .. }) {
            return;
        }
        match evaluate.ready(&self.state, id, &output) {
            Ok(false) => {}
            Ok(true) => self.succeed(id, output, evaluate),
            Err(error) => self.doom(id, attempt, error),
        }
    }

    /// An attempt that runs can no longer end well: what it was to say cannot be evaluated, and waiting will not help. It
    /// is stopped first, so that it never runs beside the next one.
    fn doom(&mut self, id: NodeId, attempt: u32, error: StepError) {
        let path = self.state.node(id).path.clone();
        self.emit(Event::AttemptDoomed { path, attempt, error });
    }

    pub(super) fn advance_leaf(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        let Some((leaf, state)) = self.leaf(id) else { return };
        let started = state.doing != Doing::Idle;
        if let Some(within) = leaf.until.and_then(|until| until.within)
            && started
            && state.deadline.is_none()
            && !state.expired
        {
            self.set_timer(id, TimerKind::Deadline, within);
        }
        let Some((_, state)) = self.leaf(id) else { return };
        let expired = state.expired;
        if state.ahead != Ahead::No && self.settle_permission(id) {
            return;
        }
        let Some((_, state)) = self.leaf(id) else { return };
        match state.doing.clone() {
            Doing::Running { .. } => {}
            Doing::Ended { purpose, result, .. } => self.conclude(id, purpose, result, evaluate),
            Doing::InDoubt { repeat: false, .. } if self.must_be_settled(id) => self.settle_by_rule(id, evaluate),
            _ if self.state.stopping(id).is_some() => self.finish_stopped(id),
            _ if matches!(self.state.phase(), Phase::Interrupting { .. } | Phase::Pausing) => {}
            _ if expired => self.give_up(id),
            Doing::Waiting => {}
            Doing::Idle | Doing::InDoubt { repeat: true, .. } => self.attempt(id, evaluate),
            Doing::InDoubt { .. } => self.settle_by_rule(id, evaluate),
        }
    }

    fn settle_by_rule(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        match self.interrupted_rule(id) {
            Interrupted::Repeat => self.attempt(id, evaluate),
            Interrupted::Check => self.attempt_for(id, Purpose::Check, evaluate),
            // Nobody is asked while the run ends for good.
            Interrupted::Stop if *self.state.phase() == Phase::Cancelling => {
                self.fail(id, StepError::new(ErrorKind::Cancelled, "in doubt when the run was cancelled"));
            }
            Interrupted::Stop => {}
        }
    }

    /// A step that is to begin anew, or stands in one: once nothing of that is under way it does.
    pub(super) fn advance_outdated(&mut self, id: NodeId, outdated: NodeId, evaluate: &dyn Evaluate) {
        if self.state.is_being_ended(outdated) {
            return;
        }
        if *self.state.phase() != Phase::Running || self.state.stopping(outdated).is_some() {
            return self.advance_as_it_was(id, evaluate);
        }
        if self.state.may_reset(outdated) {
            let path = self.state.node(outdated).path.clone();
            return self.emit(Event::StepReopened { path });
        }
        // What ran out of time in it ends as it would have, with its `finally:`.
        let mut at = Some(id);
        while let Some(inner) = at {
            if self.state.node(inner).body().is_some_and(|body| body.expired) {
                return self.advance_as_it_was(id, evaluate);
            }
            at = self.state.node(inner).parent.filter(|_| inner != outdated);
        }
        // An attempt in doubt is settled before its step begins anew.
        let asked = self.leaf(id).is_some_and(|(_, state)| matches!(state.doing, Doing::InDoubt { repeat: false, .. }));
        if asked && self.interrupted_rule(id) == Interrupted::Check && self.state.node(id).status == Status::Active {
            self.attempt_for(id, Purpose::Check, evaluate);
        }
    }

    pub(super) fn attempt(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        self.attempt_for(id, Purpose::Run, evaluate);
    }

    fn attempt_for(&mut self, id: NodeId, purpose: Purpose, evaluate: &dyn Evaluate) {
        if !self.state.is_under_way() || self.lacks_need(id) || !self.has_slot(id, evaluate) {
            return;
        }
        let permitted = self.waits_for_slot(id);
        if let Err(error) = self.start_attempt(id, purpose, permitted, evaluate) {
            self.fail(id, error);
        }
    }

    /// Begins an attempt; an error if its definition cannot be rendered.
    pub(super) fn start_attempt(
        &mut self,
        id: NodeId,
        purpose: Purpose,
        permitted: bool,
        evaluate: &dyn Evaluate,
    ) -> Result<(), StepError> {
        let attempt = self.state.node(id).attempts() + 1;
        let fingerprint = evaluate.render(&self.state, id, attempt, purpose)?;
        let path = self.state.node(id).path.clone();
        self.emit(Event::AttemptStarted { path, attempt, purpose, fingerprint, permitted });
        Ok(())
    }

    /// What follows from an attempt's end.
    fn conclude(&mut self, id: NodeId, purpose: Purpose, result: AttemptResult, evaluate: &dyn Evaluate) {
        match (result, purpose) {
            (AttemptResult::Succeeded { output }, Purpose::Run) => self.poll_or_succeed(id, output, evaluate),
            (AttemptResult::Succeeded { output }, Purpose::Check) => self.succeed(id, output, evaluate),
            (AttemptResult::Failed { error }, _) => self.retry_or_fail(id, error, evaluate),
            (AttemptResult::Succeeded { .. }, Purpose::Undo)
            | (AttemptResult::NotStarted | AttemptResult::InDoubt { .. } | AttemptResult::Stopped, _) => {}
        }
    }

    fn poll_or_succeed(&mut self, id: NodeId, output: Value, evaluate: &dyn Evaluate) {
        let Some((leaf, state)) = self.leaf(id) else { return };
        let (Some(until), expired, service) = (leaf.until, state.expired, leaf.service) else {
            if self.leaf(id).is_some_and(|(leaf, _)| leaf.service) {
                // A service that ends before it is ready has failed, whatever its exit code.
                let error = StepError::new(ErrorKind::Transient, "the service ended before it was ready");
                return self.retry_or_fail(id, error, evaluate);
            }
            return self.succeed(id, output, evaluate);
        };
        debug_assert!(!service, "`until` and `service` exclude each other");
        match evaluate.until(&self.state, id, &output) {
            Ok(true) => self.succeed(id, output, evaluate),
            Ok(false) if expired => self.give_up(id),
            Ok(false) if self.state.stopping(id).is_some() => self.finish_stopped(id),
            Ok(false) => self.set_timer(id, TimerKind::Poll, until.every),
            Err(error) => self.fail(id, error),
        }
    }

    pub(super) fn succeed(&mut self, id: NodeId, output: Value, evaluate: &dyn Evaluate) {
        match evaluate.outputs(&self.state, id, &output) {
            Ok(outputs) => {
                // A service's output is not the result of an ended attempt, so it stands in this fact.
                let announced = self.leaf(id).is_some_and(|(_, state)| matches!(state.doing, Doing::Running { .. }));
                let outputs = outputs.or(announced.then_some(output));
                let path = self.state.node(id).path.clone();
                self.emit(Event::StepFinished { path, status: Status::Succeeded, outputs, error: None });
            }
            Err(error) => match self.leaf(id).map(|(_, state)| &state.doing) {
                Some(&Doing::Running { attempt, .. }) => self.doom(id, attempt, error),
                _ => self.fail(id, error),
            },
        }
    }

    fn retry_or_fail(&mut self, id: NodeId, error: StepError, evaluate: &dyn Evaluate) {
        let Some((leaf, state)) = self.leaf(id) else { return };
        if state.expired {
            return self.give_up(id);
        }
        if self.state.stopping(id).is_some() {
            return self.finish_stopped(id);
        }
        let (retry, failures) = (leaf.retry.clone(), state.failures);
        let allowed = error.is_transient() && failures < retry.attempts;
        if !allowed {
            return self.fail(id, error);
        }
        if retry.when {
            match evaluate.retry(&self.state, id, &error) {
                Ok(true) => {}
                Ok(false) => return self.fail(id, error),
                Err(error) => return self.fail(id, error),
            }
        }
        self.try_later(id, &retry, failures);
    }

    pub(super) fn try_later(&mut self, id: NodeId, retry: &crate::plan::Retry, failures: u32) {
        let node = self.state.node(id);
        let random = scatter(self.state.seed(), node.path.as_str(), node.attempts());
        self.set_timer(id, TimerKind::Retry, retry.delay_after(failures, random));
    }

    /// An `until` was not met in time.
    fn give_up(&mut self, id: NodeId) {
        let within = self.leaf(id).and_then(|(leaf, _)| leaf.until).and_then(|until| until.within).unwrap_or_default();
        let message = format!("`until` was not met within {within} ms");
        self.fail(id, StepError::new(ErrorKind::Timeout, message));
    }

    pub(super) fn set_timer(&mut self, id: NodeId, kind: TimerKind, duration: u64) {
        let (timer, path) = (self.state.next_timer(), self.state.node(id).path.clone());
        self.emit(Event::TimerSet { timer, path, kind, at: self.now, duration });
    }
}

/// A number that looks random and is the same for the same arguments (FNV-1a, finished by splitmix64).
fn scatter(seed: u64, path: &str, attempt: u32) -> u64 {
    let mut hash = seed ^ 0xcbf2_9ce4_8422_2325;
    for byte in path.bytes().chain(attempt.to_le_bytes()) {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    }
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}
