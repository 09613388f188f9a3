//! What a new round begins with.
//!
//! What ended well is kept. What failed, was cancelled, or was skipped because of that begins anew with a fresh retry
//! budget; so do steps that look at failures (`failure()`, `always()`) and the `finally:` of a list that had trouble, for
//! they belong to their round.

use super::{Ahead, Doing, EachState, Form, NodeId, Phase, Role, Stage, State, Status};
use crate::event::Reason;
use crate::plan::Kind;

impl State {
    pub(super) fn round_started(&mut self, round: u32, goes_on: bool) {
        self.round = round;
        if let Some(root) = self.root() {
            if self.awaits_undo() { self.open_for_undo(root) } else { self.renew(root, goes_on) }
        }
        // What a person ended for good stays so, whatever came between.
        self.enter_phase(match (&self.undo, self.cancelled) {
            (Some(_), _) => Phase::Undoing,
            (None, true) => Phase::Cancelling,
            (None, false) => Phase::Running,
        });
    }

    /// Opens a node again that failed, was cancelled, or holds something that did. Where the round before `goes_on`, only what
    /// is under way.
    fn renew(&mut self, id: NodeId, goes_on: bool) {
        let status = self.node(id).status;
        let is_root = self.node(id).role == Role::Root;
        match &self.node(id).form {
            Form::Leaf(leaf) if matches!(leaf.doing, Doing::InDoubt { .. }) && status.is_end() => self.reopen_doubt(id),
            Form::Leaf(_) if matches!(status, Status::Failed | Status::Cancelled | Status::Undone) => self.reset(id),
            Form::Leaf(_) => self.forgive(id),
            Form::Body(body) if body.steps.is_empty() && status != Status::Active && !is_root => self.reset(id),
            Form::Body(_) => self.renew_body(id, goes_on),
            Form::Each(each) if each.items.is_empty() => self.reset(id),
            Form::Each(each) => {
                for item in each.items.clone() {
                    let active = self.node(item).status == Status::Active;
                    if active || !goes_on && self.is_troubled(item) {
                        self.renew_member(item, goes_on);
                    }
                }
                self.reopen(id);
            }
        }
    }

    fn renew_body(&mut self, id: NodeId, answered: bool) {
        let Some(body) = self.node(id).body() else { return };
        let (steps, finally) = (body.steps.clone(), body.finally.clone());
        // A list whose `finally:` has begun and is not over goes on with that: its round has not ended.
        let goes_on = self.node(id).status == Status::Active && (answered || body.stage != Stage::Steps);
        let undoes = goes_on && body.stage == Stage::Undo;
        let troubled = !goes_on && steps.iter().any(|&step| self.is_troubled(step));
        if troubled {
            self.renew_steps(&steps);
        }
        for step in steps.iter().copied() {
            if !troubled && self.node(step).status == Status::Active {
                self.renew(step, answered);
            }
        }
        let keeps_finally = !troubled && !finally.is_empty();
        for step in finally {
            if undoes {
                continue;
            }
            if !keeps_finally {
                self.reset(step);
                self.detach(step);
            } else if self.node(step).status == Status::Active || !answered && self.is_troubled(step) {
                self.renew_member(step, answered);
            }
        }
        if let Form::Body(body) = &mut self.nodes[id.0].form {
            body.stage = match keeps_finally {
                _ if undoes => Stage::Undo,
                true => Stage::Finally,
                false => Stage::Steps,
            };
            body.expired &= goes_on;
            body.undone &= goes_on;
            if !keeps_finally && !undoes {
                body.finally.clear();
            }
            if let Some(timer) = body.deadline.take() {
                self.timers.remove(&timer.id);
            }
        }
        self.retry_undo(id);
        self.reopen(id);
    }

    /// Opens the members of a list that had trouble.
    fn renew_steps(&mut self, steps: &[NodeId]) {
        let is_troubled: Vec<_> = steps.iter().map(|&step| self.is_troubled(step)).collect();
        let mut after = is_troubled.clone();
        let mut open: Vec<_> = (0..steps.len()).filter(|&at| is_troubled[at]).collect();
        while let Some(at) = open.pop() {
            for &later in self.dependents(steps[at]) {
                if !std::mem::replace(&mut after[later], true) {
                    open.push(later);
                }
            }
        }
        for (at, &step) in steps.iter().enumerate() {
            let status = self.node(step).status;
            if self.sees_status(step) && !self.holds_doubt(step) {
                self.reset(step);
            } else if is_troubled[at] || status == Status::Active || status == Status::Skipped && after[at] {
                self.renew_member(step, false);
            }
        }
    }

    /// Opens one member of a list or foreach again.
    fn renew_member(&mut self, id: NodeId, goes_on: bool) {
        if self.node(id).status == Status::Skipped { self.reset(id) } else { self.renew(id, goes_on) }
    }

