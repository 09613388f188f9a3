//! A value as it is written against the JSON Schema of its field: draft-07 as schemars writes it, without references.

use regex::Regex;
use serde_json::Value;

use super::Checker;
use super::fit::{accepts, types_of, variants};
use super::names::{Given, Templates};
use super::with::fields;
use super::word::{expected, quoted, shown, why};
use crate::diagnostic::{Span, did_you_mean};
use crate::language::reader::Node;
use crate::language::{parse_duration, parse_size};

/// What is wrong with a value.
pub(super) struct Wrong {
    pub(super) span: Span,
    pub(super) message: String,
    pub(super) hint: Option<String>,
}

/// A value that is being checked: its name for messages, and its path from the field on.
struct At<'a> {
    name: String,
    path: Vec<String>,
    templates: &'a Templates,
}

impl At<'_> {
    fn inner(&self, key: &str, name: String) -> Self {
        let mut path = self.path.clone();
        path.push(key.to_owned());
        Self { name, path, templates: self.templates }
    }
}

impl Checker<'_> {
    /// Everything wrong with a field's value.
    pub(super) fn unfit(&mut self, schema: &Value, field: &str, node: &Node, templates: &Templates) -> Vec<Wrong> {
        let mut found = Vec::new();
        let at = At { name: field.to_owned(), path: Vec::new(), templates };
        self.look(schema, node, &at, &mut found);
        found
    }

    fn look(&mut self, schema: &Value, node: &Node, at: &At<'_>, found: &mut Vec<Wrong>) {
        if node.is_wrong() || !schema.is_object() || schema.get("x-cel").is_some() {
            return;
        }
        if let Some(Given { of, alone }) = at.templates.get(&at.path) {
            if !accepts(schema, of) {
                let message = format!("`{}` needs {}, this template gives {of}", at.name, expected(schema));
                found.push(Wrong { span: node.head, message, hint: why(schema, of, *alone) });
            }
            return;
        }
        if is_template(node) {
            return;
        }
        let choices = variants(schema);
        if !choices.is_empty() {
            return self.choose(schema, &choices, node, at, found);
        }
        let value = node.as_scalar().map(crate::language::reader::Scalar::to_json);
        if let Some(words) = constants(schema) {
            if !value.as_ref().is_some_and(|value| words.contains(&value)) {
                found.push(misspelt(schema, &words, node, at));
            }
            return;
        }
        if !types_of(schema).is_none_or(|types| types.iter().any(|of| is_of(node, value.as_ref(), of))) {
            found.push(mistyped(schema, node, at));
            return;
        }
        match value {
            Some(Value::String(text)) => found.extend(self.text_of(schema, &text, node, at)),
            Some(Value::Number(number)) => found.extend(bounds(schema, number.as_f64(), node, at, "")),
            _ => {}
        }
        if let Some(items) = node.as_sequence() {
            self.items(schema, items, node, at, found);
        } else if node.as_mapping().is_some() {
            self.members(schema, node, at, found);
        }
    }

    /// One of several schemas: the one that is meant says what is wrong.
    fn choose(&mut self, schema: &Value, choices: &[&Value], node: &Node, at: &At<'_>, found: &mut Vec<Wrong>) {
        let words: Vec<&Value> = choices.iter().filter_map(|choice| choice.get("const")).collect();
        if words.len() == choices.len() {
            let value = node.to_json();
            let null = value.is_null() && accepts(schema, &crate::expression::Type::Null);
            if !null && !words.contains(&&value) {
                found.push(misspelt(schema, &words, node, at));
            }
            return;
        }
        let value = node.as_scalar().map(crate::language::reader::Scalar::to_json);
        let fits = |choice: &&&Value| {
            let types = types_of(choice);
            let kind = types.is_none_or(|types| types.iter().any(|of| is_of(node, value.as_ref(), of)));
            kind && !unlike(choice, node)
        };
        if value.as_ref().is_some_and(Value::is_null) && accepts(schema, &crate::expression::Type::Null) {
            return;
        }
        let mut best: Option<Vec<Wrong>> = None;
        for choice in choices.iter().filter(fits) {
            let mut wrong = Vec::new();
            self.look(choice, node, at, &mut wrong);
            if best.as_ref().is_none_or(|best| wrong.len() < best.len()) {
                best = Some(wrong);
            }
        }
        match best {
            Some(wrong) => found.extend(wrong),
            None => found.push(mistyped(schema, node, at)),
        }
    }

    fn items(&mut self, schema: &Value, items: &[Node], node: &Node, at: &At<'_>, found: &mut Vec<Wrong>) {
        found.extend(lengths(schema, ["minItems", "maxItems"], items.len() as u64, "items", node, at));
        let unique = schema["uniqueItems"] == true && !at.templates.keys().any(|path| path.starts_with(&at.path));
        for (index, item) in items.iter().enumerate() {
            if unique && items[..index].iter().any(|other| other.to_json() == item.to_json()) {
                let message = format!("`{}` has {} twice", at.name, shown(&item.to_json()));
                found.push(Wrong { span: item.head, message, hint: None });
            }
            let key = index.to_string();
            self.look(&schema["items"], item, &at.inner(&key, format!("{}[{index}]", at.name)), found);
        }
    }

    fn members(&mut self, schema: &Value, node: &Node, at: &At<'_>, found: &mut Vec<Wrong>) {
        let properties = schema["properties"].as_object();
        let others = &schema["additionalProperties"];
        for entry in node.as_mapping().unwrap_or_default() {
            let key = entry.key.text.as_str();
            let known = properties.and_then(|properties| properties.get(key));
            if known.is_none() && *others == false {
                let names: Vec<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let message = format!("`{}` has no field `{key}`", at.name);
                found.push(Wrong { span: entry.key.span, message, hint: fields(key, &names) });
                continue;
            }
            let inner = at.inner(key, format!("{}.{key}", at.name));
            self.look(known.unwrap_or(others), &entry.value, &inner, found);
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if node.get(name).is_none() {
                let message = format!("`{}` needs the field `{name}`", at.name);
                found.push(Wrong { span: node.head, message, hint: None });
            }
        }
    }

    fn text_of(&mut self, schema: &Value, text: &str, node: &Node, at: &At<'_>) -> Option<Wrong> {
        let wrong = |message: String, hint: Option<String>| Some(Wrong { span: node.head, message, hint });
        match schema["format"].as_str() {
            Some("duration") => {
                return parse_duration(text).err().and_then(|hint| {
                    wrong(format!("`{}` is {}, which is no duration", at.name, quoted(text)), Some(hint))
                });
            }
            Some("size") => {
                return parse_size(text).err().and_then(|hint| {
                    wrong(format!("`{}` is {}, which is no size", at.name, quoted(text)), Some(hint))
                });
            }
            _ => {}
        }
        if let Some(pattern) = schema["pattern"].as_str()
            && !self.matches(pattern, text)
        {
            let examples = schema["examples"].as_array().into_iter().flatten().map(shown).collect::<Vec<_>>();
            let hint = (!examples.is_empty()).then(|| format!("such as {}", examples.join(" or ")));
            return wrong(format!("`{}` is {}, which does not match `{pattern}`", at.name, quoted(text)), hint);
        }
        lengths(schema, ["minLength", "maxLength"], text.chars().count() as u64, "characters", node, at)
    }

    /// Whether a text matches; true for a pattern that cannot be read here.
    fn matches(&mut self, pattern: &str, text: &str) -> bool {
        if !self.patterns.contains_key(pattern) {
            self.patterns.insert(pattern.to_owned(), Regex::new(pattern).ok());
        }
        self.patterns.get(pattern).and_then(Option::as_ref).is_none_or(|regex| regex.is_match(text))
    }
}

