//! The path of a value in the state, written as in an expression: `regions.eastus.version`, `hosts["a.example"].port`.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::super::error::LedgerError;

/// A path of names; empty for the whole state.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Key(Vec<String>);

impl Key {
    /// The path of these names.
    pub fn of<T: Into<String>>(names: impl IntoIterator<Item = T>) -> Self {
        Self(names.into_iter().map(Into::into).collect())
    }

    /// Reads a path; the empty text is the whole state.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        let wrong = |why: &str| LedgerError::State { key: text.to_owned(), why: why.to_owned() };
        let mut names = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            if let Some(inner) = rest.strip_prefix('[') {
                let mut quoted = serde_json::Deserializer::from_str(inner).into_iter::<serde_json::Value>();
                let name = match quoted.next() {
                    Some(Ok(serde_json::Value::String(name))) => name,
                    Some(Ok(serde_json::Value::Number(index))) if index.is_u64() => index.to_string(),
                    _ => return Err(wrong("a bracket holds a name in double quotes or an index, as in `[\"a.b\"]`")),
                };
                names.push(name);
                rest =
                    inner[quoted.byte_offset()..].strip_prefix(']').ok_or_else(|| wrong("a bracket is not closed"))?;
            } else {
                let begin = if names.is_empty() {
                    rest
                } else {
                    rest.strip_prefix('.').ok_or_else(|| wrong("a `.` is missing"))?
                };
                let end = begin.find(['.', '[']).unwrap_or(begin.len());
                let (name, after) = begin.split_at(end);
                if name.is_empty() {
                    return Err(wrong("a name is empty"));
                }
                names.push(name.to_owned());
                rest = after;
            }
        }
        Ok(Self(names))
    }

    /// The names from the outside in.
    pub fn names(&self) -> &[String] {
        &self.0
    }

    /// Whether this is `outer`, or the path of something in it.
    pub fn is_within(&self, outer: &Self) -> bool {
        self.0.starts_with(&outer.0)
    }

    /// The first name.
    pub(super) fn top(&self) -> Option<&str> {
        self.0.first().map(String::as_str)
    }

    /// This path and one name more.
    pub(super) fn with(&self, name: &str) -> Self {
        let mut names = self.0.clone();
        names.push(name.to_owned());
        Self(names)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, name) in self.0.iter().enumerate() {
            let plain =
                !name.is_empty() && !name.contains(['.', '[', ']', '"', ' ']) && !name.contains(char::is_control);
            match (plain, index) {
                (true, 0) => write!(formatter, "{name}")?,
                (true, _) => write!(formatter, ".{name}")?,
                (false, _) => write!(formatter, "[{}]", serde_json::Value::from(name.as_str()))?,
            }
        }
        Ok(())
    }
}
