//! What a schema wants, in the words of messages.

use serde_json::Value;

use super::fit::{accepts, types_of, variants};
use crate::expression::Type;
use crate::language::reader::{Node, Scalar, Style};

/// What a schema wants: `a whole number`, `text or a list`.
pub(super) fn expected(schema: &Value) -> String {
    let mut words: Vec<String> = Vec::new();
    gather(schema, &mut words);
    let mut kept: Vec<String> = Vec::new();
    for word in words {
        if !kept.contains(&word) {
            kept.push(word);
        }
    }
    match kept.split_last() {
        None => "another value".to_owned(),
        Some((only, [])) if only == "a boolean" => "`true` or `false`".to_owned(),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} or {last}", others.join(", ")),
    }
}

fn gather(schema: &Value, words: &mut Vec<String>) {
    let choices = variants(schema);
    let constants = |all: &mut dyn Iterator<Item = &Value>| {
        let names: Vec<String> = all.map(shown).collect();
        if let [only] = names.as_slice() { only.clone() } else { format!("one of {}", names.join(", ")) }
    };
    if !choices.is_empty() && choices.iter().all(|choice| choice.get("const").is_some()) {
        words.push(constants(&mut choices.iter().filter_map(|choice| choice.get("const"))));
        return;
    }
    if !choices.is_empty() {
        for choice in choices {
            gather(choice, words);
        }
        return;
    }
    if let Some(all) = schema["enum"].as_array() {
        words.push(constants(&mut all.iter()));
        return;
    }
    if let Some(word) = schema.get("const") {
        words.push(shown(word));
        return;
    }
    match schema["format"].as_str() {
        Some("duration") => return words.push("a duration such as `90s`".to_owned()),
        Some("size") => return words.push("a size such as `4Gi`".to_owned()),
        _ => {}
    }
    for of in types_of(schema).unwrap_or_default() {
        let word = match of {
            "string" => "text",
            "integer" => "a whole number",
            "number" => "a number",
            "boolean" => "a boolean",
            "array" => "a list",
            "object" => "a mapping",
            _ => continue,
        };
        words.push(word.to_owned());
    }
}

/// What to do about a value of the wrong type.
pub(super) fn hint(schema: &Value, node: &Node) -> Option<String> {
    let choices = variants(schema);
    let all = if choices.is_empty() { vec![schema] } else { choices };
    let wants = |of: &str| all.iter().any(|choice| types_of(choice).is_some_and(|types| types.contains(&of)));
    if let Some([first, ..]) = node.as_sequence()
        && let Some((name, value)) = first.as_text().and_then(|text| text.split_once('='))
        && wants("object")
    {
        return Some(format!("a mapping is written `{{{name}: {value}}}`"));
    }
    let scalar = node.as_scalar()?;
    let plain = Scalar { text: scalar.text.clone(), style: Style::Plain }.to_json();
    if schema["format"] == "duration" && plain.is_number() {
        return Some(format!("with its unit: `{}s` are seconds, `{}m` minutes", scalar.text, scalar.text));
    }
    if scalar.style != Style::Plain
        && ((plain.is_number() && (wants("integer") || wants("number"))) || (plain.is_boolean() && wants("boolean")))
    {
        return Some(format!("without quotes: {}", scalar.text));
    }
    if wants("string") && scalar.style == Style::Plain && !plain.is_string() && !plain.is_null() {
        return Some(format!("quote it: \"{}\"", scalar.text));
    }
    let simple = |c: char| c.is_alphanumeric() || " -_./=@+".contains(c);
    if wants("array") && !plain.is_null() && scalar.text.len() <= 60 && scalar.text.chars().all(simple) {
        let items: Vec<&str> = scalar.text.split_whitespace().collect();
        return Some(format!("a list is written `[{}]`", items.join(", ")));
    }
    None
}

/// Why a type does not fit a schema, where its name alone does not say so, or what makes it fit.
pub(super) fn why(schema: &Value, of: &Type, alone: bool) -> Option<String> {
    let choices = variants(schema);
    let all = if choices.is_empty() { vec![schema] } else { choices };
    let wanting = |kind: &str| all.iter().find(|choice| types_of(choice).is_some_and(|types| types.contains(&kind)));
    if !alone {
        return Some("only a template that stands alone keeps the type of its value".to_owned());
    }
    match of {
        Type::List(item) => match (wanting("array"), wanting("string")) {
            (Some(list), _) => Some(format!("an item of it is {item}, and {} is needed", expected(&list["items"]))),
            (None, Some(_)) => Some("`join` and `json` make a text of it".to_owned()),
            _ => None,
        },
        Type::Object { fields, .. } => match (wanting("object"), wanting("string")) {
            (Some(object), _) => member(object, fields),
            (None, Some(_)) => Some("`json` makes a text of it".to_owned()),
            _ => None,
        },
        of if (of.is_number() || *of == Type::Bool) && wanting("string").is_some() => {
            Some("`{{json …}}` makes a text of it".to_owned())
        }
        _ => None,
    }
}

/// Which member of an object does not fit.
fn member(schema: &Value, fields: &std::collections::BTreeMap<String, Type>) -> Option<String> {
    let mut required = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    if let Some(name) = required.find(|name| !fields.contains_key(*name)) {
        return Some(format!("it has no `{name}`"));
    }
    fields.iter().find_map(|(name, of)| match schema["properties"].get(name) {
        Some(known) => {
            (!accepts(known, of)).then(|| format!("its `{name}` is {of}, and {} is needed", expected(known)))
        }
        None => Some(format!("it has `{name}`, which is not known here")),
    })
}

/// A value in a message; a long one is cut.
pub(super) fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => quoted(text),
        other => quoted(&other.to_string()),
    }
}

/// A text in a message; a long one is cut.
pub(super) fn quoted(text: &str) -> String {
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("`{cut}…`") } else { format!("`{cut}`") }
}
