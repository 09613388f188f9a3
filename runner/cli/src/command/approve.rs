//! `runner approve`.

use std::path::Path;

use runner_core::{Answer, End};
use runner_engine::driver::{self, Asked, Intent, Said, ask, note_answer};
use runner_engine::ledger::{Lock, RunFolder, Runs};

use super::resume;
use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::output;
use crate::past::{Past, Standing};
use crate::person;

/// Answers a question of a run, and goes on with it.
pub(crate) fn approve(project: &Path, args: &args::Approve) -> Result<Exit, Refusal> {
    let folder = Runs::of(project).find(&args.run)?;
    let past = Past::open(folder.clone())?;
    let path = asks(&past, args.step.as_deref())?;
    let answer = answer(&past, &path, args)?;
    match Lock::try_take(&folder.lock(), &format!("the run `{}`", folder.id()), drive::holder()) {
        Ok(_lock) => take_over(project, folder, path, answer, args),
        Err(busy) if past.engine()?.is_some() => {
            let word = if answer.approved { "approved" } else { "rejected" };
            if !ask(folder.path(), &Asked::Answer { path: path.clone(), answer }).is_ok_and(|heard| heard) {
                return Err(Refusal::from(busy).hint("it was told the answer, but did not hear it"));
            }
            output::note(format!("{path} is {word}; the engine of the run {} goes on with it", folder.id()));
            Ok(Exit::Done)
        }
        Err(error) => Err(error.into()),
    }
}

/// The step that is meant: the only one that asks, where none is named.
fn asks(past: &Past, named: Option<&str>) -> Result<runner_core::Path, Refusal> {
    let asking = past.state.nodes().filter(|(_, node)| node.asks()).map(|(_, node)| node.path.clone());
    let asking: Vec<_> = asking.collect();
    let id = past.folder.id();
    let listed = || asking.iter().map(|path| format!("`{path}`")).collect::<Vec<_>>().join(", ");
    let refused = |message: String| {
        let refusal = Refusal::new(Exit::Usage, message);
        if asking.is_empty() { refusal } else { refusal.hint(format!("asking are: {}", listed())) }
    };
    match (named.map(runner_core::Path::parse), asking.as_slice()) {
        (Some(path), _) if asking.contains(&path) => Ok(path),
        (Some(path), []) => Err(refused(format!("`{path}` asks nothing, and nothing else in the run `{id}` does"))),
        (Some(path), _) => Err(refused(format!("`{path}` asks nothing"))),
        (None, [one]) => Ok(one.clone()),
        (None, []) => Err(refused(format!("nothing in the run `{id}` asks anything"))),
        (None, _) => Err(refused(format!("several steps of the run `{id}` ask: say which"))),
    }
}

fn answer(past: &Past, path: &runner_core::Path, args: &args::Approve) -> Result<Answer, Refusal> {
    let asked = past.state.find(path).and_then(|id| past.state.node(id).question.as_ref());
    let asked = asked.map(|question| question.asked.clone()).unwrap_or_default();
    if asked["kind"] == "confirm" && args.reject {
        let message = format!("`{path}` is only to be confirmed: without that the run stays as it is");
        return Err(
            Refusal::new(Exit::Usage, message).hint("`runner cancel` ends the run, `runner undo` takes it back")
        );
    }
    let mut inputs = std::collections::BTreeMap::new();
    for input in &args.inputs {
        let Some((name, value)) = input.split_once('=') else {
            let message = format!("`{input}` is no field of a form: write `--input NAME=VALUE`");
            return Err(Refusal::new(Exit::Usage, message));
        };
        inputs.insert(name.to_owned(), value.to_owned());
    }
    let said = Said { by: person::name(), approved: !args.reject, comment: args.comment.clone(), inputs };
    driver::answer(&asked, &said).map_err(|message| Refusal::new(Exit::Usage, message))
}

/// Goes on with the run in this process.
fn take_over(
    project: &Path,
    folder: RunFolder,
    path: runner_core::Path,
    answer: Answer,
    args: &args::Approve,
) -> Result<Exit, Refusal> {
    let opened = driver::Past::open(&folder)?;
    let id = folder.id().to_owned();
    if args.no_resume {
        let word = if answer.approved { "approved" } else { "rejected" };
        note_answer(opened, path.clone(), answer)?;
        output::note(format!("{path} is {word}; `runner resume {id}` goes on with the run"));
        return Ok(Exit::Done);
    }
    if Past::open(folder.clone())?.standing()? == Standing::Ended(End::Cancelled) {
        return Err(Refusal::new(Exit::Usage, format!("the run `{id}` was cancelled")));
    }
    // An answer is no edit: the run goes on as it was recorded.
    resume::refuse_over(&folder, &opened)?;
    let run = resume::restored(project, resume::record(&folder, &opened)?, &[])?;
    let folded = resume::folded(project, &folder, &run, opened, &[])?;
    resume::go_on(run, folder, folded, Intent::Answer { path, answer }, (args.output, false))
}
