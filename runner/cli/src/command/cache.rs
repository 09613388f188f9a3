//! `runner cache`: what is remembered of steps with `cache:`.

use std::path::Path;

use runner_engine::cache;
use runner_engine::ledger::Runs;
use serde_json::json;

use super::why;
use crate::args::{self, CacheCommand, Shape};
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::output;
use crate::words;

/// Tells or forgets what is remembered.
pub(crate) fn cache(project: &Path, args: &args::Cache) -> Result<Exit, Refusal> {
    let runs = Runs::of(project);
    let failed = |error: std::io::Error| {
        Refusal::new(Exit::Unexpected, format!("the cache in `{}` fails: {error}", runs.home().display()))
    };
    match &args.command {
        CacheCommand::List { output } => {
            list(&cache::list(runs.home()).map_err(failed)?, *output);
            Ok(Exit::Done)
        }
        CacheCommand::Clear { workflow, step } => {
            let named = |of: &str, at: &str| {
                let inside = |step: &String| at == step || words::is_in(at, step);
                workflow.as_ref().is_none_or(|workflow| of == workflow) && step.as_ref().is_none_or(inside)
            };
            let gone = cache::clear(runs.home(), named).map_err(failed)?;
            output::line(format!("{} forgotten", words::counted(gone, "step")));
            Ok(Exit::Done)
        }
        CacheCommand::Why(args) => why::cached(project, args),
    }
}

fn list(known: &[cache::Memory], shape: Shape) {
    let mut rows = vec![["WORKFLOW", "STEP", "DONE", "BY RUN", "READS", "MAKES"].map(str::to_owned).to_vec()];
    for memory in known {
        for entry in &memory.entries {
            let (reads, makes) = (entry.inputs.len(), entry.outputs.len());
            if shape == Shape::Json {
                let line = json!({
                    "v": 1, "workflow": memory.workflow, "step": memory.step, "at": entry.at, "run": entry.run,
                    "inputs": entry.inputs, "outputs": entry.outputs,
                });
                output::line(line.to_string());
                continue;
            }
            let words = [&memory.workflow, &memory.step].map(|text| words::harmless(text));
            let when = [words::clock(entry.at), words::harmless(&entry.run)];
            let counts = [words::counted(reads, "file"), words::counted(makes, "file")];
            rows.push([words, when, counts].concat());
        }
    }
    if shape == Shape::Text {
        output::print(&words::table(&rows));
    }
}
