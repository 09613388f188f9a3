//! An expression and values make a value.

use std::collections::BTreeMap;

use cel::{Context, ExecutionError, Value as Cel};
use serde_json::Value;

use super::Expression;
use super::convert::{map, to_cel, to_double, to_json};
use super::parse::ENV;
use super::work::{self, Meter};
use crate::expression::problem::shown;
use crate::expression::scope::{Scope, descend};
use crate::expression::{Entry, Problem};

pub(super) fn evaluate(expression: &Expression, scope: &Scope, meter: &Meter) -> Result<Value, Problem> {
    let mut context = Context::with_env(std::sync::Arc::clone(&ENV));
    let status = scope.status();
    let calls = expression.status;
    let functions = [
        ("success", calls.success, status.success),
        ("failure", calls.failure, status.failure),
        ("always", calls.always, true),
    ];
    for (name, called, answer) in functions {
        if called {
            // Fails only for names that the environment declares; a test calls all three.
            let _declared: Result<(), _> = context.add_function(name, move || answer);
        }
    }
    let mut roots: BTreeMap<&str, Needed<'_>> = BTreeMap::new();
    for asked in &expression.asked {
        if let Some((root, rest)) = asked.reference.segments.split_first() {
            roots.entry(root).or_default().add(rest);
        }
    }
    for (root, needed) in &roots {
        if let Some(value) = needed.take(scope, &mut vec![(*root).to_owned()]) {
            context.add_variable_from_value(*root, value);
        }
    }
    if expression.metered.is_some() {
        meter.install(&mut context);
    }
    let tree = expression.metered.as_ref().unwrap_or(&expression.tree);
    let result = cel::Value::resolve(tree, &context).map_err(|error| told(expression, scope, &error))?;
    to_json(&result).map_err(|message| Problem::new(0, message))
}

/// What of a value is referred to: only that is converted.
#[derive(Default)]
struct Needed<'e> {
    whole: bool,
    parts: BTreeMap<&'e str, Needed<'e>>,
}

impl<'e> Needed<'e> {
    fn add(&mut self, segments: &'e [String]) {
        match segments.split_first() {
            None => self.whole = true,
            Some((first, rest)) => self.parts.entry(first).or_default().add(rest),
        }
    }

    /// The value at `path` with its needed parts. Missing parts stay missing, so that asking for them is answered by
    /// the evaluation as if all were there.
    fn take(&self, scope: &Scope, path: &mut Vec<String>) -> Option<Cel> {
        if self.whole {
            return convert_at(scope, path);
        }
        let (entry, taken) = scope.reach(path).ok()?;
        if let Entry::Value(value) = entry {
            let inner = descend(&value, &path[taken..]).ok()?;
            // Through anything but an object a path leads to an error, or into a list: both want the value as it is.
            if !inner.is_object() {
                return Some(converted(scope, path, inner));
            }
        }
        let mut fields = Vec::new();
        for (name, needed) in &self.parts {
            path.push((*name).to_owned());
            if let Some(value) = needed.take(scope, path) {
                fields.push(((*name).to_owned(), value));
            }
            path.pop();
        }
        Some(map(fields.into_iter()))
    }
}

fn convert_at(scope: &Scope, path: &[String]) -> Option<Cel> {
    let (value, taken) = scope.fetch(path).ok()?;
    descend(&value, &path[taken..]).ok().map(|value| converted(scope, path, value))
}

/// A value at a path: what is declared as a number is a double, however it was given.
fn converted(scope: &Scope, path: &[String], value: &Value) -> Cel {
    match (path, value) {
        ([inputs, name, ..], _) if inputs == "inputs" && scope.is_double(name) => to_double(value),
        ([inputs], Value::Object(fields)) if inputs == "inputs" => map(fields.iter().map(|(name, value)| {
            let double = scope.is_double(name);
            (name.clone(), if double { to_double(value) } else { to_cel(value) })
        })),
        _ => to_cel(value),
    }
}

/// The crate's error in our words. Values are never quoted: they may be secret, or huge.
fn told(expression: &Expression, scope: &Scope, error: &ExecutionError) -> Problem {
    let nothing_there = matches!(
        error,
        ExecutionError::NoSuchKey(_)
            | ExecutionError::UndeclaredReference(_)
            | ExecutionError::NoSuchOverload(_)
            | ExecutionError::UnexpectedType { .. }
            | ExecutionError::UnsupportedIndex(..)
            | ExecutionError::IndexOutOfBounds(_)
            | ExecutionError::ValuesNotComparable(..)
            | ExecutionError::UnsupportedBinaryOperator(..)
    );
    if nothing_there {
        let unmet =
            expression.asked.iter().filter(|asked| !asked.test).find_map(|asked| scope.explain(&asked.reference));
        if let Some(problem) = unmet {
            return problem;
        }
        let null = expression.asked.iter().find_map(|asked| {
            let fate = scope.fate(&asked.reference.segments)?;
            let (value, taken) = scope.fetch(&asked.reference.segments).ok()?;
            descend(&value, &asked.reference.segments[taken..]).ok()?.is_null().then_some((asked, fate))
        });
        if let Some((asked, fate)) = null {
            let path = asked.reference.segments.join(".");
            return Problem::new(asked.reference.offset, format!("`{path}` is null: {fate}"));
        }
    }
    let (message, hint) = words(error, &expression.source);
    Problem::new(0, message).maybe_hint(hint)
}

