//! What a person said about an attempt in doubt, or about what could not be undone.

use super::{Doing, Form, NodeId, State, Status};
use crate::event::{AttemptResult, Purpose, Settled};

impl State {
    pub(super) fn doubt_settled(&mut self, id: NodeId, attempt: u32, settled: &Settled) {
        let node = &mut self.nodes[id.0];
        // What is in doubt of a step that has succeeded is whether it was undone.
        let purpose = if node.status == Status::Succeeded { Purpose::Undo } else { Purpose::Check };
        let Form::Leaf(leaf) = &mut node.form else { return };
        let why = match &leaf.doing {
            Doing::InDoubt { attempt: in_doubt, why, .. } if *in_doubt == attempt => why.clone(),
            _ if leaf.stuck.take().is_some() => {
                leaf.failures = 0;
                "it failed".to_owned()
            }
            _ => return,
        };
        leaf.doing = match settled {
            Settled::Done { outputs } => {
                Doing::Ended { attempt, purpose, result: AttemptResult::Succeeded { output: outputs.clone() } }
            }
            Settled::Repeat => Doing::InDoubt { attempt, why, repeat: true },
        };
    }
}
