//! `runner state`.

use std::path::Path;

use runner_engine::ledger::{Key, Runs, read_state};
use serde_json::{Value, json};

use crate::args;
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::output;
use crate::words;

/// How much of a value a list shows, in characters.
const SHOWN: usize = 60;

/// Shows what deployments have left behind.
pub(crate) fn state(project: &Path, args: &args::State) -> Result<Exit, Refusal> {
    let tree = read_state(Runs::of(project).home())?;
    match &args.command {
        args::StateCommand::Get { key } => get(&tree, key),
        args::StateCommand::List { prefix, output } => list(&tree, prefix.as_deref().unwrap_or_default(), *output),
    }
}

fn get(tree: &Value, key: &str) -> Result<Exit, Refusal> {
    let names = parsed(key)?;
    let inside = |value: &'_ Value, name: &String| match value {
        Value::Array(items) => name.parse::<usize>().ok().and_then(|at| items.get(at)).cloned(),
        other => other.get(name).cloned(),
    };
    let value = names.names().iter().try_fold(tree.clone(), |value, name| inside(&value, name));
    let Some(value) = value else {
        let known = keys(tree);
        let near = runner_engine::diagnostic::did_you_mean(key, known.iter().map(String::as_str));
        let hint = near.unwrap_or_else(|| "`runner state list` shows the keys there are".to_owned());
        return Err(Refusal::new(Exit::Unexpected, format!("nothing stands under `{key}`")).hint(hint));
    };
    match &value {
        Value::String(text) => output::line(words::for_stdout(text)),
        other => output::line(serde_json::to_string_pretty(other).unwrap_or_default()),
    }
    Ok(Exit::Done)
}

fn list(tree: &Value, prefix: &str, shape: args::Shape) -> Result<Exit, Refusal> {
    let prefix = parsed(prefix.trim_end_matches('.'))?;
    let mut rows = Vec::new();
    for (key, value) in leaves(tree) {
        if !key.names().starts_with(prefix.names()) {
            continue;
        }
        if shape == args::Shape::Json {
            output::line(json!({"key": key.to_string(), "value": value}).to_string());
        } else {
            let shown = value.to_string();
            let begin: String = shown.chars().take(SHOWN).collect();
            let more = if begin.len() < shown.len() { "…" } else { "" };
            rows.push(vec![words::harmless(&key.to_string()), words::harmless(&format!("{begin}{more}"))]);
        }
    }
    if shape == args::Shape::Text && rows.is_empty() {
        output::note("the state holds nothing there");
    }
    output::print(&words::table(&rows));
    Ok(Exit::Done)
}

/// The keys that hold no further keys.
pub(crate) fn keys(tree: &Value) -> Vec<String> {
    leaves(tree).into_iter().map(|(key, _)| key.to_string()).collect()
}

/// The values that hold no further keys, with theirs.
fn leaves(tree: &Value) -> Vec<(Key, &Value)> {
    let mut found = Vec::new();
    walk(tree, &mut Vec::new(), &mut found);
    found
}

fn walk<'a>(value: &'a Value, names: &mut Vec<String>, found: &mut Vec<(Key, &'a Value)>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                names.push(name.clone());
                walk(value, names, found);
                names.pop();
            }
        }
        Value::Object(_) if names.is_empty() => {}
        value => found.push((Key::of(names.iter().cloned()), value)),
    }
}

fn parsed(key: &str) -> Result<Key, Refusal> {
    Key::parse(key).map_err(|error| Refusal::new(Exit::Usage, error.to_string()))
}
