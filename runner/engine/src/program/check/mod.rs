//! What can be said of a program before anything runs.

use std::sync::Arc;

use runner_sdk::StepType;
use serde_json::Value;

use super::Unit;
use crate::diagnostic::{Diagnostic, Sink, Source, did_you_mean};
use crate::language::ast;
use crate::language::reader::{Entry, Node};

/// Checks what stands under `with:` against the step type's schema.
pub(super) fn with(
    of: &StepType,
    schema: &Value,
    with: Option<&Node>,
    nodes: &[(String, &Node)],
    step: &ast::Step,
    workflow: &ast::Workflow,
    sink: &mut Sink,
) {
    let source = &workflow.source;
    let properties = schema["properties"].as_object();
    let known = || properties.into_iter().flatten().map(|(name, _)| name.as_str());
    for entry in with.and_then(Node::as_mapping).unwrap_or_default() {
        if !known().any(|name| name == entry.key.text) {
            let message = format!("`{}` has no field `{}`", of.name, entry.key.text);
            let hint = did_you_mean(&entry.key.text, known());
            sink.push(Diagnostic::error(source, entry.key.span, message).maybe_hint(hint));
        }
    }
    for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        if !nodes.iter().any(|(given, _)| given == name) {
            let span = with.map_or(step.id.span, |with| with.head);
            let message = format!("`{}` needs the field `{name}` under `with`", of.name);
            sink.push(Diagnostic::error(source, span, message));
        }
    }
}

/// Checks what a call gives to the workflow that it calls.
pub(super) fn call(unit: &Unit, entries: &[Entry], name: &ast::Spanned<String>, source: &Arc<Source>, sink: &mut Sink) {
    let inputs = &unit.workflow.inputs;
    for entry in entries {
        if !inputs.iter().any(|input| input.name.value == entry.key.text) {
            let message = format!("the workflow `{}` has no input `{}`", unit.name, entry.key.text);
            let hint = did_you_mean(&entry.key.text, inputs.iter().map(|input| input.name.value.as_str()));
            sink.push(Diagnostic::error(source, entry.key.span, message).maybe_hint(hint));
        }
    }
    for input in inputs.iter().filter(|input| input.default.is_none() && input.env.is_empty()) {
        if !entries.iter().any(|entry| entry.key.text == input.name.value) {
            let message = format!("the workflow `{}` needs the input `{}` under `with`", unit.name, input.name.value);
            sink.push(Diagnostic::error(source, name.span, message));
        }
    }
}
