//! The operations on the state's tree.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::super::error::LedgerError;
use super::key::Key;

/// One change of the state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub enum StateOp {
    /// Puts `value` under `key`, making the objects on the way.
    Set {
        /// Where.
        key: Key,
        /// What.
        value: Value,
    },
    /// Adds `value` to the list under `key`, making it where there is none.
    Append {
        /// Where.
        key: Key,
        /// What.
        value: Value,
    },
    /// Removes what stands under `key`; nothing there is fine.
    Remove {
        /// Where.
        key: Key,
    },
    /// Several changes at once, in this order: all of them, or none where one does not fit.
    All {
        /// Which.
        ops: Vec<StateOp>,
    },
}

impl StateOp {
    /// Where changes are made.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.single().into_iter().filter_map(Self::key)
    }

    /// The changes it consists of, none of which is an [`All`](Self::All).
    pub fn single(&self) -> Vec<&StateOp> {
        match self {
            Self::All { ops } => ops.iter().flat_map(Self::single).collect(),
            one => vec![one],
        }
    }

    /// Where the change is made; nothing for several at once.
    fn key(&self) -> Option<&Key> {
        match self {
            Self::Set { key, .. } | Self::Append { key, .. } | Self::Remove { key } => Some(key),
            Self::All { .. } => None,
        }
    }
}

/// What stands under `key`; a number is an index where a list stands.
pub(super) fn get<'a>(tree: &'a Value, key: &Key) -> Option<&'a Value> {
    key.names().iter().try_fold(tree, |value, name| match value {
        Value::Object(entries) => entries.get(name),
        Value::Array(items) => items.get(name.parse::<usize>().ok()?),
        _ => None,
    })
}

/// The paths under `key` that end in something other than a filled object.
pub(super) fn leaves(tree: &Value, key: &Key) -> Vec<Key> {
    let mut found = Vec::new();
    let mut open: Vec<(Key, &Value)> = get(tree, key).map(|value| (key.clone(), value)).into_iter().collect();
    while let Some((key, value)) = open.pop() {
        match value {
            Value::Object(entries) if !entries.is_empty() => {
                open.extend(entries.iter().map(|(name, value)| (key.with(name), value)));
            }
            _ if key.names().is_empty() => {}
            _ => found.push(key),
        }
    }
    found.sort();
    found
}

/// Whether `op` fits what stands there.
pub(super) fn check(tree: &Value, op: &StateOp) -> Result<(), LedgerError> {
    let Some(key) = op.key() else { return apply(&mut tree.clone(), op) };
    let wrong = |why: String| Err(LedgerError::State { key: key.to_string(), why });
    let names = key.names();
    if names.is_empty() {
        return wrong("the whole state cannot be replaced: name a key".to_owned());
    }
    let mut value = tree;
    for (depth, name) in names.iter().enumerate() {
        let Value::Object(entries) = value else {
            let place = Key::of(names[..depth].iter().cloned());
            return match op {
                StateOp::Remove { .. } if !value.is_array() => Ok(()),
                _ => wrong(format!("`{place}` is {}, which has no keys that can be changed", kind(value))),
            };
        };
        match entries.get(name) {
            Some(inner) => value = inner,
            None => return Ok(()),
        }
    }
    match op {
        StateOp::Append { .. } if !value.is_array() && !value.is_null() => {
            wrong(format!("it is {}, nothing can be appended to it", kind(value)))
        }
        _ => Ok(()),
    }
}

/// Performs `op`, or leaves the tree as it is.
pub(super) fn apply(tree: &mut Value, op: &StateOp) -> Result<(), LedgerError> {
    let Some(key) = op.key() else {
        let mut changed = tree.clone();
        op.single().into_iter().try_for_each(|op| apply(&mut changed, op))?;
        *tree = changed;
        return Ok(());
    };
    check(tree, op)?;
    let Some((last, above)) = key.names().split_last() else { return Ok(()) };
    let mut value = tree;
    for name in above {
        let Value::Object(entries) = value else { return Ok(()) };
        if matches!(op, StateOp::Remove { .. }) && !entries.contains_key(name) {
            return Ok(());
        }
        value = entries.entry(name).or_insert_with(|| Value::Object(Map::new()));
    }
    let Value::Object(entries) = value else { return Ok(()) };
    match op {
        StateOp::Set { value, .. } => drop(entries.insert(last.clone(), value.clone())),
        StateOp::Remove { .. } => drop(entries.remove(last)),
        StateOp::Append { value, .. } => match entries.entry(last).or_insert(Value::Null) {
            Value::Array(items) => items.push(value.clone()),
            blank => *blank = Value::Array(vec![value.clone()]),
        },
        StateOp::All { .. } => {}
    }
    Ok(())
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}
