//! `runner state get` and `list`.

use runner_engine::ledger::{Key, Versions};
use serde_json::{Value, json};

use super::{glimpse, nothing, parsed};
use crate::args::Shape;
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::output;
use crate::words;

pub(super) fn get(state: &Versions, key: &str, shape: Shape) -> Result<Exit, Refusal> {
    let path = parsed(key)?;
    let value = state.get(&path).ok_or_else(|| nothing(state.tree(), key))?;
    match (shape, value) {
        (Shape::Json, value) => {
            let told = json!({"key": path.to_string(), "value": value, "version": state.version(&path)});
            output::line(told.to_string());
        }
        (Shape::Text, Value::String(text)) => output::line(words::for_stdout(text)),
        (Shape::Text, other) => output::line(serde_json::to_string_pretty(other).unwrap_or_default()),
    }
    Ok(Exit::Done)
}

pub(super) fn list(state: &Versions, prefix: &str, shape: Shape) -> Result<Exit, Refusal> {
    let prefix = parsed(prefix.trim_end_matches('.'))?;
    let mut rows = Vec::new();
    for key in state.list(&prefix) {
        let Some(value) = state.get(&key) else { continue };
        if shape == Shape::Json {
            let told = json!({"key": key.to_string(), "value": value, "version": state.version(&key)});
            output::line(told.to_string());
        } else {
            rows.push(vec![words::harmless(&key.to_string()), glimpse(value)]);
        }
    }
    if shape == Shape::Text && rows.is_empty() {
        output::note("the state holds nothing there");
    }
    output::print(&words::table(&rows));
    Ok(Exit::Done)
}

/// The keys that hold no further keys.
pub(crate) fn keys(tree: &Value) -> Vec<String> {
    let mut found = Vec::new();
    walk(tree, &mut Vec::new(), &mut found);
    found
}

fn walk(value: &Value, names: &mut Vec<String>, found: &mut Vec<String>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                names.push(name.clone());
                walk(value, names, found);
                names.pop();
            }
        }
        Value::Object(_) if names.is_empty() => {}
        _ => found.push(Key::of(names.iter().cloned()).to_string()),
    }
}
