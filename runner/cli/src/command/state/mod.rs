//! `runner state`: what deployments have left behind. Read without a lock; each write is one record of its journal, all of
//! it or nothing, and may name the version that it expects.

mod history;
mod read;
mod transfer;
mod write;

use std::path::Path;

use runner_engine::ledger::{Key, Runs, Versions, state_history};
use serde_json::Value;

use crate::args::{self, StateCommand};
use crate::drive::Refusal;
use crate::exit::Exit;

pub(crate) use read::keys;

/// Reads or writes the state.
pub(crate) fn state(project: &Path, args: &args::State) -> Result<Exit, Refusal> {
    let runs = Runs::of(project);
    let home = runs.home();
    match &args.command {
        StateCommand::Get { key, output } => read::get(&versions(home)?, key, *output),
        StateCommand::List { prefix, output } => {
            read::list(&versions(home)?, prefix.as_deref().unwrap_or_default(), *output)
        }
        StateCommand::Set { key, value, text, at } => write::set(&runs, key, value, *text, at),
        StateCommand::Rm { key, at } => write::remove(&runs, key, at),
        StateCommand::Export => Ok(transfer::export(&versions(home)?)),
        StateCommand::Import { file, replace, at } => transfer::import(&runs, file, *replace, at),
        StateCommand::History { key, limit, output } => {
            history::history(&state_history(home)?, key.as_deref().unwrap_or_default(), *limit, *output)
        }
    }
}

fn versions(home: &Path) -> Result<Versions, Refusal> {
    Ok(Versions::of(&state_history(home)?)?)
}

fn parsed(key: &str) -> Result<Key, Refusal> {
    Key::parse(key).map_err(|error| Refusal::new(Exit::Usage, error.to_string()))
}

/// Nothing stands under a key: with the nearest that there is.
fn nothing(tree: &Value, key: &str) -> Refusal {
    let known = keys(tree);
    let near = runner_engine::diagnostic::did_you_mean(key, known.iter().map(String::as_str));
    let hint = near.unwrap_or_else(|| "`runner state list` shows the keys there are".to_owned());
    Refusal::new(Exit::Unexpected, format!("nothing stands under `{key}`")).hint(hint)
}

/// As much of a value as a list shows.
fn glimpse(value: &Value) -> String {
    const SHOWN: usize = 60;
    let shown = value.to_string();
    let begin: String = shown.chars().take(SHOWN).collect();
    let more = if begin.len() < shown.len() { "…" } else { "" };
    crate::words::harmless(&format!("{begin}{more}"))
}
