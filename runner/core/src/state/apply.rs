//! One fact at a time.

use std::sync::Arc;

use serde_json::Value;

use super::{
    Ahead, Answer, BodyState, Doing, EachState, Form, LeafState, Node, NodeId, Phase, Role, Stage, State, Status, Timer,
};
use crate::event::{AttemptResult, End, Event, Purpose, TimerKind};
use crate::path::Path;
use crate::plan::{Kind, OnError, StepIndex};

impl State {
    /// Applies a fact that happened at `at` (milliseconds since 1970).
    pub fn apply(&mut self, event: &Event, at: u64) {
        self.apply_fact(event, at);
        self.note_dirty(event);
    }

    fn apply_fact(&mut self, event: &Event, at: u64) {
        match event {
            Event::RunStarted { record, seed, parallel } => self.run_started(record, *seed, *parallel, at),
            Event::LifeStarted { epoch, .. } => self.epoch = *epoch,
            Event::RoundStarted { round, goes_on } => self.round_started(*round, *goes_on),
            Event::Revised { revision } => self.revised(revision),
            Event::InterruptRequested { kill, .. } => self.enter_phase(Phase::Interrupting { kill: *kill }),
            Event::CancelRequested { .. } => {
                self.cancelled = true;
                self.undo = None;
                // A run that stands still takes it up with its next round.
                if !matches!(self.phase, Phase::Blank | Phase::Ended(_)) {
                    self.enter_phase(Phase::Cancelling);
                }
            }
            Event::UndoRequested { to, .. } => self.undo_requested(to.clone()),
            Event::Pausing => self.enter_phase(Phase::Pausing),
            Event::RoundEnded { end, outputs, error, exit_code } => {
                self.exit_code = *exit_code;
                if let Some(root) = self.root() {
                    let over = !matches!(end, End::Paused | End::Interrupted);
                    if over {
                        self.undo = None;
                    }
                    let root = &mut self.nodes[root.0];
                    root.error = error.clone().map(Box::new);
                    root.outputs = Arc::new(outputs.clone());
                    root.ended = over.then_some(at);
                }
                self.enter_phase(Phase::Ended(*end));
            }
            Event::StepSkipped { path, .. }
            | Event::StepExpanded { path, .. }
            | Event::StepEntered { path, .. }
            | Event::AttemptStarted { path, .. }
            | Event::AttemptDoomed { path, .. }
            | Event::AttemptEnded { path, .. }
            | Event::TimerSet { path, .. }
            | Event::TimerFired { path, .. }
            | Event::FinallyStarted { path }
            | Event::Closing { path }
            | Event::StepFinished { path, .. }
            | Event::ServiceLost { path, .. }
            | Event::OutputsLost { path, .. }
            | Event::UndoStarted { path }
            | Event::StepUndone { path }
            | Event::StepStands { path, .. }
            | Event::UndoFailed { path, .. }
            | Event::UndoEnded { path }
            | Event::QuestionAsked { path, .. }
            | Event::QuestionAnswered { path, .. }
            | Event::StepReopened { path }
            | Event::DoubtSettled { path, .. } => {
                if let Some(id) = self.find(path) {
                    self.apply_to(id, event, at);
                    self.refresh(id);
                }
            }
        }
    }

    fn apply_to(&mut self, id: NodeId, event: &Event, at: u64) {
        match event {
            Event::StepSkipped { reason, .. } => {
                self.nodes[id.0].reason = Some(*reason);
                self.set_status(id, Status::Skipped, at);
            }
            Event::StepExpanded { items, .. } => self.expanded(id, items, at),
            Event::StepEntered { record, .. } => self.entered(id, record, at),
            Event::AttemptStarted { attempt, purpose, fingerprint, permitted, .. } => {
                self.attempt_started(id, *attempt, *purpose, fingerprint, at);
                if *permitted {
                    self.permitted(id);
                }
            }
            Event::AttemptDoomed { attempt, error, .. } => {
                if let Form::Leaf(leaf) = &mut self.nodes[id.0].form
                    && matches!(leaf.doing, Doing::Running { attempt: running, .. } if running == *attempt)
                {
                    leaf.doomed = Some(Box::new(error.clone()));
                }
            }
            Event::AttemptEnded { attempt, result, .. } => self.attempt_ended(id, *attempt, result, at),
            Event::TimerSet { timer, kind, at, duration, .. } => {
                self.timer_set(id, Timer { id: *timer, kind: *kind, at: *at, duration: *duration });
            }
            Event::TimerFired { timer, .. } => self.timer_fired(id, *timer),
            Event::FinallyStarted { .. } => self.finally_started(id),
            Event::Closing { .. } => {
                if let Form::Body(body) = &mut self.nodes[id.0].form {
                    body.stage = Stage::Closing;
                }
                self.refresh_within(id);
            }
            Event::StepFinished { status, outputs, error, .. } => {
                self.step_finished(id, *status, outputs.as_ref());
                self.nodes[id.0].error = error.clone().map(Box::new);
                self.set_status(id, *status, at);
            }
            Event::ServiceLost { failed, .. } => self.service_lost(id, *failed, at),
            Event::OutputsLost { why, .. } => self.outputs_lost(id, why, at),
            Event::QuestionAsked { question, .. } => self.question_asked(id, question),
            Event::QuestionAnswered { by, approved, comment, output, .. } => {
                let (by, comment, output) = (by.clone(), comment.clone(), output.clone());
                self.question_answered(id, Answer { by, approved: *approved, comment, output });
            }
            Event::StepReopened { .. } => self.step_reopened(id),
            Event::UndoStarted { .. } => self.undo_started(id),
            Event::StepUndone { .. } => self.step_undone(id, at),
            Event::StepStands { why, .. } => self.step_stands(id, *why),
            Event::UndoFailed { error, .. } => self.undo_failed(id, error),
            Event::UndoEnded { .. } => self.undo_ended(id, at),
            Event::DoubtSettled { attempt, settled, .. } => self.doubt_settled(id, *attempt, settled),
            _ => {}
        }
    }

