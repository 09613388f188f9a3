//! `runner state set` and `rm`.

use std::io::Read;
use std::time::Duration;

use runner_engine::ledger::{Key, Runs, State, StateOp, StateWrite, Written};
use serde_json::{Value, json};

use super::{nothing, parsed, versions};
use crate::args::{At, Shape};
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::output;

/// How long a write waits for another's.
const BOUND: Duration = Duration::from_secs(10);

pub(super) fn set(runs: &Runs, key: &str, given: &str, text: bool, at: &At) -> Result<Exit, Refusal> {
    let path = parsed(key)?;
    let given = if given == "-" { standard_input()? } else { given.to_owned() };
    let value = if text { Value::from(given) } else { serde_json::from_str(&given).unwrap_or(Value::from(given)) };
    let written = write(runs, StateOp::Set { key: path.clone(), value }, Some((&path, at.if_version)))?;
    tell(&path, "set", written, at.output);
    Ok(Exit::Done)
}

pub(super) fn remove(runs: &Runs, key: &str, at: &At) -> Result<Exit, Refusal> {
    let path = parsed(key)?;
    let before = versions(runs.home())?;
    // What is not there any more is a version that has passed, where one was expected.
    if before.get(&path).is_none() && at.if_version.unwrap_or(0) == 0 {
        return Err(nothing(before.tree(), key));
    }
    let written = write(runs, StateOp::Remove { key: path.clone() }, Some((&path, at.if_version)))?;
    tell(&path, "removed", written, at.output);
    Ok(Exit::Done)
}

/// Writes on a person's behalf, if the version is the expected one.
pub(super) fn write(runs: &Runs, op: StateOp, at: Option<(&Key, Option<u64>)>) -> Result<Written, Refusal> {
    let holder = drive::holder();
    let mut state = State::open(runs.home(), &holder, BOUND)?;
    let expected = at.and_then(|(key, version)| Some((key, version?)));
    Ok(state.write_if(drive::now(), &holder, StateWrite { op, origin: None }, expected)?)
}

pub(super) fn standard_input() -> Result<String, Refusal> {
    let mut text = String::new();
    let read = std::io::stdin().lock().read_to_string(&mut text);
    read.map_err(|error| Refusal::new(Exit::Usage, format!("standard input cannot be read: {error}")))?;
    Ok(text)
}

fn tell(key: &Key, what: &str, written: Written, shape: Shape) {
    match shape {
        Shape::Json => output::line(json!({"key": key.to_string(), "version": written.seq}).to_string()),
        Shape::Text => output::line(format!("{what} `{key}`: version {}", written.seq)),
    }
}
