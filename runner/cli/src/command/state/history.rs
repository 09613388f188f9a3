//! `runner state history`.

use runner_engine::ledger::{Key, Record, StateOp, StateWrite};
use serde_json::{Value, json};

use super::{glimpse, parsed};
use crate::args::Shape;
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::output;
use crate::words;

pub(super) fn history(writes: &[Record<StateWrite>], key: &str, limit: usize, shape: Shape) -> Result<Exit, Refusal> {
    let key = parsed(key)?;
    let touches = |write: &&Record<StateWrite>| {
        write.event.op.keys().any(|written| written.is_within(&key) || key.is_within(written))
    };
    let mut rows = vec![["VERSION", "TIME", "DONE", "KEY", "VALUE", "BY"].map(str::to_owned).to_vec()];
    for write in writes.iter().rev().filter(touches).take(limit) {
        let origin = write.event.origin.as_ref();
        if shape == Shape::Json {
            let mut told = json!({"version": write.seq, "time": write.at, "changes": changes(write)});
            if let Some(origin) = origin {
                told["run"] = Value::from(origin.run.as_str());
                told["step"] = Value::from(origin.step.as_str());
            }
            output::line(told.to_string());
            continue;
        }
        let by = origin.map_or("a person".to_owned(), |origin| format!("{} of {}", origin.step, origin.run));
        for op in write.event.op.single() {
            let (what, key, value) = parts(op);
            let row = [write.seq.to_string(), words::clock(write.at), what.to_owned(), key.to_string()];
            let value = value.map(glimpse).unwrap_or_default();
            rows.push(row.into_iter().chain([value, by.clone()]).map(|cell| words::harmless(&cell)).collect());
        }
    }
    if shape == Shape::Text && rows.len() == 1 {
        output::note("nothing was ever written there");
    } else if shape == Shape::Text {
        output::print(&words::table(&rows));
    }
    Ok(Exit::Done)
}

fn changes(write: &Record<StateWrite>) -> Vec<Value> {
    let change = |op: &&StateOp| {
        let (what, key, value) = parts(op);
        let mut told = json!({"do": what, "key": key.to_string()});
        if let Some(value) = value {
            told["value"] = value.clone();
        }
        told
    };
    write.event.op.single().iter().map(change).collect()
}

/// What a change does, where, and with which value.
fn parts(op: &StateOp) -> (&'static str, Key, Option<&Value>) {
    match op {
        StateOp::Set { key, value } => ("set", key.clone(), Some(value)),
        StateOp::Append { key, value } => ("append", key.clone(), Some(value)),
        StateOp::Remove { key } => ("remove", key.clone(), None),
        StateOp::All { .. } => ("several", Key::default(), None),
    }
}
