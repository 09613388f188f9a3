//! The items of a foreach, and their keys.

use std::collections::BTreeSet;

use runner_core::{ErrorKind, Item, StepError};
use serde_json::{Value, json};

use crate::expression::{Problem, Scope};
use crate::program::{Decision, Definition};

/// Makes items of the value of a foreach.
pub(super) fn items(
    definition: &Definition,
    each: &Decision,
    value: Value,
    scope: &Scope,
) -> Result<Vec<Item>, StepError> {
    let wrong = |decision: &Decision, message: String| Err(decision.place.error(&Problem::new(0, message)));
    let mut items = Vec::new();
    match value {
        Value::Array(values) => {
            for (at, value) in values.into_iter().enumerate() {
                let key = match (&definition.key, &value) {
                    (Some(key), _) => key_of(key, definition, &value, scope)?,
                    (None, Value::Array(_) | Value::Object(_)) => {
                        let message =
                            format!("item {at} is not a plain value, so it needs a `key:` that tells it from others");
                        return wrong(each, message);
                    }
                    (None, value) => plain(value),
                };
                items.push(Item { key, value });
            }
        }
        Value::Object(map) => {
            for (name, value) in map {
                let value = json!({"key": name, "value": value});
                let key = match &definition.key {
                    Some(key) => key_of(key, definition, &value, scope)?,
                    None => name,
                };
                items.push(Item { key, value });
            }
        }
        Value::Null => return wrong(each, "`foreach` needs a list or a map, and is null".to_owned()),
        other => return wrong(each, format!("`foreach` needs a list or a map, and is `{other}`")),
    }
    let mut seen = BTreeSet::new();
    for item in &items {
        let place = definition.key.as_ref().unwrap_or(each);
        if item.key.is_empty() {
            return wrong(place, "the key of an item is empty".to_owned());
        }
        if !seen.insert(&item.key) {
            return wrong(place, format!("two items have the key `{}`", item.key));
        }
    }
    Ok(items)
}

fn key_of(key: &Decision, definition: &Definition, item: &Value, scope: &Scope) -> Result<String, StepError> {
    let mut scope = scope.clone();
    scope.set(definition.binding.clone(), item.clone());
    match key.evaluate(&scope)? {
        value @ (Value::Array(_) | Value::Object(_) | Value::Null) => {
            let message = format!("the key of an item must be a text, and is `{value}`");
            Err(key.place.error(&Problem::new(0, message)))
        }
        value => Ok(plain(&value)),
    }
}

/// A plain value as a key.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// The error for a secret that would be written down.
pub(super) fn leaks(name: &str, what: &str) -> StepError {
    StepError::new(ErrorKind::Permanent, format!("{what} holds the secret `{name}`, which must not be written down"))
        .hint("pass the secret by `with:` or `env:` to the step that needs it, and leave it out of items and plain inputs")
}
