//! What is known about a value before it exists.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// A type, as far as inputs, outputs and literals determine it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Type {
    /// Anything: nothing is known, so nothing is wrong.
    #[default]
    Dyn,
    /// Null.
    Null,
    /// True or false.
    Bool,
    /// A whole number.
    Int,
    /// A whole number written with `u`, or one beyond the signed range.
    Uint,
    /// A number with a fraction.
    Double,
    /// A number, whole or not: what JSON Schema calls `number`.
    Number,
    /// Text.
    String,
    /// Bytes, which exist inside expressions only.
    Bytes,
    /// A span of time, which exists inside expressions only.
    Duration,
    /// An instant, which exists inside expressions only.
    Timestamp,
    /// A list of one kind of thing.
    List(Box<Type>),
    /// Any names, one kind of thing behind each.
    Map(Box<Type>),
    /// Known names.
    Object {
        /// What stands behind each name.
        fields: BTreeMap<String, Type>,
        /// Whether there may be other names too.
        open: bool,
    },
}

impl Type {
    /// A list of `element`.
    pub fn list(element: Type) -> Self {
        Self::List(Box::new(element))
    }

    /// Any names, each with an `element`.
    pub fn map(element: Type) -> Self {
        Self::Map(Box::new(element))
    }

    /// Exactly these names.
    pub fn closed<N: Into<String>>(fields: impl IntoIterator<Item = (N, Type)>) -> Self {
        Self::Object { fields: fields.into_iter().map(|(name, of)| (name.into(), of)).collect(), open: false }
    }

    /// These names and maybe others.
    pub fn open<N: Into<String>>(fields: impl IntoIterator<Item = (N, Type)>) -> Self {
        Self::Object { fields: fields.into_iter().map(|(name, of)| (name.into(), of)).collect(), open: true }
    }

    /// The record behind `steps.ID` of a step whose outputs are `outputs`.
    pub fn step(outputs: Type) -> Self {
        Self::closed(Self::record(outputs))
    }

    /// The record behind `steps.ID` of a foreach whose items each give `outputs`.
    pub fn foreach(outputs: Type) -> Self {
        let mut fields = Self::record(Type::Dyn);
        fields.push(("items", Self::map(Self::step(outputs))));
        fields.push(("succeeded", Self::list(Type::String)));
        fields.push(("failed", Self::list(Self::closed([("key", Type::String), ("error", Self::error())]))));
        Self::closed(fields)
    }

    /// What `error` is in `retry.when` and behind `steps.ID.error`.
    pub fn error() -> Self {
        Self::open([("kind", Type::String), ("message", Type::String), ("exit_code", Type::Int)])
    }

    fn record(outputs: Type) -> Vec<(&'static str, Type)> {
        vec![
            ("status", Type::String),
            ("outputs", outputs),
            ("error", Self::error()),
            ("attempts", Type::Int),
            ("duration", Type::Dyn),
        ]
    }

