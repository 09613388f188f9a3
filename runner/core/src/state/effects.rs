//! What is to be under way outside, node by node.

use super::{Doing, Form, NodeId, Phase, State};
use crate::effect::{Change, Effect};

impl State {
    /// The effects of one node.
    fn effects_of(&self, id: NodeId) -> Vec<Effect> {
        let mut effects = Vec::new();
        if matches!(self.phase, Phase::Ended(_)) {
            return effects;
        }
        let node = self.node(id);
        let kill = self.phase == Phase::Interrupting { kill: true };
        let timers = match &node.form {
            Form::Leaf(leaf) => {
                let path = || node.path.clone();
                if let Doing::Running { attempt, purpose } = leaf.doing {
                    effects.push(Effect::Execute { path: path(), attempt, purpose });
                    let interrupting = matches!(self.phase, Phase::Interrupting { .. });
                    if interrupting || leaf.expired || leaf.doomed.is_some() || self.is_asked_to_stop(id) {
                        effects.push(Effect::Stop { path: path(), attempt, kill });
                    }
                }
                if let Some(attempt) = leaf.service {
                    effects.push(Effect::Hold { path: path(), attempt });
                    if self.service_is_over(id) {
                        effects.push(Effect::Stop { path: path(), attempt, kill });
                    }
                }
                [leaf.timer, leaf.deadline]
            }
            Form::Body(body) => [body.deadline, None],
            Form::Each(_) => [None, None],
        };
        if node.asks() && !node.detached && matches!(self.phase, Phase::Running | Phase::Undoing) {
            effects.push(Effect::Ask { path: node.path.clone() });
        }
        let timer = |timer: super::Timer| Effect::Timer { timer: timer.id, at: timer.at, duration: timer.duration };
        effects.extend(timers.into_iter().flatten().map(timer));
        effects
    }

    /// Brings one node's effects up to date.
    pub(super) fn refresh(&mut self, id: NodeId) {
        let effects = self.effects_of(id);
        let before = &self.nodes[id.0].effects;
        if *before == effects {
            return;
        }
        let ceased = before.iter().filter(|effect| !effects.contains(effect)).cloned().map(Change::Cease);
        let begun = effects.iter().filter(|effect| !before.contains(effect)).cloned().map(Change::Begin);
        let changes: Vec<_> = ceased.chain(begun).collect();
        self.changes.extend(changes);
        self.nodes[id.0].effects = effects;
    }

    /// Brings the effects of a node and all in it up to date.
    pub(super) fn refresh_within(&mut self, id: NodeId) {
        // What is gone stands in nothing any more.
        if self.leftovers > 0 {
            return self.refresh_all();
        }
        self.refresh(id);
        let children: Vec<_> = self.node(id).children().collect();
        for child in children {
            self.refresh_within(child);
        }
    }

    /// Brings all effects up to date, after a fact that concerns many nodes.
    pub(super) fn refresh_all(&mut self) {
        for at in 0..self.nodes.len() {
            self.refresh(NodeId(at));
        }
    }

    /// All effects, computed anew from the state. Equal to [`Self::effects`] at every instant.
    pub fn effects_afresh(&self) -> Vec<Effect> {
        (0..self.nodes.len()).flat_map(|at| self.effects_of(NodeId(at))).collect()
    }
}
