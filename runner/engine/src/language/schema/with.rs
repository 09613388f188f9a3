//! What stands under `with:`, type by type.
//!
//! The step types' own schemas describe decoded values; in a file, any value may also be a template that gives it.

use std::collections::BTreeMap;

use runner_sdk::StepType;
use serde_json::{Map, Value, json};

use super::scalar::{TEMPLATE, expression};
use super::step;

/// Keywords that stay as they are.
const KEPT: [&str; 4] = ["description", "default", "title", "examples"];

/// For each type, what its `with:` looks like.
pub(super) fn typed(types: &[&'static StepType]) -> Value {
    let rules: Vec<_> = types.iter().map(|step| step::rule(step)).collect();
    if rules.is_empty() { json!(true) } else { json!({"allOf": rules}) }
}

/// `with:` of one type, without what it requires, since `defaults` may give that.
pub(super) fn with_of(step: &StepType) -> Value {
    json!({"type": "object", "additionalProperties": false, "properties": fields(step)})
}

/// `defaults.with`: the fields that any type of a namespace has.
pub(super) fn defaults(types: &[&'static StepType]) -> Value {
    let mut namespaces: BTreeMap<&str, BTreeMap<String, Vec<Value>>> = BTreeMap::new();
    for step in types {
        let known = namespaces.entry(step.namespace()).or_default();
        for (name, schema) in fields(step) {
            let forms = known.entry(name).or_default();
            if !forms.contains(&schema) {
                forms.push(schema);
            }
        }
    }
    let one = |mut forms: Vec<Value>| if forms.len() == 1 { forms.remove(0) } else { json!({"anyOf": forms}) };
    let properties: Map<_, _> = namespaces
        .into_iter()
        .map(|(namespace, fields)| {
            let fields: Map<_, _> = fields.into_iter().map(|(name, forms)| (name, one(forms))).collect();
            let schema = json!({"type": "object", "additionalProperties": false, "properties": fields});
            (namespace.to_owned(), schema)
        })
        .collect();
    json!({
        "description": "Fields for all step types of a namespace.",
        "type": "object", "additionalProperties": false, "properties": properties,
    })
}

fn fields(step: &StepType) -> Map<String, Value> {
    let schema = step.with_schema();
    let fields = schema["properties"].as_object().cloned().unwrap_or_default();
    fields.into_iter().map(|(name, field)| (name, in_file(&field))).collect()
}

/// A field as it may stand in a file.
fn in_file(field: &Value) -> Value {
    if field.get("x-cel").is_some() {
        let mut schema = expression();
        if let Some(description) = field.get("description") {
            schema["description"] = description.clone();
        }
        return schema;
    }
    if field.get("x-raw").is_some() { without_extensions(field) } else { templated(field) }
}

/// A schema that also takes a template wherever it takes a value that is no text.
fn templated(schema: &Value) -> Value {
    let Value::Object(members) = schema else { return schema.clone() };
    let (mut kept, mut own) = (Map::new(), Map::new());
    for (name, value) in members {
        match name.as_str() {
            name if name.starts_with("x-") || matches!(name, "$schema" | "format" | "required") => {}
            name if KEPT.contains(&name) => {
                kept.insert(name.to_owned(), value.clone());
            }
            "properties" | "definitions" => {
                let inside = value.as_object().into_iter().flatten();
                let inside: Map<_, _> = inside.map(|(name, value)| (name.clone(), templated(value))).collect();
                own.insert(name.clone(), inside.into());
            }
            "items" | "additionalProperties" => {
                own.insert(name.clone(), templated(value));
            }
            "anyOf" | "oneOf" | "allOf" => {
                let inside: Vec<_> = value.as_array().into_iter().flatten().map(templated).collect();
                // Where each form also takes a template, more than one may hold.
                own.insert(if name == "oneOf" { "anyOf".to_owned() } else { name.clone() }, inside.into());
            }
            _ => {
                own.insert(name.clone(), value.clone());
            }
        }
    }
    let bare = own.is_empty();
    let takes_any_text = own.len() == 1 && own.get("type").is_some_and(accepts_text);
    let forms = own.contains_key("anyOf") && own.len() == 1;
    if bare || takes_any_text || forms {
        kept.extend(own);
        return kept.into();
    }
    kept.insert("anyOf".to_owned(), json!([own, {"type": "string", "pattern": TEMPLATE}]));
    kept.into()
}

fn accepts_text(kind: &Value) -> bool {
    match kind {
        Value::String(kind) => kind == "string",
        Value::Array(kinds) => kinds.iter().any(|kind| kind == "string"),
        _ => false,
    }
}

fn without_extensions(schema: &Value) -> Value {
    let mut schema = schema.clone();
    if let Value::Object(members) = &mut schema {
        members.retain(|name, _| !name.starts_with("x-"));
    }
    schema
}
