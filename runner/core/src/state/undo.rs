//! Undoing: what is to be taken back, and what has been.
//!
//! A group or the run whose steps have all ended goes backwards over the steps in it that succeeded, the last one first, one
//! at a time. A step is so undone after all that needed it. What stands under a `finally:` is cleaning up, and no part of it;
//! a service is not undone but stopped.

use serde::{Deserialize, Serialize};

use super::tree::Stopping;
use super::{Ahead, Doing, Form, NodeId, Phase, Stage, State, Status};
use crate::error::StepError;
use crate::event::{Purpose, Standing};
use crate::path::Path;
use crate::plan::{Compensation, Kind, Leaf};

/// What a person wants to be undone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Order {
    /// The step up to which.
    to: Option<Path>,
    /// Whether it has begun.
    begun: bool,
}

impl State {
    pub(super) fn undo_requested(&mut self, to: Option<Path>) {
        if !self.has_begun_undo() {
            self.undo = Some(Order { to, begun: false });
        }
        // A run that stands still takes it up with its next round.
        if !matches!(self.phase, Phase::Blank | Phase::Ended(_)) {
            self.enter_phase(Phase::Undoing);
        }
    }

    /// Whether a person wants the run to be undone, and that has not begun.
    pub fn awaits_undo(&self) -> bool {
        self.undo.as_ref().is_some_and(|order| !order.begun)
    }

    /// Whether a person wants the run to be undone, and that has begun.
    pub(crate) fn has_begun_undo(&self) -> bool {
        self.undo.as_ref().is_some_and(|order| order.begun)
    }

    /// Makes a run that had ended active again, to be undone: what failed in it is not tried again, but for what could not
    /// be undone.
    pub(super) fn open_for_undo(&mut self, root: NodeId) {
        for at in 0..self.nodes.len() {
            self.retry_undo(NodeId(at));
        }
        if !self.node(root).status.is_end() {
            return;
        }
        let finally = self.node(root).body().map(|body| body.finally.clone()).unwrap_or_default();
        for step in finally {
            self.reset(step);
            self.detach(step);
        }
        if let Form::Body(body) = &mut self.nodes[root.0].form {
            (body.stage, body.undone, body.expired) = (Stage::Steps, false, false);
            body.finally.clear();
        }
        self.reopen(root);
    }

    /// A new round tries again what could not be taken back.
    pub(super) fn retry_undo(&mut self, id: NodeId) {
        let Some(next) = self.node(id).body().and_then(|body| body.to_undo.last().copied()) else { return };
        if let Form::Leaf(leaf) = &mut self.nodes[next.0].form {
            (leaf.stuck, leaf.failures) = (None, 0);
        }
    }

    /// Counts a success, so that what is undone can be undone backwards.
    pub(super) fn count_success(&mut self, id: NodeId, status: Status) {
        if status == Status::Succeeded && !self.is_lost(id) {
            self.successes += 1;
            self.nodes[id.0].order = self.successes;
        }
    }

    pub(super) fn undo_started(&mut self, id: NodeId) {
        let is_root = self.root() == Some(id);
        let order = self.undo.as_mut().filter(|_| is_root);
        let to = order.and_then(|order| {
            order.begun = true;
            order.to.clone()
        });
        let after = to.and_then(|to| self.find(&to)).map_or(0, |to| self.node(to).order);
        let mut to_undo = Vec::new();
        self.collect(id, after, &mut to_undo);
        to_undo.sort_by_key(|&step| self.node(step).order);
        for &step in &to_undo {
            if let Form::Leaf(leaf) = &mut self.nodes[step.0].form {
                (leaf.stands, leaf.stuck, leaf.failures) = (None, None, 0);
            }
        }
        if let Form::Body(body) = &mut self.nodes[id.0].form {
            (body.stage, body.to_undo) = (Stage::Undo, to_undo);
            if let Some(timer) = body.deadline.take() {
                self.timers.remove(&timer.id);
            }
        }
        self.refresh_within(id);
    }

