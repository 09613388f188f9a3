//! When a service should be alive.
//!
//! A service that was ready is held while something that needs it may still go on without a person. One that is gone is
//! started anew then, and not before: a run that only pauses again starts nothing.

use super::Machine;
use crate::event::Event;
use crate::plan::Interrupted;
use crate::state::{Doing, Form, Node, NodeId, Phase, Role, Stage, Status};

impl Machine {
    /// Looks at services that are gone, for nothing that needs them goes on without them.
    pub(super) fn wake_services(&mut self) {
        if !self.state.is_under_way() {
            return;
        }
        let succeeded = |(id, node): (NodeId, &Node)| (node.status == Status::Succeeded).then_some(id);
        let services: Vec<_> = self.state.nodes().filter_map(succeeded).collect();
        for id in services {
            if self.is_current(self.state.foreach_of(id).unwrap_or(id)) {
                self.keep_service(id);
            }
        }
    }

    /// A finished service that no longer lives is started anew while something needs it.
    fn keep_service(&mut self, id: NodeId) {
        let Some((leaf, state)) = self.leaf(id) else { return };
        if leaf.service
            && state.service.is_none()
            && self.state.node(id).status == Status::Succeeded
            && self.is_wanted(id)
        {
            let path = self.state.node(id).path.clone();
            self.emit(Event::ServiceLost { path, failed: false });
        }
    }

    /// Whether a service that is ready should be alive.
    pub(super) fn is_wanted(&self, id: NodeId) -> bool {
        self.state.is_under_way()
            && self.state.outdated(id).is_none()
            && !self.state.service_is_over(id)
            && self.state.stopping(id).is_none()
            && self.is_needed(id)
    }

    /// Whether a step that waits for a service, directly or not, has not ended and may go on. Items are asked through their
    /// foreach.
    fn is_needed(&self, id: NodeId) -> bool {
        let step = match self.state.node(id).role {
            Role::Item(_) => self.state.node(id).parent.unwrap_or(id),
            _ => id,
        };
        self.state.downstream(step).into_iter().any(|later| self.may_go_on(later))
    }

    /// Whether anything of a step may still be done before a person has decided something.
    fn may_go_on(&self, id: NodeId) -> bool {
        let node = self.state.node(id);
        match (node.status, &node.form) {
            (status, _) if status.is_end() || node.outdated => false,
            (Status::Pending, _) => {
                !node.asks() && !self.state.upstream(id).into_iter().any(|before| self.awaits_person(before))
            }
            // Its work is done; only its end is not a fact yet.
            (_, Form::Leaf(leaf)) => !self.awaits_person(id) && !matches!(leaf.doing, Doing::Ended { .. }),
            (_, Form::Body(body)) if body.stage == Stage::Undo => self.undo_awaits_a_person(body) != Some(true),
            _ => node.children().any(|child| self.may_go_on(child)),
        }
    }

    /// Whether something in a step that has not ended waits for a person.
    fn awaits_person(&self, id: NodeId) -> bool {
        let node = self.state.node(id);
        node.asks()
            || !node.status.is_end()
                && match &node.form {
                    Form::Leaf(leaf) => {
                        *self.state.phase() == Phase::Running
                            && matches!(leaf.doing, Doing::InDoubt { repeat: false, .. })
                            && self.interrupted_rule(id) == Interrupted::Stop
                    }
                    Form::Body(body) if body.stage == Stage::Undo => self.undo_awaits_a_person(body) == Some(true),
                    _ => node.children().any(|child| self.awaits_person(child)),
                }
    }
}
