//! The tree of a run, fitted to another plan.
//!
//! A step is the same step if it has the same path, or was renamed, and is of the same form. Others are new or gone. What
//! is gone while it is under way ends outside of the tree.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Ahead, Doing, Form, LeafState, Node, NodeId, Role, Stage, State, Status, dependents_of};
use crate::path::Path;
use crate::plan::{Body, Kind, Plan, StepIndex};

/// How a tree was fitted to another plan.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fitted {
    /// Steps that were not there.
    pub(crate) new: BTreeSet<NodeId>,
    /// Steps that are not there any more.
    pub(crate) gone: Vec<Path>,
    /// Steps under way that are something else now, or stand elsewhere: to these a revision must not be applied.
    pub(crate) torn: Vec<Path>,
}

impl State {
    /// Fits the tree to a plan.
    pub(crate) fn fit(&mut self, plan: &Arc<Plan>, renamed: &[(Path, Path)]) -> Fitted {
        self.plan = Arc::clone(plan);
        self.dependents = Arc::new(dependents_of(plan));
        let mut fitting = Fitting { renamed, fitted: Fitted::default(), reached: BTreeSet::new() };
        if let Some(root) = self.root() {
            fitting.reached.insert(root);
            self.fit_body(root, &plan.root.clone(), &Path::root(), &mut fitting);
        }
        for at in 0..self.nodes.len() {
            if !fitting.reached.contains(&NodeId(at)) {
                self.abandon(NodeId(at));
            }
        }
        self.count_running();
        fitting.fitted
    }

    fn fit_body(&mut self, id: NodeId, body: &Body, at: &Path, fitting: &mut Fitting<'_>) {
        let Some(state) = self.node(id).body() else { return };
        let (steps, finally, stage) = (state.steps.clone(), state.finally.clone(), state.stage);
        let root = self.node(id).role == Role::Root;
        if steps.is_empty() && self.node(id).status != Status::Active && !root {
            return;
        }
        let active = self.node(id).status == Status::Active;
        let steps = self.fit_list(id, &body.steps, &steps, at, fitting, (false, true));
        let finally = if stage == Stage::Steps {
            Vec::new()
        } else {
            // What a group that is done would now do in the end is for its next round.
            self.fit_list(id, &body.finally, &finally, at, fitting, (true, active && stage == Stage::Finally))
        };
        if let Form::Body(body) = &mut self.nodes[id.0].form {
            (body.steps, body.finally) = (steps, finally);
        }
    }

    fn fit_list(
        &mut self,
        parent: NodeId,
        list: &[StepIndex],
        before: &[NodeId],
        at: &Path,
        fitting: &mut Fitting<'_>,
        (finally, grows): (bool, bool),
    ) -> Vec<NodeId> {
        let plan = Arc::clone(&self.plan);
        let mut left: Vec<_> = before.iter().map(|&id| (self.node(id).path.clone(), id)).collect();
        let mut made = Vec::new();
        for (position, &index) in list.iter().enumerate() {
            let step = plan.step(index);
            let (here, path) = (at.child(&step.id), self.node(parent).path.child(&step.id));
            let role = Role::Step { position, finally };
            let was = fitting.was(&here).and_then(|id| {
                let found = left.iter().position(|(path, _)| path.last() == id)?;
                Some(left.remove(found))
            });
            match was {
                Some((old, id)) if self.is_of_form(id, index) => {
                    if old != path && self.is_live_within(id) {
                        fitting.fitted.torn.push(old);
                    }
                    if self.node(id).path != path {
                        self.rename(&self.node(id).path.clone(), &path);
                    }
                    self.nodes[id.0].role = role;
                    self.fit_node(id, index, &here, fitting);
                    made.push(id);
                }
                was => {
                    if let Some((old, id)) = was {
                        if self.is_live_within(id) {
                            fitting.fitted.torn.push(old.clone());
                        }
                        fitting.fitted.gone.push(old);
                        self.abandon_within(id);
                    }
                    if grows {
                        if self.is_haunted(&path) {
                            fitting.fitted.torn.push(path.clone());
                        }
                        let id = self.make(path, role, Some(index), Some(parent));
                        fitting.reached.insert(id);
                        fitting.fitted.new.insert(id);
                        self.put_off(id);
                        made.push(id);
                    }
                }
            }
        }
        fitting.fitted.gone.extend(left.into_iter().map(|(path, _)| path));
        made
    }

    fn fit_node(&mut self, id: NodeId, index: StepIndex, at: &Path, fitting: &mut Fitting<'_>) {
        fitting.reached.insert(id);
        self.nodes[id.0].step = Some(index);
        let plan = Arc::clone(&self.plan);
        match (&self.node(id).form, &plan.step(index).kind) {
            (Form::Each(each), _) => {
                for item in each.items.clone() {
                    if self.is_of_form(item, index) {
                        self.fit_node(item, index, at, fitting);
                    }
                }
            }
            (Form::Body(_), Kind::Body { body, .. }) => self.fit_body(id, body, at, fitting),
            _ => {}
        }
    }

