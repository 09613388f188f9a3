//! `inputs`.

use regex::Regex;
use serde_json::Value;

use super::Decoder;
use super::fields::Fields;
use crate::language::ast::{Bound, Input, InputType, Spanned};
use crate::language::duration::parse_duration;
use crate::language::input::{self, Problem, SecretGiven};
use crate::language::reader::{Key, Node, Scalar};
use crate::language::size::parse_size;

/// The keys of an input.
pub(super) const KNOWN: [&str; 9] = ["type", "items", "default", "description", "enum", "pattern", "min", "max", "env"];

impl Decoder<'_> {
    pub(super) fn inputs(&mut self, node: &Node) -> Vec<Input> {
        let named = |decoder: &mut Self, key: &Key| decoder.identifier(&key.text, key.span, "an input");
        let entries = self.entries(node, "`inputs`", named);
        entries.into_iter().filter_map(|entry| self.input(entry.name, entry.value)).collect()
    }

    fn input(&mut self, name: Spanned<String>, node: &Node) -> Option<Input> {
        if node.is_null() || node.as_text().is_some() {
            self.mismatch(node, "an input as a mapping", Some("write `{type: string}`".to_owned()));
            return None;
        }
        let fields = self.fields(node, "an input", &KNOWN, &[])?;
        let kind = match fields.get("type") {
            Some(node) => self.choice(node, &InputType::ALL, &[])?,
            None => Spanned::new(InputType::String, name.span),
        };
        let mut input = Input {
            kind,
            items: self.item_type(&fields, kind.value),
            default: None,
            description: fields.get("description").and_then(|node| self.literal(node)),
            choices: None,
            pattern: self.pattern(&fields, kind.value),
            min: self.bound(&fields, "min", kind.value),
            max: self.bound(&fields, "max", kind.value),
            env: fields.get("env").map(|node| self.variables(node)).unwrap_or_default(),
            name,
        };
        if let (Some(min), Some(max)) = (&input.min, &input.max)
            && input::compare(&min.value, &max.value).is_gt()
        {
            self.error(min.span, "`min` is more than `max`");
        }
        // Choices are held against everything but themselves, the default against everything.
        input.choices = self.choices(&fields, &input);
        input.default = self.default(&fields, &input);
        Some(input)
    }

    fn unfit(&mut self, fields: &Fields<'_>, key: &str, kind: InputType, fits: &str) {
        let span = fields.key(key).unwrap_or(fields.head);
        self.error_hint(
            span,
            format!("`{key}` does not fit an input of type `{}`", kind.name()),
            format!("it fits {fits}"),
        );
    }

    fn item_type(&mut self, fields: &Fields<'_>, kind: InputType) -> Option<Spanned<InputType>> {
        let node = fields.get("items")?;
        if kind != InputType::Array {
            self.unfit(fields, "items", kind, "`array`");
            return None;
        }
        if node.as_mapping().is_some() {
            self.mismatch(node, "the name of a type", Some("write `items: string`".to_owned()));
            return None;
        }
        let known: Vec<_> = InputType::ALL.into_iter().filter(|(_, kind)| *kind != InputType::Secret).collect();
        self.choice(node, &known, &[])
    }

    fn pattern(&mut self, fields: &Fields<'_>, kind: InputType) -> Option<Spanned<Regex>> {
        let node = fields.get("pattern")?;
        if !matches!(kind, InputType::String | InputType::Path) {
            self.unfit(fields, "pattern", kind, "`string` and `path`");
            return None;
        }
        let text = self.literal(node)?;
        match Regex::new(&text.value) {
            Ok(regex) => Some(Spanned::new(regex, text.span)),
            Err(error) => {
                self.error_hint(text.span, "the pattern is no regular expression", regex_reason(&error));
                None
            }
        }
    }

    fn bound(&mut self, fields: &Fields<'_>, key: &str, kind: InputType) -> Option<Spanned<Bound>> {
        let node = fields.get(key)?;
        let text = node.as_text();
        let value = node.to_json();
        let (bound, expected) = match kind {
            InputType::Integer | InputType::Number => (value.as_number().cloned().map(Bound::Number), "a number"),
            InputType::String | InputType::Path | InputType::Array => {
                (value.as_u64().map(Bound::Length), "a length as a whole number")
            }
            InputType::Duration => (text.and_then(|text| parse_duration(text).ok()).map(Bound::Duration), "a duration"),
            InputType::Size => (text.and_then(|text| parse_size(text).ok()).map(Bound::Size), "a size such as `4Gi`"),
            InputType::Boolean | InputType::Object | InputType::Secret => {
                self.unfit(fields, key, kind, "numbers, texts, lists, durations and sizes");
                return None;
            }
        };
        if bound.is_none() {
            self.mismatch(node, expected, None);
        }
        bound.map(|bound| Spanned::new(bound, node.head))
    }

    fn variables(&mut self, node: &Node) -> Vec<Spanned<String>> {
        let nodes = node.as_sequence().unwrap_or(std::slice::from_ref(node));
        if nodes.is_empty() {
            self.error(node.head, "`env` names no variable");
        }
        let mut names: Vec<Spanned<String>> = Vec::new();
        for node in nodes {
            let Some(name) = self.literal(node).and_then(|text| self.variable(&text.value, text.span)) else {
                continue;
            };
            if names.iter().any(|other| other.value == name.value) {
                self.error(name.span, format!("`{}` is named twice", name.value));
            } else {
                names.push(name);
            }
        }
        names
    }

    fn choices(&mut self, fields: &Fields<'_>, input: &Input) -> Option<Spanned<Vec<Value>>> {
        use InputType as T;
        let node = fields.get("enum")?;
        if matches!(input.kind.value, T::Boolean | T::Array | T::Object | T::Secret) {
            self.unfit(fields, "enum", input.kind.value, "texts, numbers, durations and sizes");
            return None;
        }
        let items = self.items(node, "a list of values", None)?;
        if items.is_empty() {
            self.error(node.head, "`enum` allows no value");
            return None;
        }
        let mut values = Vec::with_capacity(items.len());
        for item in items.iter().filter(|item| !item.is_wrong()) {
            match input::accept(input, item.to_json()) {
                Ok(value) if values.contains(&value) => self.error(item.head, "the value is there twice"),
                Ok(value) => values.push(value),
                Err(problem) => self.problem(item, "the value", problem),
            }
        }
        Some(Spanned::new(values, node.head))
    }

    fn default(&mut self, fields: &Fields<'_>, input: &Input) -> Option<Spanned<Value>> {
        let node = fields.get("default")?;
        // One that is wrong stands as null: that there is no value is not said on top of it.
        let wrong = Some(Spanned::new(Value::Null, node.head));
        if node.is_wrong() {
            return wrong;
        }
        if node.is_null() {
            if node.as_scalar().is_some_and(|scalar| scalar.text.is_empty()) {
                let hint = "write `\"\"` for an empty text, or `null` for an input that may be left out";
                self.error_hint(node.head, "the default is missing", hint);
                return wrong;
            }
            return Some(Spanned::new(Value::Null, node.head));
        }
        if input.kind.value == InputType::Secret {
            let reference = node.as_text().map(SecretGiven::parse);
            if !reference.is_some_and(|given| given.is_reference()) {
                let hint = "write `env:NAME`, `file:PATH` or `command:…`";
                self.error_hint(node.head, "a secret cannot stand in the file", hint);
                return wrong;
            }
        }
        if node.as_text().is_some_and(|text| text.contains("{{")) {
            self.error_hint(node.head, "a default cannot be a template", "defaults are known before anything is read");
            return wrong;
        }
        match input::accept(input, node.to_json()) {
            Ok(value) => Some(Spanned::new(value, node.head)),
            Err(problem) => {
                self.problem(node, "the default", problem);
                wrong
            }
        }
    }

    fn problem(&mut self, node: &Node, what: &str, problem: Problem) {
        let quote =
            node.as_scalar().filter(|_| problem.wants_text).filter(|scalar| !Scalar::to_json(scalar).is_string());
        let hint = quote.map(|scalar| format!("quote it: \"{}\"", scalar.text)).or(problem.hint);
        let found = crate::diagnostic::Diagnostic::error(self.source, node.head, format!("{what} {}", problem.message));
        self.sink.push(found.maybe_hint(hint));
    }
}

/// The last line of the regex crate's message, which says the reason.
fn regex_reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default().trim();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}
