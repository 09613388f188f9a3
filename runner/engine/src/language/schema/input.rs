//! `inputs`.

use serde_json::{Value, json};

use super::scalar::{VARIABLE, described, identifiers, text};
use crate::language::ast::InputType;

pub(super) fn inputs() -> Value {
    json!({
        "description": "What a person may give: `--input NAME=VALUE`.",
        "type": "object",
        "propertyNames": identifiers(),
        "additionalProperties": input(),
    })
}

fn input() -> Value {
    let names: Vec<_> = InputType::ALL.iter().map(|(name, _)| *name).collect();
    let items: Vec<_> = names.iter().filter(|name| **name != "secret").collect();
    let variable = json!({"type": "string", "pattern": VARIABLE});
    json!({
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "type": {"description": "Its type; `string` where it is missing.", "enum": names},
            "items": {"description": "The type of an array's items.", "enum": items},
            "default": {"description": "Its value where nobody gives one; null: it may be left out, and is null then."},
            "description": described(text(), "What it is for."),
            "enum": {"description": "The values that are allowed.", "type": "array", "minItems": 1, "uniqueItems": true},
            "pattern": {"description": "A regular expression that is found in the text.", "type": "string"},
            "min": {"description": "The least number, length, duration or size."},
            "max": {"description": "The greatest number, length, duration or size."},
            "env": {
                "description": "The environment variables it is read from; all after the first are deprecated.",
                "anyOf": [variable, {"type": "array", "minItems": 1, "uniqueItems": true, "items": variable}],
            },
        },
        "allOf": [
            fits("items", &["array"], &names),
            fits("pattern", &["string", "path"], &names),
            fits("enum", &["string", "integer", "number", "path", "duration", "size"], &names),
            fits("min", &["string", "integer", "number", "array", "path", "duration", "size"], &names),
            fits("max", &["string", "integer", "number", "array", "path", "duration", "size"], &names),
            default_of("integer", "integer"),
            default_of("number", "number"),
            default_of("boolean", "boolean"),
            default_of("array", "array"),
            default_of("object", "object"),
        ],
    })
}

/// A key that only inputs of some types have.
fn fits(key: &str, types: &[&str], all: &[&str]) -> Value {
    let others: Vec<_> = all.iter().filter(|name| !types.contains(name)).collect();
    json!({
        "if": {"required": ["type"], "properties": {"type": {"enum": others}}},
        "then": {"properties": {key: false}},
    })
}

/// What a default of a type looks like.
fn default_of(kind: &str, value: &str) -> Value {
    json!({
        "if": {"required": ["type"], "properties": {"type": {"const": kind}}},
        "then": {"properties": {"default": {"type": [value, "null"]}}},
    })
}
