//! Which value each input has, and where it came from.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::{SecretGiven, accept, text};
use crate::diagnostic::{Diagnostic, Sink, Source, Span, did_you_mean};
use crate::language::ast::{Input, InputType, Workflow};
use crate::language::reader::{Document, Entry};

/// What a person gives, and where.
#[derive(Clone, Copy, Debug)]
pub struct Given<'a> {
    /// `--input NAME=VALUE`, as written, in order.
    pub options: &'a [String],
    /// The `--inputs` file, read.
    pub file: Option<&'a Document>,
    /// The environment.
    pub env: &'a BTreeMap<String, String>,
    /// What paths are relative to that a person gives.
    pub working_directory: &'a Path,
    /// What paths are relative to that stand as a default.
    pub project: &'a Path,
}

/// The value of an input.
#[derive(Clone, Debug, PartialEq)]
pub enum InputValue {
    /// A value of its type; null for an input that may be left out.
    Plain(Value),
    /// A secret, or where it is.
    Secret(SecretGiven),
}

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// `--input`.
    Option,
    /// The `--inputs` file.
    File,
    /// This environment variable.
    Env(String),
    /// The input's default.
    Default,
}

/// An input with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Resolved {
    /// The input's name.
    pub name: String,
    /// Its value.
    pub value: InputValue,
    /// Where it came from.
    pub origin: Origin,
}

/// The values of all inputs, in the order of the file; everything wrong goes into the sink.
///
/// Only complete and right when the sink has no errors afterwards.
pub fn resolve(workflow: &Workflow, given: &Given<'_>, sink: &mut Sink) -> Vec<Resolved> {
    let options = options(workflow, given, sink);
    let entries = file(workflow, given, sink);
    let mut all = Vec::with_capacity(workflow.inputs.len());
    for input in &workflow.inputs {
        let name = input.name.value.as_str();
        let (value, origin) = if let Some((source, span)) = options.get(name) {
            (typed(input, source, *span, given, sink), Origin::Option)
        } else if let Some((document, entry)) = entries.iter().find(|(_, entry)| entry.key.text == name) {
            (from_file(input, document, entry, given, sink), Origin::File)
        } else if let Some(variable) = variable(input, given) {
            deprecated(workflow, input, variable, sink);
            let value = &given.env[variable];
            let source = Source::new(format!("${variable}"), if is_secret(input) { "…" } else { value.as_str() });
            let value = if is_secret(input) {
                Some(InputValue::Secret(SecretGiven::Env(variable.to_owned())))
            } else {
                typed(input, &source, Span::new(0, source.text().len()), given, sink)
            };
            (value, Origin::Env(variable.to_owned()))
        } else {
            (default(workflow, input, given, sink), Origin::Default)
        };
        all.extend(value.map(|value| Resolved { name: name.to_owned(), value, origin }));
    }
    all
}

fn is_secret(input: &Input) -> bool {
    input.kind.value == InputType::Secret
}

/// The options by name: the source of each, and the place of its value.
fn options<'w>(workflow: &'w Workflow, given: &Given<'_>, sink: &mut Sink) -> BTreeMap<&'w str, (Arc<Source>, Span)> {
    let mut options = BTreeMap::new();
    for option in given.options {
        let Some((name, value)) = option.split_once('=') else {
            let source = Source::new("--input", option.as_str());
            let whole = Span::new(0, option.len());
            let message = format!("`{option}` is not of the form `NAME=VALUE`");
            sink.push(Diagnostic::error(&source, whole, message));
            continue;
        };
        let input = workflow.inputs.iter().find(|input| input.name.value == name);
        // The value of a secret is kept beside the text that a message may show.
        let source =
            Source::new("--input", if input.is_some_and(is_secret) { format!("{name}=…") } else { option.clone() });
        let Some(input) = input else {
            sink.push(unknown(workflow, &source, Span::new(0, name.len()), name));
            continue;
        };
        let place = Span::new(name.len() + 1, source.text().len());
        let source = if is_secret(input) { Source::new("--input", value) } else { source };
        let place = if is_secret(input) { Span::new(0, value.len()) } else { place };
        if options.insert(input.name.value.as_str(), (source, place)).is_some() {
            let shown = Source::new("--input", format!("{name}=…"));
            let message = format!("input `{name}` is given twice");
            sink.push(Diagnostic::error(&shown, Span::new(0, name.len()), message));
        }
    }
    options
}

fn unknown(workflow: &Workflow, source: &Arc<Source>, span: Span, name: &str) -> Diagnostic {
    let names = || workflow.inputs.iter().map(|input| input.name.value.as_str());
    let listed: Vec<_> = names().map(|name| format!("`{name}`")).collect();
    let hint = did_you_mean(name, names()).unwrap_or_else(|| {
        if listed.is_empty() {
            "the workflow has no inputs".to_owned()
        } else {
            format!("its inputs are {}", listed.join(", "))
        }
    });
    Diagnostic::error(source, span, format!("the workflow has no input `{name}`")).hint(hint)
}

