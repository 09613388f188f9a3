//! What JSON Schema itself finds wrong, in words and with what to do about it.

use jsonschema::JsonType;
use jsonschema::ValidationError;
use jsonschema::error::{TypeKind, ValidationErrorKind};
use serde_json::Value;

use super::{around, node_at};
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::language::Document;
use crate::language::reader::Node;

/// Options of an `enum` that are still named one by one.
const FEW: usize = 8;

/// What is to be said of a violation.
pub(super) fn tell(violation: &ValidationError<'_>, schema: &Value, document: &Document) -> Vec<Diagnostic> {
    let Some(root) = &document.root else { return Vec::new() };
    let node = node_at(root, violation.instance_path().as_str());
    let of = around(schema, violation.schema_path().as_str());
    let hint = of["x-hint"].as_str().map(str::to_owned);
    let error = |message: String| Diagnostic::error(&document.source, node.head, message);
    let one = |message: String| vec![error(message).maybe_hint(hint.clone())];
    let value = violation.instance().as_ref();
    let shown = plain(value);
    match violation.kind() {
        ValidationErrorKind::AdditionalProperties { unexpected }
        | ValidationErrorKind::UnevaluatedProperties { unexpected } => {
            let known: Vec<&str> =
                of["properties"].as_object().into_iter().flatten().map(|(name, _)| &**name).collect();
            let entries =
                node.as_mapping().unwrap_or_default().iter().filter(|entry| unexpected.contains(&entry.key.text));
            let unknown = entries.map(|entry| {
                let key = &entry.key;
                let near = did_you_mean(&key.text, known.iter().copied());
                let listed = || (!known.is_empty()).then(|| format!("known here: {}", named(&known)));
                Diagnostic::error(&document.source, key.span, format!("unknown key `{}`", key.text))
                    .maybe_hint(near.or_else(listed))
            });
            unknown.collect()
        }
        ValidationErrorKind::Required { property } => {
            let name = property.as_str().unwrap_or_default();
            let about = of["properties"][name]["description"].as_str().map(|about| format!("`{name}`: {about}"));
            vec![error(format!("`{name}` is missing")).maybe_hint(about)]
        }
        ValidationErrorKind::Type { kind } => {
            let wanted: Vec<JsonType> = match kind {
                TypeKind::Single(one) => vec![*one],
                TypeKind::Multiple(many) => many.iter().collect(),
            };
            let words: Vec<&str> = wanted.iter().map(|one| word(*one)).collect();
            let message = format!("expected {}, found {}", words.join(" or "), node.describe());
            vec![error(message).maybe_hint(quotes(&wanted, value, node).or(hint))]
        }
        ValidationErrorKind::Enum { options } => {
            let options: Vec<String> = options.as_array().into_iter().flatten().map(plain).collect();
            let options: Vec<&str> = options.iter().map(String::as_str).collect();
            let message = match of["title"].as_str() {
                Some(title) => format!("`{shown}` is no {title}"),
                None if options.len() <= FEW => format!("`{shown}` is none of {}", named(&options)),
                None => format!("`{shown}` is not one of those that are allowed"),
            };
            let near = did_you_mean(&shown, options.iter().copied());
            vec![error(message).maybe_hint(near.or(hint))]
        }
        ValidationErrorKind::Pattern { pattern } => one(match of["title"].as_str() {
            Some(title) => format!("`{shown}` is no {title}"),
            None => format!("`{shown}` does not match `{pattern}`"),
        }),
        ValidationErrorKind::MaxLength { limit } => {
            one(format!("`{shown}` has {} characters, and may have {limit}", shown.chars().count()))
        }
        ValidationErrorKind::MinLength { .. } if shown.is_empty() => one("this is empty".to_owned()),
        ValidationErrorKind::Minimum { limit } => one(format!("{shown} is less than the minimum of {limit}")),
        ValidationErrorKind::Maximum { limit } => one(format!("{shown} is more than the maximum of {limit}")),
        ValidationErrorKind::Constant { expected_value } => one(format!("this must be `{}`", plain(expected_value))),
        _ => one(violation.to_string()),
    }
}

/// A value as a person writes it.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

fn named(names: &[&str]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

fn word(of: JsonType) -> &'static str {
    match of {
        JsonType::Array => "a list",
        JsonType::Boolean => "true or false",
        JsonType::Integer => "a whole number",
        JsonType::Null => "nothing",
        JsonType::Number => "a number",
        JsonType::Object => "a mapping",
        JsonType::String => "text",
    }
}

/// Quotes are what makes a text of what else would be a number or a boolean, and often what is wrong.
fn quotes(wanted: &[JsonType], value: &Value, node: &Node) -> Option<String> {
    let wants = |of: JsonType| wanted.contains(&of);
    if let Value::String(text) = value {
        let meant = match serde_json::from_str(text).ok()? {
            Value::Number(number) => wants(JsonType::Number) || wants(JsonType::Integer) && !number.is_f64(),
            Value::Bool(_) => wants(JsonType::Boolean),
            _ => false,
        };
        return meant.then(|| format!("without quotes: `{text}`"));
    }
    let plain = wants(JsonType::String) && (value.is_number() || value.is_boolean());
    plain.then(|| node.as_text().map(|text| format!("in quotes: `\"{text}\"`"))).flatten()
}
