//! `key: {{name}}`: YAML reads a flow mapping where its author meant a template.

use std::sync::Arc;

use granit_parser::ErrorKind;

use super::build::Failed;
use crate::diagnostic::{Diagnostic, Source, Span};

/// Where the value ends that starts with `{{` at `start`: at the end of the line, or inside brackets behind the `}}`.
pub(super) fn end(text: &str, start: usize, inside: bool) -> usize {
    let line = text[start..].find(['\n', '\r']).map_or(text.len(), |end| start + end);
    let line = text[start..line].find(" #").map_or(line, |comment| start + comment);
    if inside {
        let close = text[start..line].find("}}").map_or(line, |close| start + close + 2);
        let rest = text[close..line].find([',', ']', '}', '[', '{']).map_or(line, |stop| close + stop);
        return start + text[start..rest].trim_end().len();
    }
    start + text[start..line].trim_end().len()
}

/// The diagnostic for a template that was not quoted.
pub(super) fn unquoted(source: &Arc<Source>, span: Span) -> Diagnostic {
    let value = source.slice(span);
    let quote = if value.contains('"') { '\'' } else { '"' };
    let message = "an unquoted `{{` starts a YAML mapping, not a template";
    let hint = match value.chars().count() {
        0..=100 if !value.contains('\'') || quote == '"' => format!("quote the value: {quote}{value}{quote}"),
        _ => "quote the value".to_owned(),
    };
    Diagnostic::error(source, span, message).hint(hint)
}

/// The unquoted templates that were met; if none, the one that explains why the text could not be read to its end.
pub(super) fn to_cover(
    text: &str,
    failed: Option<&Failed>,
    base: usize,
    met: Vec<Span>,
    covered: &[Span],
) -> Vec<Span> {
    if !met.is_empty() {
        return met;
    }
    let Some(Failed::Syntax(error)) = failed else { return Vec::new() };
    // The parser looks ahead, so it may fail before it has said that a mapping starts.
    let at = error.marker().byte_offset().filter(|_| !matches!(error.kind(), ErrorKind::RecursionLimitExceeded));
    let Some(before) = at.and_then(|at| text.get(..at)) else { return Vec::new() };
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = text[start..].find('\n').map_or(text.len(), |end| start + end);
    let Some(opening) = text[start..line].find("{{") else { return Vec::new() };
    let before = text[start..start + opening].trim_end();
    let is_value = before.ends_with([':', '-', ',', '[', '{']) || before.is_empty();
    let span = Span::new(start + opening + base, end(text, start + opening, before.contains(['[', '{'])) + base);
    let new = is_value && span.end > span.start && covered.binary_search(&span).is_err();
    if new { vec![span] } else { Vec::new() }
}
