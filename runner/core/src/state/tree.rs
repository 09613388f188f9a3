//! Questions about where nodes stand to each other.

use super::{NodeId, Phase, Role, Stage, State, Status};
use crate::evaluate::Needs;
use crate::event::Reason;
use crate::plan::OnError;

/// Why what is under way in a list is stopped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stopping {
    /// The run was cancelled.
    Cancelled,
    /// A group's or the run's timeout passed.
    TimedOut,
    /// The run is to be undone. What runs may finish, but nothing follows from it.
    Undone,
}

/// What is met first on the way from a node outwards.
enum Way {
    /// The `finally:` of a list.
    Finally,
    /// A group, or the run, whose timeout has passed.
    Expired(NodeId),
    /// Neither.
    Out,
}

impl State {
    /// The list that a step stands in; empty for an item or the run itself.
    pub(crate) fn list_of(&self, id: NodeId) -> &[NodeId] {
        let Role::Step { finally, .. } = self.node(id).role else { return &[] };
        let body = self.node(id).parent.and_then(|parent| self.node(parent).body());
        body.map_or(&[], |body| if finally { &body.finally } else { &body.steps })
    }

    /// The steps that a step waits for.
    pub fn needs_of(&self, id: NodeId) -> impl Iterator<Item = NodeId> + '_ {
        let list = self.list_of(id);
        self.step(id).into_iter().flat_map(|step| &step.needs).filter_map(|&need| list.get(need).copied())
    }

    /// The steps that wait for a step, directly or not.
    pub(crate) fn downstream(&self, id: NodeId) -> Vec<NodeId> {
        let list = self.list_of(id);
        self.reach(id, |id| self.dependents(id).iter().filter_map(|&at| list.get(at).copied()).collect())
    }

    /// The steps that a step waits for, directly or not.
    pub(crate) fn upstream(&self, id: NodeId) -> Vec<NodeId> {
        self.reach(id, |id| self.needs_of(id).collect())
    }

    /// The steps of its list that have surely ended when a step begins: what it waits for, directly or not, and before
    /// `finally` all of the body.
    pub fn settled_before(&self, id: NodeId) -> Vec<NodeId> {
        let mut before = self.upstream(id);
        if let (Role::Step { finally: true, .. }, Some(parent)) = (&self.node(id).role, self.node(id).parent) {
            before.extend(self.node(parent).body().into_iter().flat_map(|body| &body.steps).copied());
        }
        before
    }

    fn reach(&self, from: NodeId, next: impl Fn(NodeId) -> Vec<NodeId>) -> Vec<NodeId> {
        let mut found = Vec::new();
        let mut seen = vec![false; self.nodes.len()];
        let mut open = next(from);
        while let Some(id) = open.pop() {
            if !std::mem::replace(&mut seen[id.0], true) {
                found.push(id);
                open.extend(next(id));
            }
        }
        found
    }

    /// What became of the steps that a step waits for.
    pub fn needs(&self, id: NodeId) -> Needs {
        let success = self.needs_of(id).all(|need| !self.taints(need));
        let failed = |id: NodeId| {
            let node = self.node(id);
            node.blemished || node.status == Status::Failed && self.on_error(id) != OnError::Ignore
        };
        let failure = || {
            // What a `finally:` waits for is the whole list of its group.
            let before = match (&self.node(id).role, self.node(id).parent.and_then(|parent| self.node(parent).body())) {
                (Role::Step { finally: true, .. }, Some(body)) => &body.steps[..],
                _ => &[],
            };
            before.iter().copied().any(failed) || self.upstream(id).into_iter().any(failed)
        };
        Needs { success, failure: self.sees_status(id) && failure() }
    }

    /// Whether a step that ended keeps those that need it from running.
    fn taints(&self, id: NodeId) -> bool {
        let node = self.node(id);
        match node.status {
            Status::Failed => self.on_error(id) == OnError::Stop,
            Status::Cancelled | Status::Undone => true,
            Status::Skipped => matches!(node.reason, Some(Reason::Need | Reason::Stopped)),
            _ => false,
        }
    }

    /// Whether a person has left a step out.
    pub fn is_left_out(&self, id: NodeId) -> bool {
        let selection = &self.plan.selection;
        let finally = |id: &NodeId| matches!(self.node(*id).role, Role::Step { finally: true, .. });
        let ends = || std::iter::successors(Some(id), |id| self.node(*id).parent).any(|id| finally(&id));
        !selection.is_all() && selection.leaves_out(&self.node(id).path, ends())
    }

    /// Whether something that a node needs has not ended, or not any more: a new round has opened it again, or it is a
    /// service that was ready and is gone. Nothing that needs such a service, directly or not, begins before it is ready
    /// again.
    pub(crate) fn lacks_need(&self, id: NodeId) -> bool {
        // What is undone is undone as it was, also where it was to begin anew.
        let undone = self.is_being_undone(id);
        // Together with what it needs it is to begin anew: neither waits for the other to end before that.
        let anew = self.outdated(id);
        let held = |need: NodeId| anew.is_some() && self.outdated(need) == anew;
        let open = |need: NodeId| {
            if undone { !self.node(need).status.is_end() } else { self.is_open(need) && !held(need) }
        };
        let mut at = Some(id);
        while let Some(node) = at {
            if self.needs_of(node).any(open) || self.lost > 0 && self.upstream(node).into_iter().any(open) {
                return true;
            }
            at = self.node(node).parent;
        }
        false
    }

    /// Whether a step has not ended, or is to begin anew.
    pub(crate) fn is_open(&self, id: NodeId) -> bool {
        let node = self.node(id);
        // Where the run, or what is around it, is being ended, it stays what it was.
        let begins = || self.phase == Phase::Running && self.stopping(id).is_none();
        !node.status.is_end() || node.outdated && node.status == Status::Succeeded && begins()
    }

    /// Why what is under way at a node is stopped, if it is. A `finally:` and undoing are not stopped by what their group
    /// or the run was stopped by; but undoing by the run's end for good.
    pub(crate) fn stopping(&self, id: NodeId) -> Option<Stopping> {
        if self.undoing_around(id).is_some() {
            return (self.phase == Phase::Cancelling).then_some(Stopping::Cancelled);
        }
        match self.walk_out(id) {
            Way::Finally => None,
            Way::Expired(_) => Some(Stopping::TimedOut),
            Way::Out => match self.phase {
                Phase::Cancelling => Some(Stopping::Cancelled),
                Phase::Undoing => Some(Stopping::Undone),
                _ => None,
            },
        }
    }

    /// The group around a node, or the run, whose timeout has passed, and so stops it.
    pub(crate) fn expired_around(&self, id: NodeId) -> Option<NodeId> {
        match self.walk_out(id) {
            Way::Expired(around) => Some(around),
            Way::Finally | Way::Out => None,
        }
    }

    fn walk_out(&self, id: NodeId) -> Way {
        let mut at = id;
        loop {
            let node = self.node(at);
            if matches!(node.role, Role::Step { finally: true, .. }) {
                return Way::Finally;
            }
            let Some(parent) = node.parent else { return Way::Out };
            if self.node(parent).body().is_some_and(|body| body.expired) {
                return Way::Expired(parent);
            }
            at = parent;
        }
    }

    /// The nearest group around a node that has not ended. A service lives no longer than it: one that is started anew in
    /// what has ended, because something in there is undone, lives as long as that is.
    pub(crate) fn enclosing(&self, id: NodeId) -> Option<NodeId> {
        let mut at = self.node(id).parent;
        while let Some(parent) = at {
            if self.node(parent).body().is_some() && !self.node(parent).status.is_end() {
                break;
            }
            at = self.node(parent).parent;
        }
        at
    }

    /// Whether a service that is ready is to be stopped.
    pub(crate) fn service_is_over(&self, id: NodeId) -> bool {
        matches!(self.phase, Phase::Interrupting { .. } | Phase::Pausing)
            || self.node(id).detached
            || self.outdated(id).is_some()
            || self
                .enclosing(id)
                .and_then(|body| self.node(body).body())
                .is_none_or(|body| body.stage == Stage::Closing)
    }
}