    /// The type of a value that exists.
    pub fn of(value: &Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(_) => Self::Bool,
            Value::Number(number) if number.is_i64() => Self::Int,
            Value::Number(number) if number.is_u64() => Self::Uint,
            Value::Number(_) => Self::Double,
            Value::String(_) => Self::String,
            Value::Array(items) => {
                let all = items.iter().map(Self::of).reduce(|a, b| a.join(&b));
                Self::list(all.unwrap_or_default())
            }
            Value::Object(fields) => Self::closed(fields.iter().map(|(name, value)| (name.clone(), Self::of(value)))),
        }
    }

    /// The type of a value that is one or the other.
    #[must_use]
    pub fn join(&self, other: &Type) -> Type {
        match (self, other) {
            (a, b) if a == b => a.clone(),
            // Whatever may be null is checked as what it is when it is not.
            (Self::Null, some) | (some, Self::Null) => some.clone(),
            (Self::List(a), Self::List(b)) => Self::list(a.join(b)),
            (Self::Map(a), Self::Map(b)) => Self::map(a.join(b)),
            (a, b) if a.is_number() && b.is_number() => Self::Number,
            (Self::Object { fields: a, open: left }, Self::Object { fields: b, open: right }) => {
                let same = a.len() == b.len() && a.keys().eq(b.keys());
                let fields = a.iter().filter_map(|(name, of)| Some((name.clone(), of.join(b.get(name)?)))).collect();
                Self::Object { fields, open: *left || *right || !same }
            }
            _ => Self::Dyn,
        }
    }

    /// Whether a value of this type may stand where `wanted` is needed: true where that is not known.
    pub fn may_be(&self, wanted: &Type) -> bool {
        match (self, wanted) {
            (Self::Dyn, _) | (_, Self::Dyn) => true,
            (a, b) if a == b => true,
            (a, b) if a.is_number() && b.is_number() => a == &Self::Number || b == &Self::Number,
            (Self::List(a), Self::List(b)) | (Self::Map(a), Self::Map(b)) => a.may_be(b),
            (Self::Object { fields, .. }, Self::Map(b)) | (Self::Map(b), Self::Object { fields, .. }) => {
                fields.values().all(|field| field.may_be(b))
            }
            (Self::Object { fields: a, .. }, Self::Object { fields: b, .. }) => {
                a.iter().all(|(name, of)| b.get(name).is_none_or(|other| of.may_be(other)))
            }
            _ => false,
        }
    }

    /// Whether it is one of the number types.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int | Self::Uint | Self::Double | Self::Number)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = match self {
            Self::Dyn => "anything",
            Self::Null => "null",
            Self::Bool => "a boolean",
            Self::Int => "an integer",
            Self::Uint => "an unsigned integer",
            Self::Double => "a number with a fraction",
            Self::Number => "a number",
            Self::String => "a string",
            Self::Bytes => "bytes",
            Self::Duration => "a duration",
            Self::Timestamp => "a timestamp",
            Self::List(_) => "a list",
            Self::Map(_) | Self::Object { .. } => "an object",
        };
        out.write_str(word)
    }
}

/// What a value is, in the words of messages.
pub(super) fn kind(value: &Value) -> String {
    Type::of_kind(value).to_string()
}

impl Type {
    /// The kind of a value without a look inside it.
    fn of_kind(value: &Value) -> Self {
        match value {
            Value::Array(_) => Self::list(Type::Dyn),
            Value::Object(_) => Self::map(Type::Dyn),
            scalar => Self::of(scalar),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Type;

    #[test]
    fn values_know_their_types() {
        assert_eq!(Type::of(&json!([1, 2])), Type::list(Type::Int));
        assert_eq!(Type::of(&json!([1, "a"])), Type::list(Type::Dyn));
        assert_eq!(Type::of(&json!([1, 1.5])), Type::list(Type::Number));
        assert_eq!(Type::of(&json!({"a": true})), Type::closed([("a", Type::Bool)]));
    }

    #[test]
    fn null_beside_a_type_is_that_type() {
        assert_eq!(Type::Null.join(&Type::Int), Type::Int);
    }

    #[test]
    fn objects_join_to_what_they_share() {
        let joined = Type::closed([("a", Type::Int), ("b", Type::Int)]).join(&Type::closed([("a", Type::Int)]));
        assert_eq!(joined, Type::open([("a", Type::Int)]));
    }

    #[test]
    fn the_unknown_may_be_anything() {
        assert!(Type::Dyn.may_be(&Type::Bool) && Type::Bool.may_be(&Type::Dyn));
        assert!(Type::list(Type::Dyn).may_be(&Type::list(Type::Int)));
        assert!(!Type::String.may_be(&Type::Bool) && !Type::Int.may_be(&Type::Double));
        assert!(Type::Number.may_be(&Type::Int));
    }
}