/// Whether a text is meant as a template. One of which nothing more is known could not be read, which is said already.
pub(super) fn is_template(node: &Node) -> bool {
    node.as_text().is_some_and(|text| text.contains("{{"))
}

/// Whether a template stands in a value.
pub(super) fn holds_template(node: &Node) -> bool {
    is_template(node)
        || node.as_sequence().into_iter().flatten().any(holds_template)
        || node.as_mapping().into_iter().flatten().any(|entry| holds_template(&entry.value))
}

/// The only values that a schema allows, where it names them.
fn constants(schema: &Value) -> Option<Vec<&Value>> {
    let words = schema["enum"].as_array().map(|all| all.iter().collect());
    words.or_else(|| schema.get("const").map(|one| vec![one]))
}

/// Whether a mapping has a member that a variant has otherwise: the word that tells variants apart.
fn unlike(variant: &Value, node: &Node) -> bool {
    let tags = variant["properties"].as_object().into_iter().flatten();
    tags.filter_map(|(name, of)| Some((name, of.get("const")?)))
        .any(|(name, word)| node.get(name).is_some_and(|given| given.to_json() != *word))
}

fn is_of(node: &Node, value: Option<&Value>, of: &str) -> bool {
    match of {
        "array" => node.as_sequence().is_some(),
        "object" => node.as_mapping().is_some(),
        "string" => value.is_some_and(Value::is_string),
        "boolean" => value.is_some_and(Value::is_boolean),
        "null" => value.is_some_and(Value::is_null),
        "number" => value.is_some_and(Value::is_number),
        "integer" => value.is_some_and(|value| value.is_i64() || value.is_u64()),
        _ => true,
    }
}

