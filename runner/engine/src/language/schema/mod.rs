//! One JSON Schema (draft-07) for workflow files, so that an editor completes and checks them.
//!
//! It says what a schema can say of what [`super::decode`] takes: keys, types, what excludes what, and the fields of each
//! step type. It never refuses what is valid; what only the whole file tells (ids, needs, expressions) it leaves to
//! `runner validate`.

mod input;
mod scalar;
mod step;
mod with;

use runner_sdk::StepType;
use serde_json::{Value, json};

use scalar::{described, expression, identifiers, text, time};

/// The schema, with the fields of these step types.
pub fn schema(types: &[&'static StepType]) -> Value {
    json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "A workflow of runner",
        "type": "object",
        "additionalProperties": false,
        "required": ["steps"],
        "properties": {
            "name": described(text(), "What the workflow is called; the file's name where it is missing."),
            "description": described(text(), "What it is for: the first line stands in `runner list`."),
            "inputs": input::inputs(),
            "secrets": secrets(),
            "load": load(),
            "concurrency": concurrency(),
            "defaults": defaults(types),
            "on_error": step::on_error_of_all(),
            "timeout": described(time(), "Bound on the whole run."),
            "env": env(),
            "dir": described(text(), "The working folder of every step, relative to the project."),
            "steps": list("The steps, in order: each follows the one before it, unless `needs` says otherwise."),
            "finally": list("Steps that run once the workflow has succeeded, failed, or been cancelled for good."),
            "outputs": outputs("What the workflow leaves for whoever calls it."),
            "exit_code": described(expression(), "The exit code on success, an expression: 0, or 40 to 59."),
        },
        // A field that `defaults.with` gives need not stand at the step.
        "if": {"required": ["defaults"], "properties": {"defaults": {"type": "object", "required": ["with"]}}},
        "else": {"properties": {"steps": complete_list(), "finally": complete_list()}},
        "definitions": {
            "step": step::step(types),
            "typed": with::typed(types),
            "complete": step::complete(types),
        },
    })
}

fn list(what: &str) -> Value {
    json!({"description": what, "type": "array", "minItems": 1, "items": {"$ref": "#/definitions/step"}})
}

fn complete_list() -> Value {
    json!({"type": "array", "items": {"$ref": "#/definitions/complete"}})
}

fn env() -> Value {
    json!({
        "description": "Environment variables of the processes.",
        "type": "object",
        "propertyNames": {"pattern": scalar::VARIABLE},
        "additionalProperties": text(),
    })
}

fn outputs(what: &str) -> Value {
    json!({"description": what, "type": "object", "propertyNames": identifiers(), "additionalProperties": text()})
}

fn secrets() -> Value {
    let command = json!({
        "description": "A command that prints it: a line for `sh -c`, or a list of a program and its arguments.",
        "anyOf": [text(), {"type": "array", "minItems": 1, "items": text()}],
    });
    json!({
        "description": "Secrets, and where each comes from. No value ever stands in the file.",
        "type": "object",
        "propertyNames": identifiers(),
        "additionalProperties": {
            "type": "object",
            "additionalProperties": false,
            "minProperties": 1,
            "maxProperties": 1,
            "properties": {
                "env": described(text(), "An environment variable."),
                "file": described(text(), "A file; its last line break is no part of the secret."),
                "command": command,
            },
        },
    })
}

fn load() -> Value {
    json!({
        "description": "YAML or JSON files that are read when the run starts, each under its name.",
        "type": "object",
        "propertyNames": identifiers(),
        "additionalProperties": {
            "type": "object",
            "additionalProperties": false,
            "required": ["file"],
            "properties": {
                "file": described(text(), "The file, relative to the project."),
                "schema": described(text(), "A JSON Schema that it must satisfy, relative to the workflow's file."),
            },
        },
    })
}

fn concurrency() -> Value {
    json!({
        "description": "One run at a time holds a group of this name.",
        "type": "object",
        "additionalProperties": false,
        "required": ["group"],
        "properties": {
            "group": described(text(), "The group's name."),
            "when_busy": {
                "description": "What a second run does: `fail` ends it at once, `wait` waits for its turn, `replace` asks the \
                    one under way to stop, and waits for its end.",
                "enum": ["fail", "wait", "replace"],
            },
            "within": described(time(), "How long it waits at most."),
        },
    })
}

fn defaults(types: &[&'static StepType]) -> Value {
    json!({
        "description": "What holds for every step that does not say otherwise.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "timeout": described(time(), "Bound on one attempt."),
            "retry": step::retry(),
            "grace": described(scalar::duration(), "The time between SIGTERM and SIGKILL."),
            "env": env(),
            "dir": described(text(), "The working folder."),
            "on_error": step::default_on_error(),
            "with": with::defaults(types),
        },
    })
}
