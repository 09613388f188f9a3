//! From text (the command line, the environment) to a value of an input's type.

use std::sync::Arc;

use serde_json::{Number, Value};

use crate::diagnostic::{Diagnostic, Sink, Source, Span};
use crate::language::ast::{Input, InputType};
use crate::language::reader;

/// The value of a text, whose place is `span` of `source`; what is wrong goes into the sink.
///
/// A text that is taken as it stands may still not satisfy the input: that is `accept`'s to say.
pub(super) fn parse(input: &Input, source: &Arc<Source>, span: Span, sink: &mut Sink) -> Option<Value> {
    let text = source.slice(span);
    let value = match input.kind.value {
        InputType::Integer => text
            .parse::<i64>()
            .map(Number::from)
            .or_else(|_| text.parse::<u64>().map(Number::from))
            .ok()
            .map(Value::Number),
        InputType::Number => number(text),
        InputType::Boolean => match text {
            "true" => Some(Value::Bool(true)),
            "false" => Some(Value::Bool(false)),
            _ => None,
        },
        InputType::Array | InputType::Object => return collection(input, source, span, sink),
        _ => Some(Value::String(text.to_owned())),
    };
    if value.is_none() {
        let expected = match input.kind.value {
            InputType::Integer => "a whole number",
            InputType::Number => "a number",
            _ => "`true` or `false`",
        };
        let message = format!("input `{}` is `{text}`, not {expected}", input.name.value);
        sink.push(Diagnostic::error(source, span, message));
    }
    value
}

fn number(text: &str) -> Option<Value> {
    let float =
        text.parse::<f64>().ok().filter(|_| text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte)));
    let whole = text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok();
    whole.or_else(|| float.and_then(Number::from_f64)).map(Value::Number)
}

/// A list or mapping in JSON or YAML's flow style.
fn collection(input: &Input, source: &Arc<Source>, span: Span, sink: &mut Sink) -> Option<Value> {
    let text = source.slice(span);
    let list = input.kind.value == InputType::Array;
    let trimmed = text.trim_start();
    if !trimmed.starts_with(if list { '[' } else { '{' }) {
        let name = &input.name.value;
        let (what, hint) = if list {
            let items = if text.contains(['{', '"', '\'']) { "…" } else { text };
            ("a list", format!("write `{name}=[{items}]`"))
        } else {
            ("a mapping", format!("write `{name}={{\"key\": \"value\"}}`"))
        };
        sink.push(Diagnostic::error(source, span, format!("input `{name}` is text, not {what}")).hint(hint));
        return None;
    }
    // Blanks in front keep the places that the reader reports where they stand in the source.
    let padded = Source::new(source.name(), format!("{}{text}", " ".repeat(span.start)));
    let mut inner = Sink::new();
    let root = reader::read(&padded, &mut inner);
    let wrong = inner.has_errors();
    for found in inner.finish() {
        sink.push(Diagnostic { source: source.clone(), ..found });
    }
    root.filter(|_| !wrong).map(|root| root.to_json())
}