fn misspelt(schema: &Value, words: &[&Value], node: &Node, at: &At<'_>) -> Wrong {
    if node.is_null() || node.as_scalar().is_none() {
        return mistyped(schema, node, at);
    }
    let value = node.to_json();
    let names: Vec<String> = words.iter().map(|word| shown(word)).collect();
    let message = format!("`{}` is {}, which is not one of {}", at.name, shown(&value), names.join(", "));
    let near = value.as_str().and_then(|text| did_you_mean(text, words.iter().filter_map(|word| word.as_str())));
    Wrong { span: node.head, message, hint: near }
}

fn mistyped(schema: &Value, node: &Node, at: &At<'_>) -> Wrong {
    let message = format!("`{}` needs {}, found {}", at.name, expected(schema), node.describe());
    Wrong { span: node.head, message, hint: super::word::hint(schema, node) }
}

fn bounds(schema: &Value, value: Option<f64>, node: &Node, at: &At<'_>, unit: &str) -> Option<Wrong> {
    let value = value?;
    let wrong = |which: &str, limit: &Value| {
        let message = format!("`{}` is {value}{unit}, which is {which} {limit}", at.name);
        Some(Wrong { span: node.head, message, hint: None })
    };
    let limit = |key: &str| schema[key].as_f64();
    if limit("minimum").is_some_and(|least| value < least) {
        return wrong("less than the minimum of", &schema["minimum"]);
    }
    if limit("maximum").is_some_and(|most| value > most) {
        return wrong("more than the maximum of", &schema["maximum"]);
    }
    if limit("exclusiveMinimum").is_some_and(|least| value <= least) {
        return wrong("not more than", &schema["exclusiveMinimum"]);
    }
    None
}

fn lengths(schema: &Value, keys: [&str; 2], length: u64, unit: &str, node: &Node, at: &At<'_>) -> Option<Wrong> {
    let [least, most] = keys.map(|key| schema[key].as_u64());
    let message = match (least, most) {
        (Some(1), _) if length == 0 => format!("`{}` is empty", at.name),
        (Some(least), _) if length < least => format!("`{}` has {length} {unit}, it needs at least {least}", at.name),
        (_, Some(most)) if length > most => format!("`{}` has {length} {unit}, it may have at most {most}", at.name),
        _ => return None,
    };
    Some(Wrong { span: node.head, message, hint: None })
}
