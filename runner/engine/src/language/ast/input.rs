//! An entry of `inputs`.

use std::time::Duration;

use regex::Regex;
use serde_json::{Number, Value};

use super::Spanned;

/// An input of a workflow.
#[derive(Clone, Debug)]
pub struct Input {
    /// Its name.
    pub name: Spanned<String>,
    /// `type`; `string` where it is not written.
    pub kind: Spanned<InputType>,
    /// `items`: the type of an array's items.
    pub items: Option<Spanned<InputType>>,
    /// `default`: it satisfies everything else that is said here. Null means: may be left out, and is null then.
    pub default: Option<Spanned<Value>>,
    /// `description`.
    pub description: Option<Spanned<String>>,
    /// `enum`: the values that are allowed.
    pub choices: Option<Spanned<Vec<Value>>>,
    /// `pattern`: a regular expression that is found in the text; `^` and `$` bind it to the whole.
    pub pattern: Option<Spanned<Regex>>,
    /// `min`.
    pub min: Option<Spanned<Bound>>,
    /// `max`.
    pub max: Option<Spanned<Bound>>,
    /// `env`: the environment variables it is read from; all after the first are deprecated.
    pub env: Vec<Spanned<String>>,
}

/// The type of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InputType {
    /// Text.
    String,
    /// A whole number of 64 bits.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
    /// A list.
    Array,
    /// A mapping.
    Object,
    /// A path; its value is absolute.
    Path,
    /// A time such as `10m`; its value is the text.
    Duration,
    /// A number of bytes such as `4Gi`; its value is the text.
    Size,
    /// A secret, or where it comes from.
    Secret,
}

/// A `min` or `max`.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// Of an `integer` or `number`.
    Number(Number),
    /// Of a `string` or `path`, in characters; of an `array`, in items.
    Length(u64),
    /// Of a `duration`.
    Duration(Duration),
    /// Of a `size`, in bytes.
    Size(u64),
}

impl Input {
    /// Whether expressions see a number with a fraction, or a list of them, however it was given.
    pub fn is_double(&self) -> bool {
        let of = self.items.as_ref().map_or(self.kind.value, |items| items.value);
        of == InputType::Number
    }
}

impl InputType {
    /// Every type with its name.
    pub const ALL: [(&'static str, Self); 10] = [
        ("string", Self::String),
        ("integer", Self::Integer),
        ("number", Self::Number),
        ("boolean", Self::Boolean),
        ("array", Self::Array),
        ("object", Self::Object),
        ("path", Self::Path),
        ("duration", Self::Duration),
        ("size", Self::Size),
        ("secret", Self::Secret),
    ];

    /// The name it has in files.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, kind)| *kind == self).map_or("string", |(name, _)| name)
    }
}