fn words(error: &ExecutionError, source: &str) -> (String, Option<String>) {
    let plain = |message: &str| (message.to_owned(), None);
    match error {
        ExecutionError::NoSuchKey(key) => {
            // A computed name is a value.
            let named = if source.contains(key.as_str()) { shown(key) } else { "such name".to_owned() };
            (format!("there is no {named}"), Some("`has(x.y)` asks whether it is there".to_owned()))
        }
        ExecutionError::UndeclaredReference(name) => (format!("unknown name {}", shown(name)), None),
        ExecutionError::NoSuchOverload(overload) => {
            let types: Vec<String> = overload.argument_types().iter().map(|name| type_words(name)).collect();
            operator_refuses(overload.function(), &types)
        }
        ExecutionError::UnexpectedType { got, want } => {
            (format!("{} is needed, this is {}", type_words(want), type_words(got)), None)
        }
        ExecutionError::DivisionByZero(_) => plain("this divides by zero"),
        ExecutionError::RemainderByZero(_) => plain("this takes a remainder by zero"),
        ExecutionError::Overflow(sign, ..) => {
            (format!("the result of {} does not fit into 64 bits", operator_words(sign)), None)
        }
        ExecutionError::IndexOutOfBounds(_) => {
            ("the list has no such index".to_owned(), Some("`size(…)` counts its items".to_owned()))
        }
        ExecutionError::FunctionError { function, .. } if function == work::FUNCTION => (
            format!("this takes too much work: more than {} operations", work::MOST),
            Some("loop over less, or let a step compute it".to_owned()),
        ),
        ExecutionError::FunctionError { function, message } => function_words(function, message),
        ExecutionError::DuplicateKey(_) => plain("a name stands twice in an object"),
        ExecutionError::ValuesNotComparable(..) => plain("these values cannot be compared"),
        ExecutionError::UnsupportedIndex(..) => plain("this has no index of that kind"),
        ExecutionError::UnsupportedKeyType(_) => plain("this cannot be a name in an object"),
        ExecutionError::UnsupportedBinaryOperator(sign, left, right) => {
            let types = [left, right].map(|value| type_words(&value.type_of().to_string()));
            operator_refuses(sign, &types)
        }
        ExecutionError::NotSupportedAsMethod { method, .. } => {
            (format!("`{method}` cannot be called on this value"), None)
        }
        ExecutionError::InvalidArgumentCount { expected, actual } => {
            (format!("{expected} arguments are needed, not {actual}"), None)
        }
        _ => plain("this cannot be evaluated"),
    }
}

fn operator_refuses(name: &str, types: &[String]) -> (String, Option<String>) {
    let message = format!("{} does not take {}", operator_words(name), types.join(" and "));
    let is = |wanted: &str| types.iter().any(|of| of == wanted);
    let hint = if is("an integer") && is("a number with a fraction") {
        Some("`double(…)` makes a number with a fraction of a whole one")
    } else if is("a string") && (is("an integer") || is("a number with a fraction")) {
        Some("`string(…)` makes text of a number, `int(…)` a number of text")
    } else {
        None
    };
    (message, hint.map(str::to_owned))
}

/// What a function refused. Its own message is kept only where it quotes no text that it was given.
fn function_words(function: &str, message: &str) -> (String, Option<String>) {
    const QUOTELESS: [&str; 10] =
        ["slice", "lists.range", "sort", "sortBy", "flatten", "charAt", "substring", "indexOf", "lastIndexOf", "value"];
    let hint = match function {
        "duration" => Some("durations are written `90s`, `10m`, `1h30m`"),
        "timestamp" => Some("timestamps are written `2026-01-02T03:04:05Z`"),
        "value" => Some("`orValue(…)` gives another value where nothing is there"),
        _ => None,
    };
    let message = if QUOTELESS.contains(&function) || function.starts_with("math.") {
        format!("`{function}`: {message}")
    } else {
        format!("`{function}` cannot read what it was given")
    };
    (message, hint.map(str::to_owned))
}

fn operator_words(name: &str) -> String {
    let sign = match name {
        "_[_]" => "an index",
        "_?_:_" => "`?`",
        "@in" => "`in`",
        "add" => "`+`",
        "sub" => "`-`",
        "mul" => "`*`",
        "div" => "`/`",
        "rem" => "`%`",
        _ => return format!("`{}`", name.trim_matches('_')),
    };
    sign.to_owned()
}

fn type_words(name: &str) -> String {
    let words = match name {
        "int" => "an integer",
        "uint" => "an unsigned integer",
        "double" => "a number with a fraction",
        "string" => "a string",
        "bool" => "a boolean",
        "list" => "a list",
        "map" => "an object",
        "null_type" | "null" => "null",
        "bytes" => "bytes",
        "duration" | "google.protobuf.Duration" => "a duration",
        "timestamp" | "google.protobuf.Timestamp" => "a timestamp",
        "type" => "a type",
        other => other,
    };
    words.to_owned()
}