    /// Whether an attempt in a node is in doubt and may not simply be repeated, or a person has said what became of it.
    fn holds_doubt(&self, id: NodeId) -> bool {
        let node = self.node(id);
        // What is being undone is not given up for a new beginning either.
        if node.body().is_some_and(|body| body.stage == Stage::Undo) {
            return true;
        }
        // Nor is what a person was asked, or has answered.
        if node.status == Status::Pending && node.question.is_some() {
            return true;
        }
        let repeats = matches!(self.step(id).map(|step| &step.kind), Some(Kind::Leaf(leaf)) if leaf.may_repeat());
        node.leaf().is_some_and(|leaf| match leaf.doing {
            Doing::InDoubt { repeat, .. } => !repeat && !repeats,
            Doing::Ended { .. } => true,
            _ => false,
        }) || node.children().any(|child| self.holds_doubt(child))
    }

    /// A step that was stopped with what it is part of, and of which nobody knows whether it did its work, goes on where it
    /// was: its own rule decides what becomes of the doubt.
    pub(super) fn reopen_doubt(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.0];
        (node.status, node.error, node.ended) = (Status::Active, None, None);
        self.forgive(id);
    }

    /// Whether a node failed, was cancelled or skipped because of one that was, or holds such a one.
    fn is_troubled(&self, id: NodeId) -> bool {
        let node = self.node(id);
        match node.status {
            // What a person leaves out stays as it ended.
            Status::Failed | Status::Cancelled | Status::Undone => !self.is_left_out(id),
            Status::Skipped => matches!(node.reason, Some(Reason::Need | Reason::Stopped)),
            Status::Active => node.children().any(|child| self.is_troubled(child)),
            Status::Succeeded => node.blemished,
            Status::Pending => false,
        }
    }

    /// A step under way gets a fresh budget; what it is doing stands.
    fn forgive(&mut self, id: NodeId) {
        if let Form::Leaf(leaf) = &mut self.nodes[id.0].form {
            (leaf.failures, leaf.expired) = (0, false);
            if let Some(timer) = leaf.deadline.take() {
                self.timers.remove(&timer.id);
            }
        }
    }

    /// Makes a node pending, and takes all in it out of the run. Attempts go on being counted. What it stands in is counted when it is reopened.
    pub(super) fn reset(&mut self, id: NodeId) {
        let children: Vec<_> = self.node(id).children().collect();
        for child in children {
            self.reset(child);
            self.detach(child);
        }
        self.regained(id);
        self.keep_up(id);
        let node = &mut self.nodes[id.0];
        match &mut node.form {
            Form::Leaf(leaf) => {
                for timer in [leaf.timer.take(), leaf.deadline.take()].into_iter().flatten() {
                    self.timers.remove(&timer.id);
                }
                (leaf.failures, leaf.expired, leaf.doing) = (0, false, Doing::Idle);
                (leaf.stands, leaf.stuck) = (None, None);
                leaf.ahead = Ahead::No;
            }
            Form::Body(body) => {
                if let Some(timer) = std::mem::take(body).deadline {
                    self.timers.remove(&timer.id);
                }
            }
            Form::Each(each) => *each = EachState::default(),
        }
        (node.error, node.reason, node.blemished) = (None, None, false);
        (node.started, node.ended, node.outputs) = (None, None, std::sync::Arc::default());
        (node.status, node.order, node.question) = (Status::Pending, 0, None);
    }

    /// Makes a group or foreach active again and counts its members afresh.
    pub(super) fn reopen(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.0];
        (node.error, node.ended, node.blemished) = (None, None, false);
        node.status = Status::Active;
        self.recount(id);
    }

    /// Counts a group's or foreach's members afresh.
    pub(super) fn recount(&mut self, id: NodeId) {
        let count = |nodes: &[NodeId], f: &dyn Fn(Status) -> bool| {
            nodes.iter().filter(|node| f(self.node(**node).status)).count()
        };
        let halted = |nodes: &[NodeId]| {
            nodes.iter().any(|&node| {
                let stops = self.on_error(node) == crate::plan::OnError::Stop;
                self.node(node).status == Status::Failed && stops && !self.is_left_out(node)
            })
        };
        match &self.node(id).form {
            Form::Body(body) => {
                let list = if matches!(body.stage, Stage::Steps | Stage::Undo) { &body.steps } else { &body.finally };
                let (unended, halted) = (count(list, &|status| !status.is_end()), halted(list));
                let passed = body.steps.iter().chain(&body.finally).any(|&step| {
                    let node = self.node(step);
                    node.blemished
                        || node.status == Status::Failed && self.on_error(step) == crate::plan::OnError::Continue
                });
                if let Form::Body(body) = &mut self.nodes[id.0].form {
                    (body.unended, body.halted) = (unended, halted);
                }
                self.nodes[id.0].blemished = passed;
            }
            Form::Each(each) => {
                let unended = count(&each.items, &|status| !status.is_end());
                let active = count(&each.items, &|status| status == Status::Active);
                let halted = halted(&each.items);
                let blemished = each.items.iter().any(|&item| self.node(item).blemished);
                if let Form::Each(each) = &mut self.nodes[id.0].form {
                    (each.unended, each.active, each.halted) = (unended, active, halted);
                }
                self.nodes[id.0].blemished = blemished;
            }
            Form::Leaf(_) => {}
        }
    }

    /// The foreach that an item belongs to.
    pub fn foreach_of(&self, id: NodeId) -> Option<NodeId> {
        if matches!(self.node(id).role, Role::Item(_)) { self.node(id).parent } else { None }
    }
}