    fn run_started(&mut self, record: &Value, seed: u64, parallel: usize, at: u64) {
        if self.phase != Phase::Blank {
            return;
        }
        (self.seed, self.parallel, self.record) = (seed, parallel.max(1), Arc::new(record.clone()));
        self.phase = Phase::Running;
        let root = self.make(Path::root(), Role::Root, None, None);
        self.nodes[root.0].status = Status::Active;
        self.nodes[root.0].started = Some(at);
        self.fill(root, false);
    }

    pub(super) fn enter_phase(&mut self, phase: Phase) {
        self.phase = phase;
        self.refresh_all();
    }

    /// A node at `path`; one that was there in an earlier round begins anew, but goes on counting its attempts.
    pub(super) fn make(&mut self, path: Path, role: Role, step: Option<StepIndex>, parent: Option<NodeId>) -> NodeId {
        let id = self.index.get(&path).copied().unwrap_or(NodeId(self.nodes.len()));
        let attempts = self.nodes.get(id.0).map_or(0, Node::attempts);
        let form = match step.map(|step| self.plan.step(step)) {
            Some(step) if step.foreach.is_some() && !matches!(role, Role::Item(_)) => Form::Each(EachState::default()),
            Some(step) if matches!(step.kind, Kind::Leaf(_)) => {
                Form::Leaf(LeafState { attempts, ..LeafState::default() })
            }
            _ => Form::Body(BodyState::default()),
        };
        let node = Node {
            path: path.clone(),
            role,
            step,
            parent,
            status: Status::Pending,
            reason: None,
            form,
            error: None,
            outputs: Arc::default(),
            blemished: false,
            started: None,
            ended: None,
            order: 0,
            question: None,
            detached: false,
            outdated: false,
            effects: Vec::new(),
        };
        if id.0 == self.nodes.len() {
            self.nodes.push(node);
            self.index.insert(path, id);
        } else {
            self.keep_up(id);
            self.nodes[id.0] = node;
        }
        id
    }

    /// Makes the nodes of a body's list.
    pub(super) fn fill(&mut self, id: NodeId, finally: bool) {
        let plan = Arc::clone(&self.plan);
        let body = match self.step(id).map(|step| step.kind.clone()) {
            None => plan.root.clone(),
            Some(Kind::Body { body, .. }) => body,
            Some(Kind::Leaf(_)) => return,
        };
        let list = if finally { &body.finally } else { &body.steps };
        let path = self.node(id).path.clone();
        let made: Vec<_> = list
            .iter()
            .enumerate()
            .map(|(position, &step)| {
                self.make(path.child(&plan.step(step).id), Role::Step { position, finally }, Some(step), Some(id))
            })
            .collect();
        if let Form::Body(state) = &mut self.nodes[id.0].form {
            (state.unended, state.halted) = (made.len(), false);
            *(if finally { &mut state.finally } else { &mut state.steps }) = made;
        }
    }

    fn entered(&mut self, id: NodeId, record: &Value, at: u64) {
        self.detach_children(id);
        if let Form::Body(body) = &mut self.nodes[id.0].form {
            *body = BodyState { record: Arc::new(record.clone()), ..BodyState::default() };
            self.fill(id, false);
            self.set_status(id, Status::Active, at);
        }
    }

