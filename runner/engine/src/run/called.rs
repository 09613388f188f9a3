//! The inputs of a workflow that another one calls.

use runner_core::{ErrorKind, StepError};
use serde_json::{Map, Value};

use crate::language::ast::{InputType, Workflow};
use crate::language::input::accept;

/// Completes and checks the inputs given to a called workflow: environment and defaults where nothing is given.
pub fn check_called(
    workflow: &Workflow,
    given: &mut Map<String, Value>,
    env: &Map<String, Value>,
) -> Result<(), StepError> {
    for input in &workflow.inputs {
        let name = &input.name.value;
        let value = match given.remove(name) {
            Some(Value::Null) | None => {
                let variable = input.env.iter().find_map(|variable| env.get(&variable.value).cloned());
                let default = || input.default.as_ref().map(|default| default.value.clone());
                variable.or_else(default).ok_or_else(|| {
                    let message = format!("input `{name}` of the called workflow has no value");
                    StepError::new(ErrorKind::Input, message).hint(format!("give it by `with: {{{name}: …}}`"))
                })?
            }
            Some(value) => value,
        };
        let value = if value.is_null() || input.kind.value == InputType::Secret {
            value
        } else {
            accept(input, value).map_err(|problem| {
                StepError::new(ErrorKind::Input, format!("input `{name}` of the called workflow {}", problem.message))
            })?
        };
        given.insert(name.clone(), value);
    }
    Ok(())
}
