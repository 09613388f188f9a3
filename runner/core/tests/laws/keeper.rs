//! What a keeper does with attempts that were permitted ahead of their turn.

use runner_core::{Ahead, AttemptResult, Path};

use crate::world::{Outside, World};

impl World {
    /// What the keeper does with what was permitted ahead: it lets go of each once what it needs has ended well and there
    /// is a place, and of none after an end that is no success.
    pub(crate) fn let_go(&mut self) {
        loop {
            let queued = self.outside.iter().filter(|(_, how)| matches!(how, Outside::Queued(_)));
            let next = queued.map(|(key, _)| key.clone()).find(|(path, _)| self.turn_has_come(path));
            let Some(key) = next else { return };
            let Some(Outside::Queued(purpose)) = self.outside.get(&key).cloned() else { return };
            self.outside.insert(key, Outside::Alive(purpose));
        }
    }

    fn turn_has_come(&self, path: &Path) -> bool {
        let Some(id) = self.state().find(path) else { return false };
        let mut needs = self.state().needs_of(id).map(|need| self.state().node(need));
        (!self.takes_slot(path) || self.slots() < self.parallel) && needs.all(|need| self.went_well(need))
    }

    /// Whether a step has ended, or its last attempt has succeeded outside.
    fn went_well(&self, node: &runner_core::Node) -> bool {
        let last = self.outside.get(&(node.path.clone(), node.attempts()));
        node.status.is_end() || matches!(last, Some(Outside::Gone(AttemptResult::Succeeded { .. })))
    }

    /// The keeper takes back all that it has not let go.
    pub(crate) fn take_back(&mut self) {
        for how in self.outside.values_mut().filter(|how| matches!(how, Outside::Queued(_))) {
            *how = Outside::Gone(AttemptResult::NotStarted);
        }
    }

    pub(crate) fn ahead(&self, path: &Path) -> Ahead {
        let leaf = self.state().find(path).and_then(|id| self.state().node(id).leaf());
        leaf.map_or(Ahead::No, |leaf| leaf.ahead)
    }

    /// Slots that are taken outside.
    pub(crate) fn slots(&self) -> usize {
        self.outside.iter().filter(|((path, _), how)| matches!(how, Outside::Alive(_)) && self.takes_slot(path)).count()
    }
}
