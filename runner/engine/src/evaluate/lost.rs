//! Sealed outputs whose key is not there any more, and whether anything still looks at them.

use std::collections::BTreeSet;
use std::sync::Arc;

use runner_core::{Doing, NodeId, Path, Stage, State, StepIndex};
use runner_keeper::seal::Unopened;
use serde_json::Value;

use super::Evaluator;
use super::outputs::fields;
use super::scope::list_around;
use crate::program::steps_of;
use crate::seal::Sealed;

impl Evaluator {
    /// The finished steps whose outputs do not open, and at which something that has not ended looks; each with why.
    pub(super) fn lost_outputs(&self, state: &State) -> Vec<(Path, String)> {
        if !self.program.secretive {
            return Vec::new();
        }
        let succeeded = state.nodes().filter(|(_, node)| node.status == runner_core::Status::Succeeded);
        // A service that lives could say them again, but nothing may run twice beside itself: it is left alone.
        let settled = succeeded.filter(|(_, node)| node.leaf().is_none_or(|leaf| leaf.service.is_none()));
        let lost: Vec<_> = settled.filter_map(|(id, node)| Some((id, self.lack(&node.outputs)?))).collect();
        if lost.is_empty() {
            return Vec::new();
        }
        let looked_at = self.looked_at(state);
        let needed = lost.into_iter().filter(|(id, _)| looked_at.contains(id));
        needed.map(|(id, why)| (state.node(id).path.clone(), why)).collect()
    }

    /// The steps that are in doubt because their outputs did not open, and whose outputs do now.
    pub fn found_again(&self, state: &State) -> Vec<(Path, Value)> {
        let lost = state.nodes().filter(|(_, node)| {
            let in_doubt = node.leaf().is_some_and(|leaf| leaf.lost && matches!(leaf.doing, Doing::InDoubt { .. }));
            in_doubt && !node.status.is_end() && !node.outputs.is_null()
        });
        let found = lost.filter(|(_, node)| self.lack(&node.outputs).is_none());
        found.map(|(_, node)| (node.path.clone(), node.outputs.as_ref().clone())).collect()
    }

    /// Why outputs do not open, if they do not.
    fn lack(&self, outputs: &Arc<Value>) -> Option<String> {
        let outputs = self.large.resolve(outputs);
        let keys = self.seals.keys();
        fields(&outputs).filter_map(|(_, field)| Sealed::of(field)).find_map(|sealed| match sealed.open(&keys) {
            Ok(_) => None,
            Err(Unopened::NoKey(id)) => {
                Some(format!("its output `{}` cannot be opened: {}", sealed.name, self.seals.lack(id)))
            }
            Err(Unopened::Damaged) => Some(format!("its output `{}` is damaged and does not open", sealed.name)),
        })
    }

    /// The steps at which a text of something looks that has not ended.
    fn looked_at(&self, state: &State) -> BTreeSet<NodeId> {
        let mut found = BTreeSet::new();
        for (id, node) in state.nodes().filter(|(_, node)| !node.status.is_end()) {
            let list = list_around(state, id);
            if let Some(step) = node.step {
                self.look(state, list, self.program.steps[step].refers.as_deref(), &mut found);
            }
            let Some(body) = node.body() else {
                // The items of a foreach are asked for themselves once they are there.
                if node.each().is_some_and(|each| each.items.is_empty()) {
                    self.look_of(state, list, self.within(node.step), &mut found);
                }
                continue;
            };
            if body.steps.is_empty() {
                self.look_of(state, list, self.within(node.step), &mut found);
                continue;
            }
            let unit =
                self.definition(state, id).map_or(Some(0), |definition| definition.call.as_ref().map(|call| call.unit));
            let own = self.definition(state, id).map(|definition| &definition.outputs);
            let outputs = unit.map(|unit| &self.program.units[unit].outputs).or(own);
            let texts = outputs.into_iter().flatten().map(|(_, words)| words);
            self.look(state, id, steps_of(texts).as_deref(), &mut found);
            if body.stage == Stage::Steps {
                let finally = self.finally_of(node.step);
                let finally = finally.iter().flat_map(|&step| [step].into_iter().chain(self.within(Some(step))));
                self.look_of(state, id, finally.collect(), &mut found);
            }
        }
        found
    }

    /// Notes the steps that are found under these ids from a list outward; `None`: all of them.
    fn look(&self, state: &State, list: NodeId, ids: Option<&[String]>, found: &mut BTreeSet<NodeId>) {
        let mut at = list;
        loop {
            let named: Vec<_> = match ids {
                Some(ids) => ids.iter().filter_map(|id| state.find(&state.node(at).path.child(id))).collect(),
                None => state.node(at).children().collect(),
            };
            for id in named {
                found.insert(id);
                found.extend(state.node(id).each().iter().flat_map(|each| &each.items));
            }
            if self.is_file(state, at) {
                break;
            }
            at = list_around(state, at);
        }
    }

    fn look_of(&self, state: &State, list: NodeId, steps: Vec<StepIndex>, found: &mut BTreeSet<NodeId>) {
        for step in steps {
            self.look(state, list, self.program.steps[step].refers.as_deref(), found);
        }
    }

    /// The steps inside a group that stand in its own file.
    fn within(&self, group: Option<StepIndex>) -> Vec<StepIndex> {
        let steps = &self.program.steps;
        let inside = |&index: &StepIndex| {
            let mut at = steps[index].parent;
            while let Some(parent) = at {
                if Some(parent) == group {
                    return steps[index].unit == steps[parent].unit;
                }
                at = steps[parent].parent;
            }
            false
        };
        (0..steps.len()).filter(inside).collect()
    }

    /// The steps of a group's `finally:`, or of the run's.
    fn finally_of(&self, group: Option<StepIndex>) -> Vec<StepIndex> {
        match group.map(|step| &self.program.plan.steps[step].kind) {
            None => self.program.plan.root.finally.clone(),
            Some(runner_core::Kind::Body { body, .. }) => body.finally.clone(),
            Some(runner_core::Kind::Leaf(_)) => Vec::new(),
        }
    }
}
