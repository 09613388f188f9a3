//! What a person is asked.

use runner_core::{ErrorKind, NodeId, State, StepError};
use serde_json::{Value, json};

use super::{Evaluator, Sight, item};
use crate::expression::Scope;
use crate::program::Definition;

impl Evaluator {
    pub(super) fn answer_question(&self, state: &State, node: NodeId) -> Result<Value, StepError> {
        let Some(definition) = self.definition(state, node) else { return Ok(Value::Null) };
        let scope = self.scope(state, node, Sight::Value);
        let question = match &definition.confirm {
            Some(confirm) => json!({"kind": "confirm", "message": confirm.render_text(&scope)?}),
            None => form(definition, &scope)?,
        };
        match self.secret_in(&question) {
            Some(name) => Err(item::leaks(&name, "a question")),
            None => Ok(question),
        }
    }
}

fn form(definition: &Definition, scope: &Scope) -> Result<Value, StepError> {
    let Some(uses) = &definition.uses else { return Ok(Value::Null) };
    let with = Value::Object(uses.with.render(scope)?);
    let wrong = |message: String| StepError::new(ErrorKind::Input, message);
    let instance = uses.step.decode(with.clone()).map_err(|error| wrong(error.to_string()))?;
    instance.validate().map_err(crate::driver::error::of_step)?;
    Ok(json!({"kind": "approval", "message": with["message"], "inputs": with["inputs"]}))
}
