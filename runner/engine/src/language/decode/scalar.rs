//! Single values.

use std::time::Duration;

use serde_json::Value;

use super::Decoder;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::language::ast::{Expr, Named, Spanned, Text};
use crate::language::duration::parse_duration;
use crate::language::reader::{Key, Node, Style};

/// Names that expressions already give a meaning.
pub(super) const ROOTS: [&str; 9] = ["inputs", "secrets", "steps", "item", "output", "env", "run", "state", "error"];

/// Words that no name in an expression can be, not even one behind a dot.
const WORDS: [&str; 4] = ["in", "true", "false", "null"];

/// Words that only a name behind a dot can be: what CEL reserves, and what blocks of templates give a meaning.
const RESERVED: [&str; 18] = [
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "package",
    "namespace",
    "return",
    "this",
    "var",
    "void",
    "while",
];

/// Whether a text can be a name in expressions.
pub(super) fn is_identifier(text: &str) -> bool {
    let mut bytes = text.bytes();
    bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

/// What a name would look like that was meant so.
fn as_identifier(text: &str) -> Option<String> {
    let lower = text.trim().to_lowercase();
    let name: String = lower.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    let name = name.trim_start_matches(|c: char| !c.is_ascii_lowercase()).trim_end_matches('_');
    (is_identifier(name) && name.len() <= 60).then(|| name.to_owned())
}

impl Decoder<'_> {
    /// A text that may hold templates: any scalar that is written.
    pub(super) fn text(&mut self, node: &Node) -> Option<Text> {
        if let Some(text) = node.as_text() {
            return Some(Text { value: text.to_owned(), node: node.clone() });
        }
        self.mismatch(node, "text", node.is_null().then(|| "an empty text is written `\"\"`".to_owned()));
        None
    }

    /// A text that is taken as it stands.
    pub(super) fn literal(&mut self, node: &Node) -> Option<Spanned<String>> {
        self.text(node).map(|text| Spanned::new(text.value, node.head))
    }

    /// An expression.
    pub(super) fn expr(&mut self, node: &Node) -> Option<Expr> {
        let Some(text) = node.as_text() else {
            self.mismatch(node, "an expression", None);
            return None;
        };
        if text.trim().is_empty() {
            self.error(node.head, "the expression is empty");
            return None;
        }
        if text.trim_start().starts_with("{{") && text.trim_end().ends_with("}}") {
            let inner = text.trim().trim_start_matches('{').trim_end_matches('}').trim();
            let message = "an expression stands here, not a template";
            self.error_hint(node.head, message, format!("write it without braces: `{inner}`"));
            return None;
        }
        Some(Expr { value: text.to_owned(), node: node.clone() })
    }

    /// `true` or `false`.
    pub(super) fn boolean(&mut self, node: &Node) -> Option<Spanned<bool>> {
        if let Some(Value::Bool(value)) = node.as_scalar().map(crate::language::reader::Scalar::to_json) {
            return Some(Spanned::new(value, node.head));
        }
        let hint = node
            .as_text()
            .filter(|text| matches!(*text, "true" | "false"))
            .map(|text| format!("without quotes: {text}"));
        self.mismatch(node, "`true` or `false`", hint);
        None
    }

    /// A whole number of at least 1.
    pub(super) fn count(&mut self, node: &Node) -> Option<Spanned<u32>> {
        let value = node.to_json();
        if let Some(count) = value.as_u64().and_then(|value| u32::try_from(value).ok()).filter(|count| *count > 0) {
            return Some(Spanned::new(count, node.head));
        }
        let hint = unquote(node, Value::is_u64);
        self.mismatch(node, "a whole number of at least 1", hint);
        None
    }

    /// A number within bounds.
    pub(super) fn number(&mut self, node: &Node, expected: &str, fits: fn(f64) -> bool) -> Option<Spanned<f64>> {
        if let Some(value) = node.to_json().as_f64().filter(|value| fits(*value)) {
            return Some(Spanned::new(value, node.head));
        }
        self.mismatch(node, expected, unquote(node, Value::is_number));
        None
    }

    /// A duration.
    pub(super) fn duration(&mut self, node: &Node) -> Option<Spanned<Duration>> {
        let Some(text) = node.as_text() else {
            self.mismatch(node, "a duration such as `90s`", None);
            return None;
        };
        match parse_duration(text) {
            Ok(duration) => Some(Spanned::new(duration, node.head)),
            Err(hint) => {
                self.error_hint(node.head, format!("`{text}` is no duration"), hint);
                None
            }
        }
    }

    /// A duration that is not zero.
    pub(super) fn time(&mut self, node: &Node) -> Option<Spanned<Duration>> {
        let duration = self.duration(node)?;
        if duration.value.is_zero() {
            self.error_hint(node.head, "the time must be longer than zero", "leave the key out for no bound");
            return None;
        }
        Some(duration)
    }

    /// One of a few words; those in `later` are said to come with later versions.
    pub(super) fn choice<T: Copy>(&mut self, node: &Node, words: &[(&str, T)], later: &[&str]) -> Option<Spanned<T>> {
        let names: Vec<_> = words.iter().map(|(name, _)| format!("`{name}`")).collect();
        let expected = names.join(", ");
        let Some(text) = node.as_text() else {
            self.mismatch(node, &format!("one of {expected}"), None);
            return None;
        };
        if let Some((_, value)) = words.iter().find(|(name, _)| *name == text) {
            return Some(Spanned::new(*value, node.head));
        }
        let hint = if later.contains(&text) {
            Some(format!("`{text}` is not yet known to this version"))
        } else {
            did_you_mean(text, words.iter().map(|(name, _)| *name))
        };
        let message = format!("`{text}` is not one of {expected}");
        self.sink.push(Diagnostic::error(self.source, node.head, message).maybe_hint(hint));
        None
    }

    /// A name that expressions can use.
    pub(super) fn identifier(&mut self, text: &str, span: Span, what: &str) -> Option<Spanned<String>> {
        let message = format!("`{text}` cannot be the name of {what}");
        if WORDS.contains(&text) {
            let hint = format!("`{text}` has its own meaning in expressions: write `{text}_`, or another word");
            self.error_hint(span, message, hint);
            return None;
        }
        if is_identifier(text) {
            return Some(Spanned::new(text.to_owned(), span));
        }
        let rule = if text.contains('-') {
            "a hyphen is a minus in expressions"
        } else {
            "a name has lower-case letters, digits and `_`, and starts with a letter"
        };
        let hint = as_identifier(text).map_or_else(|| rule.to_owned(), |name| format!("{rule}: write `{name}`"));
        self.error_hint(span, message, hint);
        None
    }

    /// An identifier that stands as a root in expressions, so must be none that is there already.
    pub(super) fn root(&mut self, text: &str, span: Span, what: &str) -> Option<Spanned<String>> {
        if (ROOTS.contains(&text) && text != "item") || RESERVED.contains(&text) {
            self.error(
                span,
                format!("`{text}` has its own meaning in expressions, so it cannot be the name of {what}"),
            );
            return None;
        }
        self.identifier(text, span, what)
    }

    /// The name of an environment variable.
    pub(super) fn variable(&mut self, text: &str, span: Span) -> Option<Spanned<String>> {
        let name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
        if text.bytes().all(name) && text.bytes().next().is_some_and(|first| !first.is_ascii_digit()) {
            return Some(Spanned::new(text.to_owned(), span));
        }
        let hint = "it has letters, digits and `_`, and does not start with a digit";
        self.error_hint(span, format!("`{text}` cannot be the name of an environment variable"), hint);
        None
    }

    /// `env`: names and texts.
    pub(super) fn env(&mut self, node: &Node) -> Vec<Named<Text>> {
        let entries = self.entries(node, "`env`", |decoder, key: &Key| decoder.variable(&key.text, key.span));
        entries
            .into_iter()
            .filter_map(|entry| Some(Named { value: self.text(entry.value)?, name: entry.name }))
            .collect()
    }

    /// `outputs`: names and texts.
    pub(super) fn outputs(&mut self, node: &Node) -> Vec<Named<Text>> {
        let entries =
            self.entries(node, "`outputs`", |decoder, key: &Key| decoder.identifier(&key.text, key.span, "an output"));
        entries
            .into_iter()
            .filter_map(|entry| Some(Named { value: self.text(entry.value)?, name: entry.name }))
            .collect()
    }
}

/// The hint for a number in quotes.
fn unquote(node: &Node, fits: fn(&Value) -> bool) -> Option<String> {
    let scalar = node.as_scalar().filter(|scalar| scalar.style != Style::Plain)?;
    let plain = crate::language::reader::Scalar { text: scalar.text.clone(), style: Style::Plain };
    fits(&plain.to_json()).then(|| format!("without quotes: {}", scalar.text))
}
