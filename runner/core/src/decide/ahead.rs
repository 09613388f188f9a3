//! Steps that are permitted ahead of their turn.
//!
//! Starting a process takes longer than making a fact durable, so a step whose start depends on nothing but the success of
//! what it waits for may be started before that is known: its attempt is a fact, and the keeper lets go of it once what
//! it waits for has exited well, or once there is a place for it. Any other end than a success takes back all that was not
//! let go. After a power cut such an attempt is one more in doubt; so its own rule must be to repeat it.

use std::collections::BTreeSet;

use super::Machine;
use crate::evaluate::Evaluate;
use crate::event::{AttemptResult, Purpose, Reason};
use crate::path::Path;
use crate::plan::{Interrupted, Kind, Leaf, When};
use crate::state::{Ahead, Doing, NodeId, Phase, Role, Status};

impl Machine {
    /// Permits a step that waits for others, if it may be.
    pub(super) fn permit(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        if !self.is_permissible(id) || !self.queue.is_empty() || !self.needs_may_succeed(id) {
            return;
        }
        if !self.state.may_look_ahead() {
            self.later.insert(id);
            return;
        }
        if evaluate.ahead(&self.state, id) {
            // One that cannot be rendered fails when its turn has come.
            let _ = self.start_attempt(id, Purpose::Run, true, evaluate);
        }
    }

    /// Whether a step that waits for a slot may be permitted to take the next one.
    pub(super) fn may_queue(&self, id: NodeId, evaluate: &dyn Evaluate) -> bool {
        (self.queue.is_empty() || self.first == Some(id))
            && self.state.queue_is_short()
            && self.is_permissible(id)
            && evaluate.ahead(&self.state, id)
    }

    /// Whether an attempt that may begin has no slot yet.
    pub(super) fn waits_for_slot(&self, id: NodeId) -> bool {
        self.state.takes_slot(id) && !self.state.slot_is_free()
    }

    /// What a step's own definition must be for it to be permitted ahead, and what the run must be.
    fn is_permissible(&self, id: NodeId) -> bool {
        let node = self.state.node(id);
        let body = node.parent.map(|parent| self.state.node(parent));
        let halted = body.and_then(|parent| parent.body()).is_some_and(|body| body.halted);
        self.recovered
            && *self.state.phase() == Phase::Running
            && !halted
            && node.status == Status::Pending
            && node.leaf().is_some()
            && self.state.step(id).is_some_and(|step| match &step.kind {
                Kind::Leaf(leaf) => {
                    let asks = step.confirm || leaf.approval;
                    !asks && step.when == When::Success && is_plain(leaf) && leaf.interrupted == Interrupted::Repeat
                }
                Kind::Body { .. } => false,
            })
    }

    /// Whether everything that a step needs has succeeded, or is an attempt under way that says so when it does.
    fn needs_may_succeed(&self, id: NodeId) -> bool {
        self.state.needs(id).success
            && !self.state.has_lost()
            && self.state.needs_of(id).all(|need| {
                let node = self.state.node(need);
                let plain =
                    matches!(self.state.step(need).map(|step| &step.kind), Some(Kind::Leaf(leaf)) if is_plain(leaf));
                let runs =
                    node.leaf().is_some_and(|leaf| matches!(leaf.doing, Doing::Running { purpose: Purpose::Run, .. }));
                node.status.is_end() || plain && runs
            })
    }

    /// Whether a step has ended, or its attempt has, well.
    fn went_well(&self, id: NodeId) -> bool {
        let node = self.state.node(id);
        let doing = node.leaf().map(|leaf| &leaf.doing);
        node.status.is_end() || matches!(doing, Some(Doing::Ended { result: AttemptResult::Succeeded { .. }, .. }))
    }

    /// Whoever may be permitted now that an attempt of what it waits for is under way.
    pub(super) fn touch_permissible(&mut self, id: NodeId) {
        if !matches!(self.state.node(id).role, Role::Step { .. }) {
            return;
        }
        let list = self.state.list_of(id);
        let later = self.state.dependents(id).iter().filter_map(|&at| list.get(at).copied());
        let pending: Vec<_> = later.filter(|&later| self.state.node(later).status == Status::Pending).collect();
        for later in pending {
            self.touch(later);
        }
    }

    /// Looks at whoever is first in line, if there is a place now.
    pub(super) fn call_next(&mut self, evaluate: &dyn Evaluate) {
        self.first = self.queue.front().copied();
        if let Some(id) = self.first {
            if self.state.slot_is_free() || self.may_queue(id, evaluate) {
                self.queue.pop_front();
                self.queued.remove(&id);
                self.touch(id);
            }
        } else if self.state.may_look_ahead()
            && let Some(id) = self.later.pop_first()
        {
            self.touch(id);
        }
    }

    /// What became of a permission whose attempt is over, or in doubt: nothing follows from it before its turn has come. If
    /// what it needs then did not succeed, it is skipped as it would have been. `true`: there is no more to do.
    pub(super) fn settle_permission(&mut self, id: NodeId) -> bool {
        let runs = matches!(self.state.node(id).leaf().map(|leaf| &leaf.doing), Some(Doing::Running { .. }));
        if runs || self.state.stopping(id).is_some() {
            return false;
        }
        if self.lacks_need(id) {
            return true;
        }
        if self.state.needs(id).success || *self.state.phase() != Phase::Running {
            return false;
        }
        self.skip(id, Reason::Need);
        true
    }

    /// What was let go after something of which nobody knows any more that it succeeded is in doubt, too.
    pub(super) fn doubt_what_ran_too_early(&self, ended: &mut [(NodeId, Path, u32, AttemptResult)]) {
        let is_known =
            |result: &AttemptResult| !matches!(result, AttemptResult::NotStarted | AttemptResult::InDoubt { .. });
        let succeeded = ended.iter().filter(|(.., result)| matches!(result, AttemptResult::Succeeded { .. }));
        let mut succeeded: BTreeSet<NodeId> = succeeded.map(|(id, ..)| *id).collect();
        let waits = |id: NodeId| self.state.node(id).leaf().is_some_and(|leaf| leaf.ahead == Ahead::Waiting);
        loop {
            let open = |need: NodeId| !succeeded.contains(&need) && !self.went_well(need);
            let early = |(id, .., result): &&mut (NodeId, Path, u32, AttemptResult)| {
                waits(*id) && is_known(result) && self.state.needs_of(*id).any(open)
            };
            let Some((id, .., result)) = ended.iter_mut().find(early) else { return };
            *result = AttemptResult::InDoubt { why: "what it was to follow is in doubt".to_owned() };
            let id = *id;
            succeeded.remove(&id);
        }
    }
}

/// Whether an attempt's success is the step's.
fn is_plain(leaf: &Leaf) -> bool {
    leaf.until.is_none() && !leaf.service
}
