//! A revision, applied: what changed begins anew.
//!
//! What is to begin anew while something of it is under way is *outdated*: nothing new starts in it, and once nothing of it
//! is under way it is reset (`StepReopened`).

use std::sync::Arc;

use super::{Doing, Form, Node, NodeId, Role, Stage, State, Status};
use crate::event::Item;
use crate::path::Path;
use crate::plan::{Interrupted, Kind};
use crate::revision::{Amendment, Revision};

impl State {
    pub(super) fn revised(&mut self, revision: &Revision) {
        self.record = Arc::new(revision.record.clone());
        self.fit(&revision.plan, &revision.renamed);
        for amendment in &revision.amendments {
            self.amend(amendment);
        }
        if let Some(root) = self.root() {
            self.settle_within(root);
        }
        self.refresh_all();
    }

    /// Applies what follows from a revision for one step.
    pub(crate) fn amend(&mut self, amendment: &Amendment) {
        let (Amendment::Entered { path, .. }
        | Amendment::Expanded { path, .. }
        | Amendment::Computed { path, .. }
        | Amendment::Opened { path }
        | Amendment::Known { path, .. }
        | Amendment::Reopened { path }) = amendment;
        let Some(id) = self.find(path) else { return };
        match amendment {
            Amendment::Entered { record, .. } => {
                if let Form::Body(body) = &mut self.nodes[id.0].form {
                    body.record = Arc::new(record.clone());
                }
            }
            Amendment::Expanded { items, .. } => self.expand_anew(id, items),
            Amendment::Computed { outputs, .. } => self.nodes[id.0].outputs = Arc::new(outputs.clone()),
            Amendment::Known { fingerprint, .. } => {
                if let Form::Leaf(leaf) = &mut self.nodes[id.0].form {
                    fingerprint.clone_into(&mut leaf.fingerprint);
                }
            }
            Amendment::Opened { .. } => {
                if !self.is_being_ended(id) {
                    self.open(id);
                }
            }
            Amendment::Reopened { .. } => {
                if self.may_reset(id) {
                    self.begin_anew(id);
                } else {
                    self.outdate(id);
                }
            }
        }
    }

    /// A node of which nothing is under way begins anew: at once, or when somebody has said what became of attempts in doubt
    /// in it. (Those of what was stopped with the group around it had been left for another round.)
    fn begin_anew(&mut self, id: NodeId) {
        if self.is_live_within(id) {
            self.outdate(id);
            self.ask_within(id);
        } else {
            self.reset(id);
        }
    }

    /// Asks anew about what had been left in doubt in a node; a group whose `finally:` was under way is back before it. Tells
    /// whether there was anything.
    fn ask_within(&mut self, id: NodeId) -> bool {
        let node = self.node(id);
        let mut asked = node.status.is_end() && self.is_in_doubt(id);
        if asked {
            self.reopen_doubt(id);
        }
        let children: Vec<_> = self.node(id).children().collect();
        let mut before = false;
        for child in children {
            if self.ask_within(child) {
                asked = true;
                before |= !matches!(self.node(child).role, Role::Step { finally: true, .. });
            }
        }
        let under_way = self.node(id).status == Status::Active;
        if before && under_way && self.node(id).body().is_some_and(|body| body.stage != Stage::Steps) {
            self.open(id);
        }
        asked
    }

    fn expand_anew(&mut self, id: NodeId, items: &[Item]) {
        let Some(each) = self.node(id).each() else { return };
        let mut left = each.items.clone();
        let (path, step) = (self.node(id).path.clone(), self.node(id).step);
        let mut made = Vec::new();
        for item in items {
            let known = left.iter().position(|node| self.node(*node).item().is_some_and(|of| of.key == item.key));
            let role = Role::Item(Arc::new(item.clone()));
            made.push(if let Some(known) = known.map(|at| left.remove(at)) {
                self.nodes[known.0].role = role;
                known
            } else {
                let made = self.make(path.item(&item.key), role, step, Some(id));
                self.put_off(made);
                made
            });
        }
        for gone in left {
            self.abandon_within(gone);
        }
        if let Form::Each(each) = &mut self.nodes[id.0].form {
            each.items = made;
        }
        self.count_running();
    }

    /// Counts everything in a node afresh, and opens what has ended and holds something that has not.
    fn settle_within(&mut self, id: NodeId) {
        let children: Vec<_> = self.node(id).children().collect();
        for child in children {
            self.settle_within(child);
        }
        self.settle(id);
    }

    /// Counts a node's members afresh, and opens it if it has ended and one of them has not.
    pub(crate) fn settle(&mut self, id: NodeId) {
        let node = self.node(id);
        if node.leaf().is_some() || matches!(node.status, Status::Pending | Status::Skipped) {
            return;
        }
        // What is to begin anew keeps it open only by what has yet to be settled before.
        let open =
            |id: &NodeId| !self.node(*id).status.is_end() && (!self.node(*id).outdated || self.is_live_within(*id));
        let begins = node.status != Status::Active && node.children().any(|child| open(&child));
        if begins { self.open(id) } else { self.recount(id) }
    }

    /// Makes a group or foreach that had ended active again: a group goes on with its steps.
    pub(super) fn open(&mut self, id: NodeId) {
        if let Some(body) = self.node(id).body() {
            for step in body.finally.clone() {
                self.reset(step);
                self.detach(step);
            }
        }
        if let Form::Body(body) = &mut self.nodes[id.0].form {
            (body.stage, body.expired) = (Stage::Steps, false);
            body.finally.clear();
            if let Some(timer) = body.deadline.take() {
                self.timers.remove(&timer.id);
            }
        }
        self.nodes[id.0].outputs = Arc::default();
        self.reopen(id);
    }

