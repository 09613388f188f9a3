//! What a person is asked, and what they answered.

use serde_json::Value;

use super::{Answer, NodeId, Question, State};

impl State {
    pub(super) fn question_asked(&mut self, id: NodeId, asked: &Value) {
        self.nodes[id.0].question = Some(Box::new(Question { asked: asked.clone(), answer: None }));
    }

    pub(super) fn question_answered(&mut self, id: NodeId, answer: Answer) {
        if let Some(question) = &mut self.nodes[id.0].question {
            question.answer.get_or_insert(answer);
        }
    }

    /// Whether some step waits for a person's answer.
    pub fn has_questions(&self) -> bool {
        self.nodes().any(|(_, node)| node.asks())
    }
}