fn file<'g>(workflow: &Workflow, given: &Given<'g>, sink: &mut Sink) -> Vec<(&'g Document, &'g Entry)> {
    let Some((document, root)) = given.file.and_then(|document| Some((document, document.root.as_ref()?))) else {
        return Vec::new();
    };
    let Some(entries) = root.as_mapping() else {
        if !root.is_wrong() {
            let message = format!("expected a mapping of inputs, found {}", root.describe());
            sink.push(Diagnostic::error(&document.source, root.head, message));
        }
        return Vec::new();
    };
    for entry in entries {
        if !workflow.inputs.iter().any(|input| input.name.value == entry.key.text) {
            sink.push(unknown(workflow, &document.source, entry.key.span, &entry.key.text));
        }
    }
    entries.iter().map(|entry| (document, entry)).collect()
}

fn from_file(
    input: &Input,
    document: &Document,
    entry: &Entry,
    given: &Given<'_>,
    sink: &mut Sink,
) -> Option<InputValue> {
    if entry.value.is_wrong() {
        return None;
    }
    if is_secret(input) && !entry.value.is_null() {
        // Taken as written, and never shown: not even in the line of a message.
        let Some(text) = entry.value.as_text() else {
            let message = format!("input `{}` is {}, not text", input.name.value, entry.value.describe());
            sink.push(Diagnostic::whole(&document.source, message));
            return None;
        };
        return Some(placed(input, Value::String(text.to_owned()), given.working_directory));
    }
    let value = entry.value.to_json();
    let optional = input.default.as_ref().is_some_and(|default| default.value.is_null());
    if value.is_null() && optional {
        return Some(InputValue::Plain(Value::Null));
    }
    accepted(input, value, &document.source, entry.value.head, given.working_directory, sink)
}

/// The variable that gives the value, if one does.
fn variable<'i>(input: &'i Input, given: &Given<'_>) -> Option<&'i str> {
    let set = |name: &&str| {
        given.env.get(*name).is_some_and(|value| !value.is_empty() || input.kind.value == InputType::String)
    };
    input.env.iter().map(|name| name.value.as_str()).find(set)
}

fn deprecated(workflow: &Workflow, input: &Input, used: &str, sink: &mut Sink) {
    let Some((current, old)) = input.env.split_first() else { return };
    if let Some(old) = old.iter().find(|name| name.value == used) {
        let message = format!("`{used}` is deprecated for input `{}`", input.name.value);
        let hint = format!("set `{}` instead", current.value);
        sink.push(Diagnostic::warning(&workflow.source, old.span, message).hint(hint));
    }
}

fn default(workflow: &Workflow, input: &Input, given: &Given<'_>, sink: &mut Sink) -> Option<InputValue> {
    let name = &input.name.value;
    let Some(default) = &input.default else {
        let mut hint = format!("give it by `--input {name}=…`");
        if let Some(variable) = input.env.first() {
            hint = format!("{hint} or set `{}`", variable.value);
        }
        let message = format!("input `{name}` has no value");
        sink.push(Diagnostic::error(&workflow.source, input.name.span, message).hint(hint));
        return None;
    };
    match &default.value {
        Value::Null => Some(InputValue::Plain(Value::Null)),
        value => Some(placed(input, value.clone(), given.project)),
    }
}

/// The value of a text.
fn typed(input: &Input, source: &Arc<Source>, span: Span, given: &Given<'_>, sink: &mut Sink) -> Option<InputValue> {
    let value = text::parse(input, source, span, sink)?;
    accepted(input, value, source, span, given.working_directory, sink)
}

fn accepted(
    input: &Input,
    value: Value,
    source: &Arc<Source>,
    span: Span,
    base: &Path,
    sink: &mut Sink,
) -> Option<InputValue> {
    match accept(input, value) {
        Ok(value) => Some(placed(input, value, base)),
        Err(problem) => {
            let message = format!("input `{}` {}", input.name.value, problem.message);
            sink.push(Diagnostic::error(source, span, message).maybe_hint(problem.hint));
            None
        }
    }
}

/// With paths made absolute, and secrets told apart.
fn placed(input: &Input, value: Value, base: &Path) -> InputValue {
    let is_path = |kind: InputType| kind == InputType::Path;
    match value {
        Value::String(text) if is_secret(input) => InputValue::Secret(match SecretGiven::parse(&text) {
            SecretGiven::File(path) => SecretGiven::File(absolute(base, &path)),
            other => other,
        }),
        Value::String(text) if is_path(input.kind.value) => InputValue::Plain(Value::String(absolute(base, &text))),
        Value::Array(items) if input.items.as_ref().is_some_and(|items| is_path(items.value)) => {
            let item =
                |item: Value| item.as_str().map_or_else(|| item.clone(), |text| Value::String(absolute(base, text)));
            InputValue::Plain(items.into_iter().map(item).collect())
        }
        value => InputValue::Plain(value),
    }
}

/// The path below `base`, without its `.` parts; `..` stays, since what it means depends on symbolic links.
fn absolute(base: &Path, path: &str) -> String {
    base.join(path).components().collect::<std::path::PathBuf>().to_string_lossy().into_owned()
}
