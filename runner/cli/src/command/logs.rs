//! `runner logs`.

use std::path::Path;

use crate::args;
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::follow;
use crate::lane::{Printer, Selection};
use crate::past::{self, Past};

/// Prints what the steps of a run have said.
pub(crate) fn logs(project: &Path, args: &args::Logs) -> Result<Exit, Refusal> {
    let (mut past, step) = chosen(project, args)?;
    if let Some(step) = &step
        && !args.follow
        && !past.facts.iter().any(|fact| Selection::speaks_of(&fact.event.event, step))
    {
        return Err(unknown(&past, step).unwrap_or_else(|| {
            Refusal::new(Exit::Usage, format!("the step `{step}` has not run yet")).hint("`--follow` waits for it")
        }));
    }
    let selection = Selection { step, attempt: args.attempt };
    let mut printer = Printer::new(past.folder.path(), selection);
    printer.look(&past.facts)?;
    if args.follow {
        follow::follow(&mut past, |_, more| printer.look(more).unwrap_or(false))?;
    }
    printer.end();
    Ok(Exit::Done)
}

/// The run and the step. A single word that is no run but a step of the newest one is meant as that.
fn chosen(project: &Path, args: &args::Logs) -> Result<(Past, Option<String>), Refusal> {
    let found = past::choose(project, args.run.as_deref());
    match (&args.run, &args.step, found) {
        (Some(word), None, Err(refusal)) => {
            let Ok(newest) = past::choose(project, None) else { return Err(refusal) };
            let past = Past::open(newest)?;
            if unknown(&past, word).is_none() {
                return Ok((past, Some(word.clone())));
            }
            let hint = "`runner runs` lists the runs, `runner show` the steps of the newest one";
            Err(Refusal::new(Exit::Usage, format!("`{word}` is neither a run nor a step of the newest one")).hint(hint))
        }
        (_, step, found) => Ok((Past::open(found?)?, step.clone())),
    }
}

/// Why a step is none of the run's; nothing where it is one.
fn unknown(past: &Past, step: &str) -> Option<Refusal> {
    let paths: Vec<_> = past.state.nodes().map(|(_, node)| node.path.to_string()).collect();
    if paths.iter().any(|path| path == step) && !step.is_empty() {
        return None;
    }
    let near = runner_engine::diagnostic::did_you_mean(step, paths.iter().map(String::as_str));
    let hint = near.unwrap_or_else(|| format!("`runner show {}` shows its steps", past.folder.id()));
    Some(Refusal::new(Exit::Usage, format!("the run `{}` has no step `{step}`", past.folder.id())).hint(hint))
}