    /// A node that was outdated begins anew, and so does what it stands in.
    pub(super) fn step_reopened(&mut self, id: NodeId) {
        self.begin_anew(id);
        self.settle_within(id);
        let mut at = self.node(id).parent;
        let mut within = id;
        while let Some(parent) = at {
            let own = matches!(self.node(within).role, Role::Step { finally: true, .. });
            if !own && self.node(parent).body().is_some_and(|body| body.stage != Stage::Steps) {
                self.open(parent);
            } else {
                self.settle(parent);
            }
            (within, at) = (parent, self.node(parent).parent);
        }
        self.refresh_all();
    }

    pub(super) fn outdate(&mut self, id: NodeId) {
        self.outdated += usize::from(!std::mem::replace(&mut self.nodes[id.0].outdated, true));
    }

    /// It is not outdated any more.
    pub(super) fn keep_up(&mut self, id: NodeId) {
        self.outdated -= usize::from(std::mem::take(&mut self.nodes[id.0].outdated));
    }

    /// The outermost outdated node around a node, or itself. What is undone is so as it was.
    pub(crate) fn outdated(&self, id: NodeId) -> Option<NodeId> {
        let mut found = None;
        let mut at = (self.outdated > 0 && self.undoing_around(id).is_none()).then_some(id);
        while let Some(node) = at {
            found = if self.node(node).outdated { Some(node) } else { found };
            at = self.node(node).parent;
        }
        found
    }

    /// A node that was not there begins once the `finally:` that is under way is over.
    pub(super) fn put_off(&mut self, id: NodeId) {
        if self.is_being_ended(id) {
            self.outdate(id);
        }
    }

    /// Whether the list in which a node stands, or one around it, has ended, and its `finally:` is under way.
    pub(crate) fn is_being_ended(&self, id: NodeId) -> bool {
        let mut at = id;
        while let Some(parent) = self.node(at).parent {
            let node = self.node(parent);
            let finally = matches!(self.node(at).role, Role::Step { finally: true, .. });
            let own = if finally { Stage::Finally } else { Stage::Steps };
            if node.status == Status::Active && node.body().is_some_and(|body| body.stage != own) {
                return true;
            }
            at = parent;
        }
        false
    }

    /// Whether a node may begin anew now: nothing in it is under way, nor the end of the list in which it stands.
    pub(crate) fn may_reset(&self, id: NodeId) -> bool {
        !self.is_being_ended(id) && !self.is_busy_within(id)
    }

    /// The outermost outdated nodes among the steps of a group, whose `finally:` belongs to its round.
    pub(crate) fn outdated_in(&self, id: NodeId) -> Vec<NodeId> {
        let mut found = Vec::new();
        let steps = self.node(id).body().filter(|_| self.outdated > 0);
        let mut open: Vec<_> = steps.map(|body| body.steps.clone()).unwrap_or_default();
        while let Some(id) = open.pop() {
            if self.node(id).outdated { found.push(id) } else { open.extend(self.node(id).children()) }
        }
        found
    }

    /// Whether an attempt of a node, or of something in it, is under way or being asked about.
    pub(crate) fn is_busy_within(&self, id: NodeId) -> bool {
        let node = self.node(id);
        let busy = self.is_live(id) && !(node.status.is_end() && self.is_in_doubt(id));
        // What runs out of time ends first.
        let expired = node.status == Status::Active && node.body().is_some_and(|body| body.expired);
        busy || expired || node.children().any(|child| self.is_busy_within(child))
    }

    /// The same, or somebody has yet to be asked about one.
    pub(crate) fn is_live_within(&self, id: NodeId) -> bool {
        self.is_live(id) || self.node(id).children().any(|child| self.is_live_within(child))
    }

    fn is_in_doubt(&self, id: NodeId) -> bool {
        self.node(id).leaf().is_some_and(|leaf| matches!(leaf.doing, Doing::InDoubt { .. }))
    }

    fn is_live(&self, id: NodeId) -> bool {
        let asked = match self.step(id).map(|step| &step.kind) {
            Some(Kind::Leaf(leaf)) => !leaf.may_repeat() && leaf.interrupted != Interrupted::Repeat,
            _ => true,
        };
        self.node(id).leaf().is_some_and(|leaf| match leaf.doing {
            Doing::Running { .. } => true,
            Doing::InDoubt { repeat, .. } => asked && !repeat,
            _ => leaf.service.is_some(),
        })
    }

    /// Whether attempts of steps that are gone are still under way.
    pub(crate) fn has_leftovers(&self) -> bool {
        self.leftovers > 0
    }

    /// Whether an attempt of a step that is gone and stood at a path, or below it, is still under way.
    pub(crate) fn is_haunted(&self, path: &Path) -> bool {
        self.leftovers > 0
            && self.in_flight().any(|(id, _)| {
                let node = self.node(id);
                node.detached && node.path.moved(path, path).is_some()
            })
    }

    /// The attempts in flight, also of steps that are gone: the node, and the attempt's number.
    pub fn in_flight(&self) -> impl Iterator<Item = (NodeId, u32)> + '_ {
        self.nodes.iter().enumerate().filter_map(|(at, node)| Some((NodeId(at), in_flight(node)?)))
    }
}

/// The attempt of a step that was running, or held as a service.
fn in_flight(node: &Node) -> Option<u32> {
    let leaf = node.leaf()?;
    match leaf.doing {
        Doing::Running { attempt, .. } => Some(attempt),
        _ => leaf.service,
    }
}
