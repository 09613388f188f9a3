//! The type that a schema describes, in words.

use serde_json::Value;

/// In words, such as `list of text` or `map of (text or number)`.
pub(super) fn of(schema: &Value) -> String {
    if schema.get("x-cel").is_some() {
        return "expression".to_owned();
    }
    if let Some(values) = enumerated(schema) {
        return values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" | ");
    }
    for several in ["anyOf", "oneOf"] {
        if let Some(kinds) = schema[several].as_array() {
            let mut names: Vec<_> = kinds.iter().filter(|kind| kind["type"] != "null").map(of).collect();
            names.dedup();
            return names.join(" or ");
        }
    }
    match &schema["type"] {
        Value::String(kind) => simple(kind, schema),
        Value::Array(kinds) => {
            let kinds = kinds.iter().filter_map(Value::as_str).filter(|kind| *kind != "null");
            kinds.map(|kind| simple(kind, schema)).collect::<Vec<_>>().join(" or ")
        }
        _ => "any value".to_owned(),
    }
}

/// The values of an enumeration that say what they mean.
pub(super) fn choices(schema: &Value) -> Vec<(String, String)> {
    let kinds = ["oneOf", "anyOf"].into_iter().filter_map(|several| schema[several].as_array()).flatten();
    let mut found = Vec::new();
    for kind in kinds {
        match (kind["const"].as_str(), kind["description"].as_str()) {
            (Some(value), Some(meaning)) => found.push((value.to_owned(), meaning.replace('\n', " "))),
            _ => found.extend(choices(kind)),
        }
    }
    found
}

fn enumerated(schema: &Value) -> Option<Vec<String>> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    if let Some(value) = schema.get("const") {
        return Some(vec![text(value)]);
    }
    let values = schema["enum"].as_array()?;
    Some(values.iter().filter(|value| !value.is_null()).map(text).collect())
}

fn simple(kind: &str, schema: &Value) -> String {
    match kind {
        "string" if schema["x-secret"] == true => "secret text".to_owned(),
        "string" => match schema["format"].as_str() {
            Some("duration") => "duration".to_owned(),
            Some("size") => "size".to_owned(),
            _ => "text".to_owned(),
        },
        "array" => match schema.get("items") {
            Some(items) if items.is_object() => format!("list of {}", grouped(items)),
            _ => "list".to_owned(),
        },
        "object" => match schema.get("additionalProperties") {
            Some(items) if items.is_object() => format!("map of {}", grouped(items)),
            _ => "map".to_owned(),
        },
        other => other.to_owned(),
    }
}

fn grouped(schema: &Value) -> String {
    let name = of(schema);
    if name.contains(" or ") || name.contains(" | ") { format!("({name})") } else { name }
}
