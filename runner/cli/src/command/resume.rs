//! `runner resume`.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use runner_core::{Event, Settled};
use runner_engine::driver::{Driver, Entry, Intent, Past};
use runner_engine::ledger::{Lock, RunFolder, Runs};
use runner_engine::run::{Record, Run, changed, restore};

use crate::args;
use crate::ask;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::library::Workflows;
use crate::past;
use crate::report;
use crate::world::Machine;

/// Goes on with a run.
pub(crate) fn resume(project: &Path, args: &args::Resume) -> Exit {
    match try_resume(project, args) {
        Ok(exit) => exit,
        Err(refusal) => refusal.tell(),
    }
}

fn try_resume(project: &Path, args: &args::Resume) -> Result<Exit, Refusal> {
    let runs = Runs::of(project);
    let folder = match &args.run {
        Some(prefix) => runs.find(prefix)?,
        None => newest_unfinished(&runs)?,
    };
    let _lock = Lock::try_take(&folder.lock(), &format!("the run `{}`", folder.id()), drive::holder())?;
    if !folder.has_begun() {
        let message = format!("the run `{}` was killed before it began; it has done nothing", folder.id());
        return Err(Refusal::new(Exit::Usage, message).hint("start it anew with `runner run`"));
    }
    let opened = Past::open(&folder)?;
    let run = take_up(project, &folder, &opened, &args.inputs)?;
    let decisions = decisions(args)?;
    go_on(run, folder, opened, Intent::Resume { decisions }, (args.output, args.yes))
}

/// Drives a run that was taken up.
pub(crate) fn go_on(
    run: Run,
    folder: RunFolder,
    opened: Past,
    intent: Intent,
    (format, agreed): (args::Format, bool),
) -> Result<Exit, Refusal> {
    let group = drive::take_group(&run, folder.path())?;
    let unexpected = |error: std::io::Error| Refusal::new(Exit::Unexpected, error.to_string());
    let options = drive::options(group.as_ref().map(|(_, group)| group.clone()), agreed).map_err(unexpected)?;
    let mut reporter = report::choose(format, &run, folder.path(), report::Begin::Again);
    let outcome = drive::block_on(async {
        let world = Arc::new(Machine::new());
        let (mut driver, tally) = Driver::take_up(run, folder, opened, intent, world, &mut *reporter, options).await?;
        driver.tell(&tally);
        Box::pin(drive::drive(driver)).await
    })
    .map_err(unexpected)??;
    reporter.end(&outcome);
    Ok(Exit::of_outcome(&outcome))
}

/// The newest run that is not over.
pub(crate) fn newest_unfinished(runs: &Runs) -> Result<RunFolder, Refusal> {
    for folder in runs.list()?.into_iter().filter(RunFolder::has_begun) {
        let records = runner_engine::ledger::read::<Entry>(folder.path())?;
        let over = records.iter().rev().find_map(|record| match &record.event.event {
            Event::RoundEnded { end, .. } => Some(matches!(
                end,
                runner_core::End::Succeeded | runner_core::End::Cancelled | runner_core::End::Undone
            )),
            Event::RoundStarted { .. } => Some(false),
            _ => None,
        });
        if over != Some(true) {
            return Ok(folder);
        }
    }
    Err(Refusal::new(Exit::Usage, "there is no run to go on with").hint("`runner runs` lists the runs there were"))
}

/// The run of a journal, if it may go on as it is.
pub(crate) fn take_up(project: &Path, folder: &RunFolder, opened: &Past, inputs: &[String]) -> Result<Run, Refusal> {
    if let Some(end @ (runner_core::End::Succeeded | runner_core::End::Cancelled)) = opened.end() {
        let how = if end == runner_core::End::Succeeded { "has succeeded" } else { "was cancelled" };
        return Err(Refusal::new(
            Exit::Usage,
            format!("the run `{}` {how}; there is nothing to go on with", folder.id()),
        ));
    }
    let record = record(folder, opened)?;
    let changes = changed(&record, &Workflows::of(project));
    if let Some(first) = changes.first() {
        let mut message = format!("files of the run changed since it began: `{}`: {}", first.file, first.how);
        for change in &changes[1..] {
            let _ = write!(message, "; `{}`: {}", change.file, change.how);
        }
        let hint = "put them back to go on with this run, or start a new one with `runner run`";
        return Err(Refusal::new(Exit::Paused, message).hint(hint));
    }
    restored(project, record, inputs)
}

/// What was written down of a run when it began.
pub(crate) fn record(folder: &RunFolder, opened: &Past) -> Result<Record, Refusal> {
    let Some(record) = opened.record() else {
        let message = format!("the run `{}` was killed before it began; it has done nothing", folder.id());
        return Err(Refusal::new(Exit::Usage, message).hint("start it anew with `runner run`"));
    };
    serde_json::from_value(record)
        .map(|record: Record| record.moved(past::project_of(folder)))
        .map_err(|error| Refusal::new(Exit::Ledger, format!("the record of the run does not decode: {error}")))
}

/// The run of a record, whatever became of its files.
pub(crate) fn restored(project: &Path, record: Record, inputs: &[String]) -> Result<Run, Refusal> {
    let mut given: BTreeMap<String, String> = inputs
        .iter()
        .filter_map(|input| input.split_once('='))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let lacking = record.secret_inputs.iter().filter(|(_, from)| from.is_null()).map(|(name, _)| name);
    for name in lacking {
        if !given.contains_key(name)
            && let Some(value) = ask::secret(&format!("the secret input `{name}`, which was not written down: "))
        {
            given.insert(name.clone(), value);
        }
    }
    restore(record, &drive::registry(project), &drive::environment(), project, &given).map_err(|diagnostics| {
        drive::show(&diagnostics);
        Refusal::new(Exit::Paused, "the run cannot go on as it is")
    })
}

fn decisions(args: &args::Resume) -> Result<Vec<(runner_core::Path, Settled)>, Refusal> {
    let mut decisions = Vec::new();
    for done in &args.done {
        let (step, outputs) = match done.split_once('=') {
            Some((step, json)) => {
                let outputs = serde_json::from_str(json)
                    .map_err(|error| Refusal::new(Exit::Usage, format!("`--done {step}=…` is not JSON: {error}")))?;
                (step, outputs)
            }
            None => (done.as_str(), serde_json::Value::Null),
        };
        decisions.push((runner_core::Path::parse(step), Settled::Done { outputs }));
    }
    for step in &args.repeat {
        decisions.push((runner_core::Path::parse(step), Settled::Repeat));
    }
    Ok(decisions)
}
