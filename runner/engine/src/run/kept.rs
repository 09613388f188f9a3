//! What of a record a run keeps when it goes on after an edit: everything that was read once is read once.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::mention;
use super::prepare::{Before, Request};
use crate::diagnostic::Sink;
use crate::language::Document;
use crate::language::ast::Workflow;
use crate::language::input::{Given, InputValue, resolve};
use crate::program::Program;

/// The inputs that were recorded, as a file of inputs. What was not given but is the default follows an edited default.
pub(super) fn inputs(before: &Before<'_>, request: &Request<'_>, workflow: &Workflow) -> Document {
    let nothing = BTreeMap::new();
    let given = Given {
        options: &[],
        file: None,
        env: &nothing,
        working_directory: &request.working_directory,
        project: &request.project,
    };
    let mut unasked = Sink::new();
    let defaults = resolve(&before.program.main().workflow, &given, &mut unasked);
    let is_default = |name: &str, value: &Value| {
        defaults.iter().any(|input| input.name == name && input.value == InputValue::Plain(value.clone()))
    };
    let record = before.record;
    let secrets = record.secret_inputs.iter().filter(|(_, reference)| !reference.is_null());
    let recorded = record.inputs.iter().filter(|(name, value)| !is_default(name, value)).chain(secrets);
    let known = |name: &str| workflow.inputs.iter().any(|input| input.name.value == name);
    let kept = recorded.filter(|(name, _)| known(name)).map(|(name, value)| (name.clone(), value.clone()));
    Document::of("the inputs of the run", kept.collect())
}

/// The environment names that the texts mention: those that were mentioned before as they were, others as they are.
pub(super) fn env(program: &Program, request: &Request<'_>) -> Map<String, Value> {
    let mut env = mention::env(program, &request.env);
    if let Some(before) = request.before {
        let known = mention::env_names(before.program);
        env.retain(|name, _| !known.contains(name));
        let mentioned = mention::env_names(program);
        let kept = before.record.env.iter().filter(|(name, _)| mentioned.contains(*name));
        env.extend(kept.map(|(name, value)| (name.clone(), value.clone())));
    }
    env
}

/// What deployments left behind, where a text mentions it: as it was when one first did.
pub(super) fn state(program: &Program, request: &Request<'_>) -> Value {
    match request.before {
        _ if !mention::state(program) => Value::Null,
        Some(before) if mention::state(before.program) => before.record.state.clone(),
        _ => request.state.clone(),
    }
}