    fn expanded(&mut self, id: NodeId, items: &[crate::event::Item], at: u64) {
        if self.node(id).each().is_none() {
            return;
        }
        self.detach_children(id);
        let (path, step) = (self.node(id).path.clone(), self.node(id).step);
        let made: Vec<_> = items
            .iter()
            .map(|item| self.make(path.item(&item.key), Role::Item(Arc::new(item.clone())), step, Some(id)))
            .collect();
        if let Form::Each(each) = &mut self.nodes[id.0].form {
            *each = EachState { unended: made.len(), items: made, ..EachState::default() };
            self.set_status(id, Status::Active, at);
        }
    }

    /// Takes what is in a node out of the run; making it anew brings it back.
    pub(super) fn detach_children(&mut self, id: NodeId) {
        let children: Vec<_> = self.node(id).children().collect();
        for child in children {
            self.detach(child);
        }
    }

    pub(super) fn detach(&mut self, id: NodeId) {
        self.detach_children(id);
        self.nodes[id.0].detached = true;
    }

    fn finally_started(&mut self, id: NodeId) {
        if let Form::Body(body) = &mut self.nodes[id.0].form {
            body.stage = Stage::Finally;
            if let Some(timer) = body.deadline.take() {
                self.timers.remove(&timer.id);
            }
            self.fill(id, true);
        }
    }

    /// Moves a node to a status and keeps what its parent counts.
    pub(super) fn set_status(&mut self, id: NodeId, status: Status, at: u64) {
        let before = std::mem::replace(&mut self.nodes[id.0].status, status);
        let on_error = self.on_error(id);
        let node = &mut self.nodes[id.0];
        if status == Status::Active && node.started.is_none() {
            node.started = Some(at);
        }
        // What is undone ended when it had done its work.
        node.ended = if status == Status::Undone { node.ended } else { status.is_end().then_some(at) };
        if status.is_end() {
            self.turns_come(id, at);
            let node = &mut self.nodes[id.0];
            let timers = match &mut node.form {
                Form::Leaf(leaf) => [leaf.timer.take(), leaf.deadline.take()],
                Form::Body(body) => [body.deadline.take(), None],
                Form::Each(_) => [None, None],
            };
            for timer in timers.into_iter().flatten() {
                self.timers.remove(&timer.id);
            }
            self.regained(id);
        }
        let node = &self.nodes[id.0];
        let (blemished, passed) = (node.blemished, status == Status::Failed && on_error == OnError::Continue);
        let halts = status == Status::Failed && on_error == OnError::Stop;
        let Some(parent) = node.parent else { return };
        let parent = &mut self.nodes[parent.0];
        let unended = match &mut parent.form {
            Form::Body(body) => {
                body.halted |= halts;
                &mut body.unended
            }
            Form::Each(each) => {
                each.halted |= halts;
                each.active += usize::from(status == Status::Active);
                each.active -= usize::from(before == Status::Active).min(each.active);
                &mut each.unended
            }
            Form::Leaf(_) => return,
        };
        match (before.is_end(), status.is_end()) {
            (false, true) => *unended -= 1.min(*unended),
            (true, false) => *unended += 1,
            _ => {}
        }
        // A foreach whose item failed fails itself; only a group that goes on in spite of a failure is blemished by it.
        parent.blemished |= blemished || passed && matches!(parent.form, Form::Body(_));
    }

    fn attempt_started(&mut self, id: NodeId, attempt: u32, purpose: Purpose, fingerprint: &str, at: u64) {
        let slot = self.takes_slot(id);
        let Form::Leaf(leaf) = &mut self.nodes[id.0].form else { return };
        leaf.attempts = leaf.attempts.max(attempt);
        if purpose.is_run() {
            fingerprint.clone_into(&mut leaf.fingerprint);
        }
        if !matches!(leaf.doing, Doing::Running { .. }) {
            self.running += 1;
            self.slots += usize::from(slot);
        }
        leaf.doing = Doing::Running { attempt, purpose };
        leaf.ahead = Ahead::No;
        // What is being undone has succeeded until it is undone.
        if purpose != Purpose::Undo {
            self.set_status(id, Status::Active, at);
        }
    }