    /// The steps in a group that succeeded after a certain one, and those of which nobody knows whether they did.
    fn collect(&self, id: NodeId, after: u64, found: &mut Vec<NodeId>) {
        let node = self.node(id);
        match &node.form {
            Form::Body(body) => body.steps.iter().for_each(|&step| self.collect(step, after, found)),
            Form::Each(each) => each.items.iter().for_each(|&item| self.collect(item, after, found)),
            Form::Leaf(leaf) => {
                let Some(of) = self.leaf_of(id).filter(|of| !of.service) else { return };
                let doubt = matches!(leaf.doing, Doing::InDoubt { repeat: false, .. });
                let succeeded = node.status == Status::Succeeded && node.order > after;
                if succeeded || doubt && node.status.is_end() && of.undo != Compensation::Nothing {
                    found.push(id);
                }
            }
        }
    }

    /// The plan of a `uses:` step.
    pub(crate) fn leaf_of(&self, id: NodeId) -> Option<&Leaf> {
        match self.step(id).map(|step| &step.kind) {
            Some(Kind::Leaf(leaf)) => Some(leaf),
            _ => None,
        }
    }

    pub(super) fn step_undone(&mut self, id: NodeId, at: u64) {
        self.settled_undo(id);
        let node = &mut self.nodes[id.0];
        (node.outputs, node.order) = (std::sync::Arc::default(), 0);
        self.set_status(id, Status::Undone, at);
    }

    pub(super) fn step_stands(&mut self, id: NodeId, why: Standing) {
        if why != Standing::InDoubt {
            self.settled_undo(id);
        }
        self.done_with(id);
        if let Form::Leaf(leaf) = &mut self.nodes[id.0].form {
            leaf.stands = Some(why);
        }
    }

    /// Nothing of the undoing of a step is under way any more.
    fn settled_undo(&mut self, id: NodeId) {
        self.done_with(id);
        if let Form::Leaf(leaf) = &mut self.nodes[id.0].form {
            (leaf.doing, leaf.stuck, leaf.failures) = (Doing::Idle, None, 0);
            if let Some(timer) = leaf.timer.take() {
                self.timers.remove(&timer.id);
            }
        }
    }

    /// A step is no longer among those that are to be undone.
    fn done_with(&mut self, id: NodeId) {
        let Some(group) = self.undoing_around(id) else { return };
        if let Form::Body(body) = &mut self.nodes[group.0].form {
            match body.to_undo.last() {
                Some(&last) if last == id => drop(body.to_undo.pop()),
                _ => body.to_undo.retain(|&step| step != id),
            }
        }
    }

    pub(super) fn undo_failed(&mut self, id: NodeId, error: &StepError) {
        if let Form::Leaf(leaf) = &mut self.nodes[id.0].form {
            (leaf.doing, leaf.stuck) = (Doing::Idle, Some(Box::new(error.clone())));
        }
    }

    pub(super) fn undo_ended(&mut self, id: NodeId, at: u64) {
        let steps: Vec<_> = self.node(id).body().map(|body| body.steps.clone()).unwrap_or_default();
        for step in steps {
            self.mark_undone(step, at);
        }
        if let Form::Body(body) = &mut self.nodes[id.0].form {
            // A `finally:` that has run in this round does not run again.
            let stage = if body.finally.is_empty() { Stage::Steps } else { Stage::Finally };
            (body.stage, body.undone) = (stage, true);
            body.to_undo.clear();
        }
        self.recount(id);
        self.refresh_within(id);
    }

    /// Marks the groups in which something was undone: a later round enters them again. Tells whether something was.
    fn mark_undone(&mut self, id: NodeId, at: u64) -> bool {
        let inside: Vec<_> = match &self.node(id).form {
            Form::Leaf(_) => return self.node(id).status == Status::Undone,
            Form::Body(body) => body.steps.clone(),
            Form::Each(each) => each.items.clone(),
        };
        let mut undone = false;
        for id in inside {
            undone |= self.mark_undone(id, at);
        }
        if undone && self.node(id).status == Status::Succeeded {
            self.nodes[id.0].outputs = std::sync::Arc::default();
            self.set_status(id, Status::Undone, at);
        }
        undone
    }

