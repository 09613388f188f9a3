//! What a new round begins with.
//!
//! What ended well is kept. What failed, was cancelled, or was skipped because of that begins anew with a fresh retry
//! budget; so do steps that look at failures (`failure()`, `always()`) and the `finally:` of a list that had trouble, for
//! they belong to their round.

use super::{Doing, Form, NodeId, Phase, Role, Stage, State, Status};
use crate::event::Reason;

impl State {
    pub(super) fn round_started(&mut self, round: u32) {
        self.round = round;
        if let Some(root) = self.root() {
            self.renew(root);
        }
        self.enter_phase(Phase::Running);
    }

    /// Opens a node again that failed, was cancelled, or holds something that did.
    fn renew(&mut self, id: NodeId) {
        let status = self.node(id).status;
        match &self.node(id).form {
            Form::Leaf(_) if matches!(status, Status::Failed | Status::Cancelled) => self.reset(id),
            Form::Leaf(_) => self.forgive(id),
            Form::Body(body) if body.steps.is_empty() && status != Status::Active => self.reset(id),
            Form::Body(_) => self.renew_body(id),
            Form::Each(each) if each.items.is_empty() => self.reset(id),
            Form::Each(each) => {
                for item in each.items.clone() {
                    if self.is_troubled(item) {
                        self.renew_member(item);
                    }
                }
                self.reopen(id);
            }
        }
    }

    fn renew_body(&mut self, id: NodeId) {
        let Some(body) = self.node(id).body() else { return };
        let (steps, finally, stage) = (body.steps.clone(), body.finally.clone(), body.stage);
        let troubled: Vec<_> = steps.iter().copied().filter(|&step| self.is_troubled(step)).collect();
        let mut again = troubled.clone();
        for &step in &steps {
            let skipped = self.node(step).status == Status::Skipped;
            let fired = self.sees_status(step) && !troubled.is_empty() && self.node(step).status.is_end();
            let later = skipped && self.upstream(step).iter().any(|need| troubled.contains(need));
            if (fired || later) && !again.contains(&step) {
                again.push(step);
            }
        }
        for &step in &again {
            if self.sees_status(step) { self.reset(step) } else { self.renew_member(step) }
        }
        for step in steps.iter().copied().filter(|step| !again.contains(step)) {
            if self.node(step).status == Status::Active {
                self.renew(step);
            }
        }
        let stage = if troubled.is_empty() && (stage == Stage::Finally || !finally.is_empty()) {
            for &step in &finally {
                if self.is_troubled(step) {
                    self.renew_member(step);
                }
            }
            Stage::Finally
        } else {
            finally.iter().for_each(|&step| self.reset(step));
            Stage::Steps
        };
        if let Form::Body(body) = &mut self.nodes[id.0].form {
            body.stage = stage;
            body.expired = false;
            if stage == Stage::Steps {
                body.finally.clear();
            }
            if let Some(timer) = body.deadline.take() {
                self.timers.remove(&timer.id);
            }
        }
        self.reopen(id);
    }

    /// Opens one member of a list or foreach again.
    fn renew_member(&mut self, id: NodeId) {
        if self.node(id).status == Status::Skipped { self.reset(id) } else { self.renew(id) }
    }

    /// Whether a node failed, was cancelled or skipped because of one that was, or holds such a one.
    fn is_troubled(&self, id: NodeId) -> bool {
        let node = self.node(id);
        match node.status {
            Status::Failed | Status::Cancelled => true,
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

    /// Makes a node and all in it pending. Attempts go on being counted.
    fn reset(&mut self, id: NodeId) {
        let children: Vec<_> = self.node(id).children().collect();
        children.into_iter().for_each(|child| self.reset(child));
        let node = &mut self.nodes[id.0];
        if let Form::Leaf(leaf) = &mut node.form {
            for timer in [leaf.timer.take(), leaf.deadline.take()].into_iter().flatten() {
                self.timers.remove(&timer.id);
            }
            (leaf.failures, leaf.expired) = (0, false);
            if !matches!(leaf.doing, Doing::Running { .. }) {
                leaf.doing = Doing::Idle;
            }
        }
        (node.error, node.reason, node.blemished) = (None, None, false);
        (node.started, node.ended, node.outputs) = (None, None, std::sync::Arc::default());
        node.status = Status::Pending;
        if let Some(parent) = node.parent {
            self.recount(parent);
        }
    }

    /// Makes a group or foreach active again and counts its members afresh.
    fn reopen(&mut self, id: NodeId) {
        let node = &mut self.nodes[id.0];
        (node.error, node.ended, node.blemished) = (None, None, false);
        node.status = Status::Active;
        self.recount(id);
        if let Some(parent) = self.node(id).parent {
            self.recount(parent);
        }
    }

    /// Counts a group's or foreach's members afresh.
    fn recount(&mut self, id: NodeId) {
        let count = |nodes: &[NodeId], f: &dyn Fn(Status) -> bool| {
            nodes.iter().filter(|node| f(self.node(**node).status)).count()
        };
        let halted = |nodes: &[NodeId]| {
            nodes.iter().any(|&node| {
                self.node(node).status == Status::Failed && self.on_error(node) == crate::plan::OnError::Stop
            })
        };
        match &self.node(id).form {
            Form::Body(body) => {
                let list = if body.stage == Stage::Steps { &body.steps } else { &body.finally };
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
