//! `runner state export` and `import`: the state as one document, which says what it is and in which version.

use std::path::Path;

use runner_engine::ledger::{Key, Runs, StateOp, Versions};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::{versions, write};
use crate::args::{At, Shape};
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::output;

/// What a document of this kind says it is.
const FORMAT: &str = "runner state";

/// The newest version of its format that this program reads, and the one it writes.
const VERSION: u64 = 1;

/// The exported state.
#[derive(Serialize, Deserialize)]
struct Document {
    /// What it is: [`FORMAT`].
    format: String,
    /// The version of its format.
    version: u64,
    /// The version of the state that was exported.
    state_version: u64,
    /// The whole tree.
    state: Map<String, Value>,
}

pub(super) fn export(state: &Versions) -> Exit {
    let document = Document {
        format: FORMAT.to_owned(),
        version: VERSION,
        state_version: state.version(&Key::default()),
        state: state.tree().as_object().cloned().unwrap_or_default(),
    };
    output::line(serde_json::to_string_pretty(&document).unwrap_or_default());
    Exit::Done
}

pub(super) fn import(runs: &Runs, file: &Path, replace: bool, at: &At) -> Result<Exit, Refusal> {
    let document = read(file)?;
    let root = Key::default();
    let (ops, expected) = if replace {
        // What is forgotten was read before it is written: whoever wrote meanwhile is not overwritten.
        let before = versions(runs.home())?;
        let gone = before.tree().as_object().into_iter().flat_map(Map::keys);
        let gone = gone.filter(|name| !document.state.contains_key(*name));
        let gone = gone.map(|name| StateOp::Remove { key: Key::of([name.clone()]) });
        let set = document
            .state
            .iter()
            .map(|(name, value)| StateOp::Set { key: Key::of([name.clone()]), value: value.clone() });
        (gone.chain(set).collect::<Vec<_>>(), Some(at.if_version.unwrap_or_else(|| before.version(&root))))
    } else {
        let mut ops = Vec::new();
        for (name, value) in &document.state {
            leaves(&mut vec![name.clone()], value, &mut ops);
        }
        (ops, at.if_version)
    };
    let changes = ops.len();
    let written = write::write(runs, StateOp::All { ops }, Some((&root, expected)))?;
    match at.output {
        Shape::Json => output::line(json!({"changes": changes, "version": written.seq}).to_string()),
        Shape::Text => {
            output::line(format!("imported {}: version {}", crate::words::counted(changes, "value"), written.seq));
        }
    }
    Ok(Exit::Done)
}

/// What stands in a tree, value by value; what it does not name stays.
fn leaves(names: &mut Vec<String>, value: &Value, ops: &mut Vec<StateOp>) {
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                names.push(name.clone());
                leaves(names, value, ops);
                names.pop();
            }
        }
        value => ops.push(StateOp::Set { key: Key::of(names.iter().cloned()), value: value.clone() }),
    }
}

fn read(file: &Path) -> Result<Document, Refusal> {
    let shown = if file == Path::new("-") { "standard input".to_owned() } else { format!("`{}`", file.display()) };
    let text = if file == Path::new("-") {
        write::standard_input()?
    } else {
        std::fs::read_to_string(file)
            .map_err(|error| Refusal::new(Exit::Usage, format!("{shown} cannot be read: {error}")))?
    };
    let wrong = |why: String| {
        let refusal = Refusal::new(Exit::Usage, format!("{shown} is no exported state: {why}"));
        refusal.hint("`runner state export` writes one")
    };
    let value: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    if value["format"] != FORMAT {
        return Err(wrong(format!("it does not say `\"format\": \"{FORMAT}\"`")));
    }
    if let Some(found) = value["version"].as_u64().filter(|&found| found > VERSION) {
        let message = format!("{shown} was exported in format {found}, this runner knows up to {VERSION}");
        return Err(Refusal::new(Exit::Ledger, message).hint("use a newer runner"));
    }
    serde_json::from_value(value).map_err(|error| wrong(error.to_string()))
}
