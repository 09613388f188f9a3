//! Whether a value is one that an input allows.

use std::cmp::Ordering;

use serde_json::{Number, Value};

use crate::diagnostic::did_you_mean;
use crate::language::ast::{Bound, Input, InputType};
use crate::language::duration::parse_duration;
use crate::language::size::parse_size;

/// Why a value is not allowed; the message follows a subject: "the default" + "is not …".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What is wrong, without its subject.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether text is expected, so that quoting what is no text may help.
    pub wants_text: bool,
}

impl Problem {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None, wants_text: false }
    }
}

/// The value as the input's type has it, or why it is not allowed. Null is only allowed as a default, not here.
pub fn accept(input: &Input, value: Value) -> Result<Value, Problem> {
    let kind = input.kind.value;
    let value = typed(kind, value)?;
    let value = match (value, &input.items) {
        (Value::Array(items), Some(kind)) => {
            let item = |(at, item): (usize, Value)| {
                let wrong = |problem: Problem| Problem {
                    message: format!("has an item {} that {}", at + 1, problem.message),
                    ..problem
                };
                typed(kind.value, item).map_err(wrong)
            };
            Value::Array(items.into_iter().enumerate().map(item).collect::<Result<_, _>>()?)
        }
        (value, _) => value,
    };
    if kind == InputType::Secret {
        return Ok(value);
    }
    if let Some(choices) = input.choices.as_ref().filter(|choices| !choices.value.contains(&value)) {
        let names: Vec<_> = choices.value.iter().map(shown).collect();
        let near = value.as_str().and_then(|text| did_you_mean(text, choices.value.iter().filter_map(Value::as_str)));
        let message = format!("is {}, which is not one of {}", shown(&value), names.join(", "));
        return Err(Problem { hint: near, ..Problem::new(message) });
    }
    if let (Some(pattern), Some(text)) = (&input.pattern, value.as_str())
        && !pattern.value.is_match(text)
    {
        return Err(Problem::new(format!("is {}, which does not match `{}`", shown(&value), pattern.value.as_str())));
    }
    bounds(input, &value)?;
    Ok(value)
}

fn typed(kind: InputType, value: Value) -> Result<Value, Problem> {
    let fits = match kind {
        InputType::String | InputType::Secret => value.is_string(),
        InputType::Path => match value.as_str() {
            Some("") => return Err(Problem::new("is an empty path")),
            text => text.is_some(),
        },
        InputType::Integer => value.is_i64() || value.is_u64(),
        InputType::Number => value.is_number(),
        InputType::Boolean => value.is_boolean(),
        InputType::Array => value.is_array(),
        InputType::Object => value.is_object(),
        InputType::Duration => return units(&value, "a duration", |text| parse_duration(text).map(drop)),
        // A plain number of bytes is a number to YAML.
        InputType::Size if value.is_u64() => return Ok(Value::String(value.to_string())),
        InputType::Size => return units(&value, "a size", |text| parse_size(text).map(drop)),
    };
    if fits {
        return Ok(value);
    }
    let wants_text = matches!(kind, InputType::String | InputType::Path | InputType::Secret);
    Err(Problem { wants_text, ..Problem::new(format!("is {}, not {}", found(&value), expected(kind))) })
}

fn units(value: &Value, what: &str, parse: fn(&str) -> Result<(), String>) -> Result<Value, Problem> {
    let Some(text) = value.as_str().map(str::to_owned).or_else(|| value.as_number().map(Number::to_string)) else {
        return Err(Problem::new(format!("is {}, not {what}", found(value))));
    };
    match parse(&text) {
        Ok(()) => Ok(Value::String(text)),
        Err(hint) => {
            Err(Problem { hint: Some(hint), ..Problem::new(format!("is `{text}`, which is no {}", &what[2..])) })
        }
    }
}

fn expected(kind: InputType) -> &'static str {
    match kind {
        InputType::String | InputType::Secret => "text",
        InputType::Path => "a path",
        InputType::Integer => "a whole number",
        InputType::Number => "a number",
        InputType::Boolean => "`true` or `false`",
        InputType::Array => "a list",
        InputType::Object => "a mapping",
        InputType::Duration => "a duration",
        InputType::Size => "a size",
    }
}

fn found(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::String(_) => "text".to_owned(),
        Value::Array(_) => "a list".to_owned(),
        Value::Object(_) => "a mapping".to_owned(),
        Value::Number(number) => format!("the number {number}"),
        Value::Bool(value) => format!("`{value}`"),
    }
}

/// A value in a message; a long one is cut.
fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let cut: String = text.chars().take(60).collect();
    if cut.len() < text.len() { format!("`{cut}…`") } else { format!("`{cut}`") }
}

fn bounds(input: &Input, value: &Value) -> Result<(), Problem> {
    let Some(size) = measure(input.kind.value, value) else { return Ok(()) };
    let unit = match (&size, value) {
        (Bound::Length(_), Value::Array(_)) => " items",
        (Bound::Length(_), _) => " characters",
        _ => "",
    };
    let problem = |which: &str, limit: &Bound| {
        Err(Problem::new(format!("is {}, which is {which} {}{unit}", shown(value), bound(limit))))
    };
    let long = !unit.is_empty();
    if let Some(min) = input.min.as_ref().filter(|min| compare(&size, &min.value).is_lt()) {
        return problem(if long { "shorter than the minimum of" } else { "less than the minimum of" }, &min.value);
    }
    if let Some(max) = input.max.as_ref().filter(|max| compare(&size, &max.value).is_gt()) {
        return problem(if long { "longer than the maximum of" } else { "more than the maximum of" }, &max.value);
    }
    Ok(())
}

fn bound(bound: &Bound) -> String {
    match bound {
        Bound::Number(number) => number.to_string(),
        Bound::Length(length) => length.to_string(),
        Bound::Duration(duration) => format!("{duration:?}"),
        Bound::Size(bytes) => format!("{bytes} bytes"),
    }
}

/// What `min` and `max` are held against.
fn measure(kind: InputType, value: &Value) -> Option<Bound> {
    match (kind, value) {
        (InputType::Duration, Value::String(text)) => parse_duration(text).ok().map(Bound::Duration),
        (InputType::Size, Value::String(text)) => parse_size(text).ok().map(Bound::Size),
        (_, Value::Number(number)) => Some(Bound::Number(number.clone())),
        (_, Value::String(text)) => Some(Bound::Length(text.chars().count() as u64)),
        (_, Value::Array(items)) => Some(Bound::Length(items.len() as u64)),
        _ => None,
    }
}

/// The order of two bounds of one kind; whole numbers are compared exactly.
pub(in crate::language) fn compare(one: &Bound, other: &Bound) -> Ordering {
    match (one, other) {
        (Bound::Number(one), Bound::Number(other)) => numbers(one, other),
        (Bound::Length(one), Bound::Length(other)) | (Bound::Size(one), Bound::Size(other)) => one.cmp(other),
        (Bound::Duration(one), Bound::Duration(other)) => one.cmp(other),
        _ => Ordering::Equal,
    }
}

fn numbers(one: &Number, other: &Number) -> Ordering {
    let whole = |number: &Number| number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
    match (whole(one), whole(other)) {
        (Some(one), Some(other)) => one.cmp(&other),
        _ => one.as_f64().partial_cmp(&other.as_f64()).unwrap_or(Ordering::Equal),
    }
}
