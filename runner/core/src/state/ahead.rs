//! Attempts that are permitted ahead of their turn.
//!
//! Such an attempt counts as started from its permission on: it may run at any moment after it. What it does not do is
//! take a slot before what it needs has ended, for it takes over the one of what it waits for.

use super::{Ahead, Doing, Form, NodeId, State, Status};

impl State {
    /// The attempt that has just been started was permitted ahead of its turn.
    pub(super) fn permitted(&mut self, id: NodeId) {
        let waits = self.is_before_its_turn(id);
        let slot = self.takes_slot(id);
        let Form::Leaf(leaf) = &mut self.nodes[id.0].form else { return };
        leaf.ahead = if waits { Ahead::Waiting } else { Ahead::Come };
        if waits {
            self.ahead += 1;
            self.slots = self.slots.saturating_sub(usize::from(slot));
        }
    }

    /// Whether something in its own list that a step needs has not ended.
    fn is_before_its_turn(&self, id: NodeId) -> bool {
        self.needs_of(id).any(|need| !self.node(need).status.is_end())
    }

    /// A step has ended: it is the turn of what was permitted to follow it.
    pub(super) fn turns_come(&mut self, id: NodeId, at: u64) {
        if self.ahead == 0 {
            return;
        }
        let list = self.list_of(id);
        let waiting = |later: &NodeId| self.node(*later).leaf().is_some_and(|leaf| leaf.ahead == Ahead::Waiting);
        let later = self.dependents(id).iter().filter_map(|&at| list.get(at).copied()).filter(waiting);
        for later in later.collect::<Vec<_>>() {
            if !self.is_before_its_turn(later) {
                self.turn_comes(later, at);
            }
        }
    }

    fn turn_comes(&mut self, id: NodeId, at: u64) {
        let slot = self.takes_slot(id);
        let node = &mut self.nodes[id.0];
        let Form::Leaf(leaf) = &mut node.form else { return };
        leaf.ahead = Ahead::Come;
        node.started = Some(at);
        self.dirty.mark(id);
        self.ahead = self.ahead.saturating_sub(1);
        self.slots += usize::from(slot);
        // Of a run that is to be undone, one that was let go may finish.
        self.refresh(id);
    }

    /// An attempt that was permitted ahead has ended, or was never let go: then its step is as if it had not been.
    pub(super) fn permission_ended(&mut self, id: NodeId, at: u64) {
        let Form::Leaf(leaf) = &mut self.nodes[id.0].form else { return };
        if leaf.doing == Doing::Idle {
            leaf.ahead = Ahead::No;
            self.set_status(id, Status::Pending, at);
            self.nodes[id.0].started = None;
        } else if leaf.ahead == Ahead::Waiting {
            leaf.ahead = Ahead::Come;
        }
    }
}
