//! A step's identity in a run: the ids and keys from the run down to it, such as `region[eastus]/wait`.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// A step's path. The run itself has the empty one. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Path(Arc<str>);

impl Path {
    /// The run itself.
    pub fn root() -> Self {
        Self("".into())
    }

    /// The path that is written `text`. Not checked: a path that names nothing is simply not found.
    pub fn parse(text: &str) -> Self {
        Self(text.into())
    }

    /// The step `id` inside this one.
    #[must_use]
    pub fn child(&self, id: &str) -> Self {
        if self.0.is_empty() { Self(id.into()) } else { Self(format!("{}/{id}", self.0).into()) }
    }

    /// The item `key` of this foreach. A key of other characters than letters, digits, `.`, `_` and `-` is written as a
    /// JSON string, so that a path can be read back in one way only.
    #[must_use]
    pub fn item(&self, key: &str) -> Self {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-');
        if !key.is_empty() && key.chars().all(plain) {
            Self(format!("{}[{key}]", self.0).into())
        } else {
            Self(format!("{}[{}]", self.0, serde_json::Value::from(key)).into())
        }
    }

    /// The last id of a step's path.
    pub(crate) fn last(&self) -> &str {
        // Only a key can hold a slash besides, and a step's path ends with its id.
        self.0.rsplit('/').next().unwrap_or_default()
    }

    /// This path once what stood at `from` stands at `to`; `None` where it stands elsewhere.
    pub(crate) fn moved(&self, from: &Self, to: &Self) -> Option<Self> {
        let rest = self.0.strip_prefix(from.as_str())?;
        (rest.is_empty() || rest.starts_with(['/', '['])).then(|| Self(format!("{to}{rest}").into()))
    }

    /// The path of the step in its workflow: without the keys of items.
    #[must_use]
    pub fn without_keys(&self) -> Self {
        self.parts().fold(Self::root(), |path, (id, _)| path.child(id))
    }

    /// The ids from the run down to the step, each with the key of its item as it is written, if it has one.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let mut rest = self.as_str();
        std::iter::from_fn(move || {
            let end = rest.find(['/', '[']).unwrap_or(rest.len());
            let (id, after) = rest.split_at(end);
            let key = after.strip_prefix('[').map(|key| &key[..length_of_key(key)]);
            let after = key.map_or(after, |key| after.get(key.len() + 2..).unwrap_or_default());
            rest = after.strip_prefix('/').unwrap_or_default();
            (!id.is_empty()).then_some((id, key))
        })
    }

    /// Whether another path is this one or stands in it, in whatever item where this one names none.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        let mut others = other.parts();
        self.parts().all(|(id, key)| others.next().is_some_and(|(of, at)| of == id && (key.is_none() || key == at)))
    }

    /// Whether this path is on the way to another, in whatever item where one of them names none.
    pub(crate) fn leads_to(&self, other: &Self) -> bool {
        let mut others = other.parts();
        let same = |key: Option<&str>, at: Option<&str>| key.is_none() || at.is_none() || key == at;
        self.parts().all(|(id, key)| others.next().is_some_and(|(of, at)| of == id && same(key, at)))
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is the run itself.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The length of a key that is followed by its bracket.
fn length_of_key(key: &str) -> usize {
    match serde_json::Deserializer::from_str(key).into_iter::<String>().next() {
        Some(Ok(quoted)) if key.starts_with('"') => serde_json::Value::from(quoted).to_string().len(),
        _ => key.find(']').unwrap_or(key.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::Path;

    #[test]
    fn keys_of_odd_characters_are_quoted() {
        let region = Path::root().child("region");
        assert_eq!(region.item("eastus").child("wait").as_str(), "region[eastus]/wait");
        assert_eq!(region.item("a/b]").as_str(), r#"region["a/b]"]"#);
        assert_eq!(region.item("").as_str(), r#"region[""]"#);
        assert_ne!(region.item("a").child("b"), region.item("a]/b"));
        let odd = region.item("a/]\"[b").child("wait").item("x").child("end");
        assert_eq!(odd.without_keys().as_str(), "region/wait/end");
    }
}