    /// Whether a node has the form that a step of the plan has.
    fn is_of_form(&self, id: NodeId, index: StepIndex) -> bool {
        let step = self.plan.step(index);
        let node = self.node(id);
        match &node.form {
            Form::Each(each) => {
                let fits = |item: &NodeId| self.node(*item).leaf().is_some() == matches!(step.kind, Kind::Leaf(_));
                step.foreach.is_some() && each.items.iter().all(fits)
            }
            Form::Leaf(_) => (step.foreach.is_none() || node.item().is_some()) && matches!(step.kind, Kind::Leaf(_)),
            Form::Body(_) => {
                (step.foreach.is_none() || node.item().is_some()) && matches!(step.kind, Kind::Body { .. })
            }
        }
    }

    /// Gives what stands at a path, and all in it, another one. Whoever stood there before takes the old one. The numbers of
    /// attempts never come twice at a path, whoever stands there.
    fn rename(&mut self, from: &Path, to: &Path) {
        let moved: Vec<_> = self.index.keys().filter_map(|path| Some((path.clone(), path.moved(from, to)?))).collect();
        let nodes: Vec<_> = moved.iter().map(|(old, _)| self.index[old]).collect();
        for ((old, new), id) in moved.into_iter().zip(nodes) {
            let other = self.index.get(&new).copied().unwrap_or_else(|| {
                let form = Form::Leaf(LeafState::default());
                let (detached, step, effects) = (true, None, Vec::new());
                self.nodes.push(Node { detached, step, effects, form, outdated: false, ..self.node(id).clone() });
                NodeId(self.nodes.len() - 1)
            });
            let attempts = self.node(id).attempts().max(self.node(other).attempts());
            for node in [id, other] {
                if let Form::Leaf(leaf) = &mut self.nodes[node.0].form {
                    leaf.attempts = attempts;
                }
            }
            self.nodes[other.0].path = old.clone();
            self.index.insert(old, other);
            self.nodes[id.0].path = new.clone();
            self.index.insert(new, id);
        }
    }

    pub(super) fn abandon_within(&mut self, id: NodeId) {
        let children: Vec<_> = self.node(id).children().collect();
        for child in children {
            self.abandon_within(child);
        }
        self.abandon(id);
    }

    /// Takes a node out of the tree. An attempt of it that is under way goes on.
    fn abandon(&mut self, id: NodeId) {
        self.regained(id);
        self.keep_up(id);
        let node = &mut self.nodes[id.0];
        let timers = match &mut node.form {
            Form::Leaf(leaf) => {
                if !matches!(leaf.doing, Doing::Running { .. }) {
                    leaf.doing = Doing::Idle;
                }
                [leaf.timer.take(), leaf.deadline.take()]
            }
            Form::Body(body) => [body.deadline.take(), None],
            Form::Each(_) => [None, None],
        };
        (node.detached, node.step) = (true, None);
        for timer in timers.into_iter().flatten() {
            self.timers.remove(&timer.id);
        }
    }

    /// What takes a slot may be another thing under another plan, and what is gone may be under way.
    pub(super) fn count_running(&mut self) {
        let running = |node: &&Node| node.leaf().is_some_and(|leaf| matches!(leaf.doing, Doing::Running { .. }));
        let all: Vec<_> = (0..self.nodes.len()).map(NodeId).filter(|id| running(&self.node(*id))).collect();
        self.running = all.len();
        let waits = |id: &NodeId| self.node(*id).leaf().is_some_and(|leaf| leaf.ahead == Ahead::Waiting);
        let (waiting, running): (Vec<_>, Vec<_>) = all.into_iter().partition(waits);
        self.ahead = waiting.len();
        self.slots = running.into_iter().filter(|id| self.takes_slot(*id)).count();
        self.leftovers = self.in_flight().filter(|(id, _)| self.node(*id).detached).count();
    }
}

struct Fitting<'a> {
    renamed: &'a [(Path, Path)],
    fitted: Fitted,
    reached: BTreeSet<NodeId>,
}

impl Fitting<'_> {
    /// The id under which a step stood that is now at `here`; none for one that was not there.
    fn was(&self, here: &Path) -> Option<String> {
        match self.renamed.iter().find(|(_, new)| new == here) {
            Some((old, _)) => Some(old.last().to_owned()),
            None if self.renamed.iter().any(|(old, _)| old == here) => None,
            None => Some(here.last().to_owned()),
        }
    }
}
