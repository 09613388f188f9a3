//! `runner runs`: the runs there were, and getting rid of them.

mod prune;

use std::path::Path;

use runner_engine::ledger::Runs;
use serde_json::json;

use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::output;
use crate::past;
use crate::words;

/// Lists the runs, the newest first.
pub(crate) fn runs(project: &Path, args: &args::Runs) -> Result<Exit, Refusal> {
    if args.prune.prune {
        return prune::prune(project, args);
    }
    let mut found = Vec::new();
    let mut broken = None;
    for folder in Runs::of(project).list()? {
        if found.len() >= args.limit {
            break;
        }
        match past::glimpse(&folder) {
            Ok(glimpse) => found.extend(glimpse),
            // One damaged journal does not hide the others.
            Err(refusal) => {
                output::error(format!("the run `{}`: {}", folder.id(), refusal.message), refusal.hint.as_deref());
                broken = Some(refusal.exit);
            }
        }
    }
    let now = drive::now();
    if args.output == args::Shape::Json {
        for run in &found {
            let until = if run.standing.is_live() { now } else { run.last };
            let line = json!({
                "id": run.id, "workflow": run.workflow, "state": run.standing.word(), "started": run.started,
                "duration": until.saturating_sub(run.started), "live": run.standing.is_live(),
            });
            output::line(line.to_string());
        }
    } else if found.is_empty() && broken.is_none() {
        output::note("there are no runs yet; `runner run NAME` starts one");
    } else {
        let mut rows = vec![["RUN", "WORKFLOW", "STATE", "STARTED", "DURATION"].map(str::to_owned).to_vec()];
        rows.extend(found.iter().map(|run| {
            let until = if run.standing.is_live() { now } else { run.last };
            vec![
                run.id.clone(),
                words::harmless(&run.workflow),
                run.standing.word().to_owned(),
                words::clock(run.started),
                words::elapsed(until.saturating_sub(run.started)),
            ]
        }));
        output::print(&words::table(&rows));
    }
    Ok(broken.unwrap_or(Exit::Done))
}
