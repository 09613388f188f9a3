//! The tree that the reader gives: every value and key with its place.

use serde_json::{Map, Value};

use super::{locate, scalar};
use crate::diagnostic::{Source, Span};

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Node {
    /// All of it.
    pub span: Span,
    /// The part of it to point at: never more than one line.
    pub head: Span,
    /// What it is.
    pub kind: Kind,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Kind {
    /// A text, number, boolean or null.
    Scalar(Scalar),
    /// A list.
    Sequence(Vec<Node>),
    /// A mapping; its keys are distinct.
    Mapping(Vec<Entry>),
    /// Something wrong that the reader has reported already; whoever meets it passes over it in silence.
    Wrong,
}

/// A scalar as its author wrote it.
#[derive(Clone, Debug)]
pub struct Scalar {
    /// The text, unescaped and unfolded; empty for a value that is not written.
    pub text: String,
    /// How it is written; only a plain one can be anything but text.
    pub style: Style,
}

/// The five ways to write a scalar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// Without quotes.
    Plain,
    /// In `'`.
    Single,
    /// In `"`.
    Double,
    /// After `|`.
    Literal,
    /// After `>`.
    Folded,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// Its value.
    pub value: Node,
}

/// A key: always text here, as in JSON.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its text.
    pub text: String,
    /// Its place.
    pub span: Span,
}

impl Node {
    /// Something wrong that was reported already.
    pub const fn wrong(span: Span) -> Self {
        Self { span, head: span, kind: Kind::Wrong }
    }

    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        if let Kind::Scalar(scalar) = &self.kind { Some(scalar) } else { None }
    }

    /// The text of a scalar that is not null.
    pub fn as_text(&self) -> Option<&str> {
        self.as_scalar().filter(|scalar| !scalar.is_null()).map(|scalar| scalar.text.as_str())
    }

    /// The entries, if it is a mapping.
    pub fn as_mapping(&self) -> Option<&[Entry]> {
        if let Kind::Mapping(entries) = &self.kind { Some(entries) } else { None }
    }

    /// The items, if it is a list.
    pub fn as_sequence(&self) -> Option<&[Node]> {
        if let Kind::Sequence(items) = &self.kind { Some(items) } else { None }
    }

    /// Whether it is null: written so, or not written at all.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(Scalar::is_null)
    }

    /// Whether it was reported as wrong already.
    pub fn is_wrong(&self) -> bool {
        matches!(self.kind, Kind::Wrong)
    }

    /// The value of a key, if it is a mapping that has it.
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.as_mapping()?.iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
    }

    /// The value, by the core schema of YAML 1.2. What was wrong is null.
    pub fn to_json(&self) -> Value {
        match &self.kind {
            Kind::Scalar(scalar) => scalar.to_json(),
            Kind::Sequence(items) => items.iter().map(Self::to_json).collect(),
            Kind::Mapping(entries) => {
                let pairs = entries.iter().map(|entry| (entry.key.text.clone(), entry.value.to_json()));
                Value::Object(pairs.collect::<Map<_, _>>())
            }
            Kind::Wrong => Value::Null,
        }
    }

    /// What it is, in a word for messages: `a list`, `the number 5`.
    pub fn describe(&self) -> String {
        match &self.kind {
            Kind::Sequence(_) => "a list".into(),
            Kind::Mapping(_) => "a mapping".into(),
            Kind::Wrong => "something wrong".into(),
            Kind::Scalar(scalar) => match scalar.to_json() {
                Value::Null => "nothing".into(),
                Value::Bool(value) => format!("`{value}`"),
                Value::Number(_) => format!("the number {}", scalar.text),
                _ => "text".into(),
            },
        }
    }

    /// Where a range of a scalar's value stands in the file, exactly, whatever way the scalar is written; the whole head for
    /// other nodes.
    pub fn locate(&self, source: &Source, value: Span) -> Span {
        match &self.kind {
            Kind::Scalar(scalar) => source.clamp(locate::locate(source.text(), self.span, scalar, value)),
            _ => self.head,
        }
    }
}

impl Scalar {
    /// Whether it is null: written so, or not written at all.
    pub fn is_null(&self) -> bool {
        self.style == Style::Plain && scalar::is_null(&self.text)
    }

    /// The value, by the core schema of YAML 1.2.
    pub fn to_json(&self) -> Value {
        if self.style == Style::Plain { scalar::resolve(&self.text) } else { Value::String(self.text.clone()) }
    }
}
