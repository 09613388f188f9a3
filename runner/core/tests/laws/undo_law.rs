//! The law of undoing.

use runner_core::{Event, Form, NodeId, Stage, State, Status};

use crate::world::World;

impl World {
    /// Undoing goes backwards, leaves nothing out, and takes nothing back that is not there.
    pub(crate) fn hold_undo(&mut self, event: &Event, id: NodeId) {
        let state = &self.folded;
        let mut around = Some(id);
        let group = match event {
            Event::UndoStarted { .. } | Event::UndoEnded { .. } => id,
            _ => loop {
                let parent = around.and_then(|at| state.node(at).parent).expect("a group is undone");
                if state.node(parent).body().is_some_and(|body| body.stage == Stage::Undo) {
                    break parent;
                }
                around = Some(parent);
            },
        };
        let mut left = Vec::new();
        standing(state, group, &mut left);
        match event {
            Event::UndoStarted { path } => {
                self.backwards.insert(path.clone(), u64::MAX);
            }
            Event::UndoEnded { .. } => {
                let to = self.undo_to.as_ref().filter(|_| state.root() == Some(group));
                let after = to.and_then(|to| state.find(to)).map_or(0, |to| state.node(to).order);
                left.retain(|&step| state.node(step).order > after);
                let left: Vec<_> = left.iter().map(|&step| &state.node(step).path).collect();
                assert!(left.is_empty(), "left as it was: {left:?}: {}", self.story());
            }
            _ => {
                let node = state.node(id);
                assert_eq!(node.status, Status::Succeeded, "{event:?} of what is not done");
                let later = left.iter().find(|&&step| state.node(step).order > node.order);
                assert_eq!(
                    later.map(|&step| &state.node(step).path),
                    None,
                    "{event:?}, though this ended later: {}",
                    self.story()
                );
                if matches!(event, Event::StepUndone { .. }) {
                    let before = self.backwards.insert(state.node(group).path.clone(), node.order);
                    assert!(before.is_some_and(|before| node.order < before), "{event:?} is not backwards");
                }
            }
        }
    }
}

/// The steps in a group that have succeeded, are no services, and of which nobody has said that they stand.
fn standing(state: &State, id: NodeId, left: &mut Vec<NodeId>) {
    let node = state.node(id);
    match &node.form {
        Form::Body(body) => body.steps.iter().for_each(|&step| standing(state, step, left)),
        Form::Each(each) => each.items.iter().for_each(|&item| standing(state, item, left)),
        Form::Leaf(leaf) => {
            let kind = state.step(id).map(|step| &step.kind);
            let serves = matches!(kind, Some(runner_core::Kind::Leaf(leaf)) if leaf.service);
            if node.status == Status::Succeeded && leaf.stands.is_none() && !serves {
                left.push(id);
            }
        }
    }
}
