//! `runner plan`: what a run would do. Nothing is executed, nothing written.

use std::fmt::Write as _;
use std::path::Path;

use runner_engine::evaluate::Large;
use runner_engine::forecast::{Change, Fate, Foreseen, afresh, foresee};
use runner_engine::ledger::{Blobs, Runs, read_state};
use runner_engine::run::Run;
use runner_engine::seal::Seals;
use serde::Serialize;
use serde_json::Value;

use super::run::Asked;
use crate::args::{self, Shape};
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::output;
use crate::words;
use crate::world::Machine;

/// Tells what a run would do.
pub(crate) fn plan(project: &Path, args: &args::Plan) -> Result<Exit, Refusal> {
    let inputs = (&args.inputs[..], args.inputs_file.as_deref());
    let run = super::run::prepared(project, Asked::given(&args.workflow, inputs, None, &args.select)?)?;
    tell(project, &run, args.output, (args.exit_code, args.out.as_deref()))
}

/// Tells what a run that has not begun would do.
pub(super) fn tell(
    project: &Path,
    run: &Run,
    shape: Shape,
    (exit_code, out): (bool, Option<&Path>),
) -> Result<Exit, Refusal> {
    drive::show(&run.warnings);
    let found = foreseen_afresh(project, run)?;
    show(&found, shape);
    let changes = exit_code && found.iter().any(Foreseen::changes);
    if let Some(file) = out {
        super::saved::save(file, run, found)?;
    }
    Ok(if changes { Exit::WouldChange } else { Exit::Done })
}

/// What would become of each step of a run that has not begun.
pub(super) fn foreseen_afresh(project: &Path, run: &Run) -> Result<Vec<Foreseen>, Refusal> {
    // It has left no outputs.
    let nowhere = project.join(".runner").join("none");
    let kept = (Large::new(Blobs::of(&nowhere)), Seals::new(None, &nowhere));
    foreseen(project, run, afresh(run), kept)
}

/// What would become of each step of a run.
pub(crate) fn foreseen(
    project: &Path,
    run: &Run,
    state: runner_core::State,
    kept: (Large, Seals),
) -> Result<Vec<Foreseen>, Refusal> {
    let left: Value = read_state(Runs::of(project).home())?;
    drive::block_on(async { foresee(run, state, kept, &left, &Machine::new()).await })
        .map_err(|error| Refusal::new(Exit::Unexpected, error.to_string()))
}

/// So many bytes are written at once.
const BLOCK: usize = 1 << 16;

/// A step as one line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    v: u32,
    #[serde(flatten)]
    step: &'a Foreseen,
}

fn show(found: &[Foreseen], shape: Shape) {
    if shape == Shape::Json {
        let mut text = String::new();
        for step in found {
            text += &serde_json::to_string(&Line { v: 1, step }).unwrap_or_default();
            text.push('\n');
            if text.len() > BLOCK {
                output::print(&text);
                text.clear();
            }
        }
        return output::print(&text);
    }
    let mut text = String::new();
    for step in found {
        line(step, None, &mut text);
    }
    let count = |wanted: fn(&Fate) -> bool| found.iter().filter(|step| wanted(&step.fate)).count();
    let _ = writeln!(
        text,
        "{} would run, {} would be skipped, of {} it is not known yet; nothing was done",
        words::counted(count(|fate| matches!(fate, Fate::WillRun)), "step"),
        count(|fate| matches!(fate, Fate::Skipped { .. } | Fate::LeftOut)),
        count(|fate| matches!(fate, Fate::Unknown { .. })),
    );
    output::print(&words::for_stdout(&text));
}

/// A step as a line, with its diff. `since`: what an edit made of it, in another word, and why.
pub(crate) fn line(step: &Foreseen, since: Option<(&'static str, String)>, text: &mut String) {
    let (word, why) = match &step.fate {
        Fate::WillRun if since.is_some() => since.unwrap_or_default(),
        Fate::WillRun => ("will run", step.missed.as_ref().map(|why| format!(", since {why}")).unwrap_or_default()),
        Fate::Kept => ("kept", String::new()),
        Fate::Cached { run, open: false } => ("kept", format!(": nothing has changed since run {run}")),
        Fate::Cached { run, open: true } => {
            ("kept", format!(", unless what runs before changes its inputs: run {run} did it"))
        }
        Fate::Failed => ("failed", String::new()),
        Fate::Skipped { condition } => ("skipped", format!(": `{condition}` does not hold")),
        Fate::LeftOut => ("left out", String::new()),
        Fate::Unknown { until } => ("unknown", format!(" until `{until}`")),
        Fate::Fails { message } => ("fails", format!(": {message}")),
    };
    let _ = write!(text, "{word:<9} {}{why}", step.path);
    change(step.change.as_ref(), text);
}

/// What a step would change, as the rest of its line, and its diff.
fn change(change: Option<&Change>, text: &mut String) {
    let mut shown = "";
    match change {
        None => {}
        Some(Change::Nothing) => text.push_str(": would change nothing"),
        Some(Change::Would { summary, diff }) => {
            let _ = write!(text, ": {summary}");
            shown = diff;
        }
        Some(Change::CannotSay) => text.push_str(": cannot say what it would change"),
        Some(Change::Until(step)) => {
            let _ = write!(text, ": what it would change is unknown until `{step}`");
        }
        Some(Change::Failed(why)) => {
            let _ = write!(text, ": cannot say what it would change: {why}");
        }
    }
    text.push('\n');
    for line in shown.lines() {
        let _ = writeln!(text, "            {line}");
    }
}