    fn attempt_ended(&mut self, id: NodeId, attempt: u32, result: &AttemptResult, at: u64) {
        let slot = self.takes_slot(id);
        let left = usize::from(self.node(id).detached);
        let Form::Leaf(leaf) = &mut self.nodes[id.0].form else { return };
        if leaf.service == Some(attempt) {
            self.leftovers -= left;
            leaf.service = None;
            leaf.died = if let AttemptResult::Failed { error } = result { Some(Box::new(error.clone())) } else { None };
            self.count_service(id, false);
            return;
        }
        let Doing::Running { attempt: running, purpose } = leaf.doing else { return };
        if running != attempt {
            return;
        }
        self.leftovers -= left;
        let doomed = leaf.doomed.take().map(|error| AttemptResult::Failed { error: *error });
        let result = doomed.as_ref().unwrap_or(result);
        leaf.doing = match result {
            // A check that never began leaves the doubt that it was to clear.
            AttemptResult::NotStarted | AttemptResult::Stopped if purpose == Purpose::Check => {
                Doing::InDoubt { attempt, why: "its check did not run".to_owned(), repeat: false }
            }
            AttemptResult::NotStarted | AttemptResult::Stopped => Doing::Idle,
            AttemptResult::InDoubt { why } => Doing::InDoubt { attempt, why: why.clone(), repeat: false },
            result => Doing::Ended { attempt, purpose, result: result.clone() },
        };
        match (result, purpose) {
            (AttemptResult::Failed { .. }, Purpose::Run | Purpose::Undo) => leaf.failures += 1,
            (AttemptResult::Succeeded { .. }, Purpose::Run) => leaf.failures = 0,
            (AttemptResult::Failed { .. }, Purpose::Check) => {
                leaf.doing = Doing::InDoubt { attempt, why: "a check did not find it done".to_owned(), repeat: true };
            }
            _ => {}
        }
        self.running -= 1;
        if leaf.ahead == Ahead::Waiting {
            self.ahead -= 1;
        } else {
            self.slots -= usize::from(slot);
        }
        if leaf.ahead != Ahead::No {
            self.permission_ended(id, at);
        }
    }

    fn step_finished(&mut self, id: NodeId, status: Status, outputs: Option<&Value>) {
        self.count_success(id, status);
        let node = &mut self.nodes[id.0];
        let mut ready = false;
        let mut output = None;
        if let Form::Leaf(leaf) = &mut node.form {
            leaf.doomed = None;
            match std::mem::take(&mut leaf.doing) {
                // Stopped with what it is part of: should that go on in a later round, the doubt is still there.
                doubt @ Doing::InDoubt { .. } if status == Status::Cancelled => leaf.doing = doubt,
                Doing::Running { attempt, .. } => {
                    leaf.service = (status == Status::Succeeded).then_some(attempt);
                    ready = leaf.service.is_some();
                    self.running -= 1;
                }
                Doing::Ended { result: AttemptResult::Succeeded { output: value }, .. } => output = Some(value),
                _ => {}
            }
        }
        let outputs = if status == Status::Succeeded { outputs.cloned().or(output) } else { None };
        self.nodes[id.0].outputs = Arc::new(outputs.unwrap_or_default());
        if ready {
            self.count_service(id, true);
        }
    }

    fn count_service(&mut self, id: NodeId, alive: bool) {
        let body = self.enclosing(id).map(|body| &mut self.nodes[body.0].form);
        let Some(Form::Body(body)) = body else { return };
        if alive {
            body.services += 1;
            self.services += 1;
        } else {
            body.services = body.services.saturating_sub(1);
            self.services = self.services.saturating_sub(1);
        }
    }

    fn timer_set(&mut self, id: NodeId, timer: Timer) {
        self.next_timer = self.next_timer.max(timer.id + 1);
        self.timers.insert(timer.id, id);
        match (&mut self.nodes[id.0].form, timer.kind) {
            (Form::Leaf(leaf), TimerKind::Deadline) => leaf.deadline = Some(timer),
            (Form::Leaf(leaf), _) => {
                leaf.timer = Some(timer);
                leaf.doing = Doing::Waiting;
            }
            (Form::Body(body), TimerKind::Deadline) => body.deadline = Some(timer),
            _ => {}
        }
    }

    fn timer_fired(&mut self, id: NodeId, timer: crate::event::TimerId) {
        if self.timers.remove(&timer).is_none() {
            return;
        }
        match &mut self.nodes[id.0].form {
            Form::Leaf(leaf) if leaf.timer.is_some_and(|set| set.id == timer) => {
                leaf.timer = None;
                if leaf.doing == Doing::Waiting {
                    leaf.doing = Doing::Idle;
                }
            }
            Form::Leaf(leaf) if leaf.deadline.is_some_and(|set| set.id == timer) => {
                (leaf.deadline, leaf.expired) = (None, true);
            }
            Form::Body(body) if body.deadline.is_some_and(|set| set.id == timer) => {
                (body.deadline, body.expired) = (None, true);
                self.refresh_within(id);
            }
            _ => {}
        }
    }

    /// Whether a running attempt of a step counts against the run's parallelism.
    pub(crate) fn takes_slot(&self, id: NodeId) -> bool {
        matches!(self.step(id).map(|step| &step.kind), Some(Kind::Leaf(leaf)) if !leaf.waits && !leaf.service)
    }
}
