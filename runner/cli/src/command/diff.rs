//! `runner diff`: what is different between two runs: inputs, definitions, how steps ended, outputs, durations.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use runner_core::{Node, State};
use runner_engine::driver;
use runner_engine::ledger::Runs;
use serde_json::{Map, Value, json};

use crate::args::{self, Shape};
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::output;
use crate::past::Past;
use crate::words;

/// Tells what is different.
pub(crate) fn diff(project: &Path, args: &args::Diff) -> Result<Exit, Refusal> {
    let runs = Runs::of(project);
    let [one, other] = [&args.one, &args.other].map(|run| -> Result<Past, Refusal> { Past::open(runs.find(run)?) });
    let found = Found::of(&one?, &other?);
    if args.output == Shape::Json {
        output::line(found.as_json().to_string());
    } else {
        output::print(&words::for_stdout(&found.as_text()));
    }
    Ok(Exit::Done)
}

/// A thing that is not the same in both runs.
struct Other {
    kind: &'static str,
    name: String,
    was: Value,
    is: Value,
}

struct Found {
    runs: [String; 2],
    others: Vec<Other>,
    /// How long each step took in both, in milliseconds.
    took: Vec<(String, u64, u64)>,
}

impl Found {
    fn of(one: &Past, other: &Past) -> Self {
        let mut others = Vec::new();
        let mut compare = |kind: &'static str, was: &Map<String, Value>, is: &Map<String, Value>| {
            let names: BTreeSet<_> = was.keys().chain(is.keys()).collect();
            for name in names.into_iter().filter(|name| was.get(*name) != is.get(*name)) {
                let value = |of: &Map<String, Value>| of.get(name).cloned().unwrap_or_default();
                others.push(Other { kind, name: name.clone(), was: value(was), is: value(is) });
            }
        };
        let texts = |past: &Past| past.record.files.iter().map(|f| (f.key.clone(), f.text.clone().into())).collect();
        compare("input", &one.record.inputs, &other.record.inputs);
        compare("secret input", &one.record.secret_inputs, &other.record.secret_inputs);
        compare("loaded file", &one.record.load, &other.record.load);
        compare("variable", &one.record.env, &other.record.env);
        compare("file", &texts(one), &texts(other));
        let (was, is) = (steps(&one.state, how), steps(&other.state, how));
        compare("step", &was, &is);
        compare("outputs", &steps(&one.state, outputs), &steps(&other.state, outputs));
        let (was, is) = (steps(&one.state, took), steps(&other.state, took));
        let both = was.iter().filter_map(|(path, was)| Some((path.clone(), was.as_u64()?, is.get(path)?.as_u64()?)));
        let took = both.collect();
        Self { runs: [one.folder.id().to_owned(), other.folder.id().to_owned()], others, took }
    }

    fn as_json(&self) -> Value {
        let others: Vec<_> = self
            .others
            .iter()
            .map(|other| json!({"kind": other.kind, "name": other.name, "was": other.was, "is": other.is}))
            .collect();
        let took: Vec<_> =
            self.took.iter().map(|(path, was, is)| json!({"path": path, "was": was, "is": is})).collect();
        json!({"v": 1, "runs": self.runs, "different": others, "durations": took})
    }

    fn as_text(&self) -> String {
        let mut text = format!("--- {}\n+++ {}\n", self.runs[0], self.runs[1]);
        for other in &self.others {
            let (was, is) = (&other.was, &other.is);
            match (was, is) {
                (Value::String(_) | Value::Null, Value::String(_) | Value::Null) if other.kind != "file" => {
                    let _ = writeln!(text, "{} {}: {was} -> {is}", other.kind, other.name);
                }
                _ => {
                    let _ = writeln!(text, "{} {}:", other.kind, other.name);
                    for line in driver::diff(was, is).lines() {
                        let _ = writeln!(text, "    {line}");
                    }
                }
            }
        }
        if self.others.is_empty() {
            text.push_str("nothing is different but the time it took\n");
        }
        let rows = self.took.iter().filter(|(_, was, is)| was.abs_diff(*is) >= 100);
        let rows: Vec<_> = rows
            .map(|(path, was, is)| vec![path.clone(), words::elapsed(*was), "->".to_owned(), words::elapsed(*is)])
            .collect();
        text + &words::table(&rows)
    }
}

/// Something of each step that has it, by path.
fn steps(state: &State, of: impl Fn(&Node) -> Option<Value>) -> Map<String, Value> {
    let all = state.nodes().filter(|(_, node)| !node.path.is_root());
    all.filter_map(|(_, node)| Some((node.path.to_string(), of(node)?))).collect()
}

fn how(node: &Node) -> Option<Value> {
    serde_json::to_value(node.status).ok()
}

fn outputs(node: &Node) -> Option<Value> {
    (!node.outputs.is_null()).then(|| node.outputs.as_ref().clone())
}

fn took(node: &Node) -> Option<Value> {
    node.leaf()?;
    Some(node.ended?.saturating_sub(node.started?).into())
}