    /// Whether a group, or the run, is being undone.
    pub fn is_undoing(&self) -> bool {
        let undone = |node: &super::Node| node.body().is_some_and(|body| body.stage == Stage::Undo);
        self.phase == Phase::Undoing || self.nodes().any(|(_, node)| node.status == Status::Active && undone(node))
    }

    /// Whether it ends for good, or is undone: then it does so as it was.
    pub fn is_ending(&self) -> bool {
        self.is_cancelled() || self.is_undoing()
    }

    /// The group around a node that is being undone.
    pub(crate) fn undoing_around(&self, id: NodeId) -> Option<NodeId> {
        let mut at = self.node(id).parent;
        while let Some(parent) = at {
            let node = self.node(parent);
            if node.status == Status::Active && node.body().is_some_and(|body| body.stage == Stage::Undo) {
                break;
            }
            at = node.parent;
        }
        at
    }

    /// Whether a step is the next to be undone in a group.
    pub(crate) fn is_undone_next(&self, group: NodeId, id: NodeId) -> bool {
        self.node(group).body().is_some_and(|body| body.to_undo.last() == Some(&id))
    }

    /// Whether a step that succeeded is the one that is being undone now.
    pub fn is_being_undone(&self, id: NodeId) -> bool {
        self.node(id).status == Status::Succeeded
            && self.undoing_around(id).is_some_and(|group| self.is_undone_next(group, id))
    }

    /// Whether a node is a service that was ready and is not ready again, or a foreach of one.
    pub(crate) fn is_lost(&self, id: NodeId) -> bool {
        match &self.node(id).form {
            Form::Leaf(leaf) => leaf.lost,
            Form::Each(each) => each.lost,
            Form::Body(_) => false,
        }
    }

    /// Whether something can be decided: the run neither stands still nor is about to.
    pub(crate) fn is_under_way(&self) -> bool {
        matches!(self.phase, Phase::Running | Phase::Cancelling | Phase::Undoing)
    }

    /// Whether the attempt that runs is to be stopped together with what it is part of. Of a run that is to be undone, what
    /// runs may finish, but for what only waits or serves.
    pub(super) fn is_asked_to_stop(&self, id: NodeId) -> bool {
        match self.stopping(id) {
            None => false,
            Some(Stopping::Undone) => {
                // One that was permitted ahead is something new while it was not let go.
                let waits = self.node(id).leaf().is_some_and(|leaf| leaf.ahead == Ahead::Waiting);
                waits || self.leaf_of(id).is_some_and(|leaf| leaf.waits || leaf.service)
            }
            Some(Stopping::Cancelled | Stopping::TimedOut) => true,
        }
    }

    /// The services that a step needs, directly or not, up to a group around it.
    pub(crate) fn services_for(&self, id: NodeId, group: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut at = Some(id);
        while let Some(node) = at.filter(|node| *node != group) {
            for need in self.upstream(node) {
                let members = self.node(need).each().map_or(&[][..], |each| &each.items);
                let services = std::iter::once(need).chain(members.iter().copied());
                found.extend(services.filter(|&of| {
                    let is_leaf = self.node(of).leaf().is_some();
                    is_leaf && self.leaf_of(of).is_some_and(|leaf| leaf.service)
                }));
            }
            at = self.node(node).parent;
        }
        found
    }
}

impl Doing {
    /// Whether an attempt runs, or has just ended, that undoes.
    pub fn undoes(&self) -> bool {
        matches!(self, Self::Running { purpose: Purpose::Undo, .. } | Self::Ended { purpose: Purpose::Undo, .. })
    }
}
