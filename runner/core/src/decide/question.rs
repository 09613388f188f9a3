//! Steps that a person has to answer for before they go on.
//!
//! What is asked is a fact, and so is the answer: nothing waits in between but the state. A step with `confirm` goes on once
//! somebody agreed; one that is a question ends with the answer.

use super::Machine;
use crate::error::{ErrorKind, StepError};
use crate::evaluate::Evaluate;
use crate::event::Event;
use crate::path::Path;
use crate::state::{Answer, NodeId, Phase, Status};

impl Machine {
    /// Whether somebody answers questions as they are asked. While nobody does, a run pauses for them.
    pub fn attend(&mut self, attended: bool) {
        self.attended = attended;
    }

    /// The steps that wait for a person's answer.
    pub fn questions(&self) -> Vec<Path> {
        self.state.nodes().filter(|(_, node)| node.asks()).map(|(_, node)| node.path.clone()).collect()
    }

    pub(super) fn is_answered(&self) -> bool {
        self.attended && self.state.has_questions()
    }

    /// A person answered.
    pub(super) fn answer(&mut self, path: Path, answer: Answer) {
        if !self.state.find(&path).is_some_and(|id| self.state.node(id).asks()) {
            return;
        }
        let Answer { by, approved, comment, output } = answer;
        self.emit(Event::QuestionAnswered { path, by, approved, comment, output });
        self.wake_services();
    }

    /// Whether a step may begin: nobody need be asked, or somebody agreed.
    pub(super) fn is_confirmed(&mut self, id: NodeId, evaluate: &dyn Evaluate) -> bool {
        if !self.state.step(id).is_some_and(|step| step.confirm) {
            return true;
        }
        match self.asked(id, evaluate) {
            Some(answer) if answer.approved => true,
            Some(answer) => {
                self.fail(id, refused(&answer));
                false
            }
            None => false,
        }
    }

    /// A step that is a question: it ends with the answer.
    pub(super) fn approve(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        let Some(answer) = self.asked(id, evaluate) else { return };
        if !answer.approved {
            return self.fail(id, refused(&answer));
        }
        match evaluate.outputs(&self.state, id, &answer.output) {
            Ok(outputs) => {
                let (path, outputs) = (self.state.node(id).path.clone(), outputs.or(Some(answer.output)));
                self.emit(Event::StepFinished { path, status: Status::Succeeded, outputs, error: None });
            }
            Err(error) => self.fail(id, error),
        }
    }

    /// The answer of a person, who is asked if they were not yet.
    fn asked(&mut self, id: NodeId, evaluate: &dyn Evaluate) -> Option<Answer> {
        let answer = self.state.node(id).question.as_ref().map(|question| question.answer.clone());
        if let Some(Some(answer)) = answer {
            return Some(answer);
        }
        // Nobody is asked while the run ends for good.
        if *self.state.phase() == Phase::Cancelling {
            self.fail(id, StepError::new(ErrorKind::Cancelled, "nobody had answered when the run was cancelled"));
            return None;
        }
        if answer.is_some() {
            return None;
        }
        match evaluate.question(&self.state, id) {
            Ok(question) => {
                let path = self.state.node(id).path.clone();
                self.emit(Event::QuestionAsked { path, question });
            }
            Err(error) => self.fail(id, error),
        }
        None
    }
}

fn refused(answer: &Answer) -> StepError {
    let said = answer.comment.as_ref().map(|comment| format!(": {comment}")).unwrap_or_default();
    StepError::new(ErrorKind::Permanent, format!("rejected by {}{said}", answer.by))
}
