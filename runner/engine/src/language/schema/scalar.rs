//! Single values.

use serde_json::{Value, json};

/// What a name in expressions looks like.
pub(super) const IDENTIFIER: &str = "^[a-z][a-z0-9_]*$";

/// What an environment variable's name looks like.
pub(super) const VARIABLE: &str = "^[A-Za-z_][A-Za-z0-9_]*$";

/// What a text that holds a template looks like: it may become a value of any type.
pub(super) const TEMPLATE: &str = "\\{\\{";

/// A text that may hold templates. A plain number, `true` or `false` is taken as the text that it looks like.
pub(super) fn text() -> Value {
    json!({"type": ["string", "number", "boolean"]})
}

/// An expression (CEL).
pub(super) fn expression() -> Value {
    let template = json!({"type": "string", "pattern": "^\\s*\\{\\{[\\s\\S]*\\}\\}\\s*$"});
    json!({"type": ["string", "number", "boolean"], "pattern": "\\S", "not": template})
}

/// A duration such as `90s`.
pub(super) fn duration() -> Value {
    json!({
        "type": "string",
        "minLength": 2,
        "pattern": "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$",
        "examples": ["90s", "10m", "2h30m"],
    })
}

/// A duration that is not zero.
pub(super) fn time() -> Value {
    let mut time = duration();
    time["allOf"] = json!([{"pattern": "[1-9]"}]);
    time
}

/// The names of a mapping's entries, where expressions use them.
pub(super) fn identifiers() -> Value {
    json!({"pattern": IDENTIFIER, "not": {"enum": ["in", "true", "false", "null"]}})
}

/// A whole number of at least 1.
pub(super) fn count() -> Value {
    json!({"type": "integer", "minimum": 1})
}

/// A schema with a description.
pub(super) fn described(mut schema: Value, what: &str) -> Value {
    schema["description"] = what.into();
    schema
}
