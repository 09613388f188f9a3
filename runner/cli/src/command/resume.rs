//! `runner resume`.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use runner_core::{End, Settled};
use runner_engine::driver::{Driver, Folded, Intent, Past};
use runner_engine::ledger::{Lock, RunFolder, Runs};
use runner_engine::run::{Record, Run, restore};
use runner_engine::seal::Seals;

use crate::args;
use crate::ask;
use crate::drive::{self, Refusal};
use crate::edit;
use crate::exit::Exit;
use crate::past::{self, Standing};
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
    refuse_over(&folder, &opened)?;
    let decisions = decisions(args)?;
    let record = record(&folder, &opened)?;
    let inputs = with_secrets(&record, &args.inputs);
    let recorded = restored(project, record, &inputs)?;
    let folded = folded(project, &folder, &recorded, opened, &inputs)?;
    let edit = if args.as_recorded || folded.is_ending() {
        edit::refuse_inputs(&recorded, &args.inputs)?;
        None
    } else {
        edit::look(project, &folded, &recorded, &inputs, (&args.renamed, &args.select))?
    };
    if args.plan {
        return edit::plan(project, &folded, &recorded, edit.as_ref(), args.output);
    }
    let Some(edit) = edit else {
        return go_on(recorded, folder, folded, Intent::Resume { decisions, revision: None }, (args.output, args.yes));
    };
    edit.agree(args.yes)?;
    let (run, revision) = edit.into_parts();
    go_on(
        run,
        folder,
        folded,
        Intent::Resume { decisions, revision: Some(Box::new((revision, recorded))) },
        (args.output, args.yes),
    )
}

/// Drives a run that was taken up.
pub(crate) fn go_on(
    mut run: Run,
    folder: RunFolder,
    folded: Folded,
    intent: Intent,
    (format, agreed): (args::Format, bool),
) -> Result<Exit, Refusal> {
    let group = drive::take_group(&run, folder.path())?;
    run.origin = match &intent {
        Intent::Resume { revision: Some(revision), .. } => {
            folded.origin.clone().or_else(|| Some(Arc::clone(&revision.1.program.plan)))
        }
        _ => folded.origin.clone(),
    };
    let unexpected = |error: std::io::Error| Refusal::new(Exit::Unexpected, error.to_string());
    let options = drive::options(group.as_ref().map(|(_, group)| group.clone()), agreed).map_err(unexpected)?;
    let mut reporter = report::choose(format, &run, folder.path(), report::Begin::Again);
    let outcome = drive::block_on(async {
        let world = Arc::new(Machine::new());
        let (mut driver, tally) = Driver::take_up(run, folder, folded, intent, world, &mut *reporter, options).await?;
        driver.tell(&tally);
        Box::pin(drive::drive(driver)).await
    })
    .map_err(unexpected)??;
    reporter.end(&outcome);
    Ok(Exit::of_outcome(&outcome))
}

/// The newest run that is not over.
pub(crate) fn newest_unfinished(runs: &Runs) -> Result<RunFolder, Refusal> {
    let over = [End::Succeeded, End::Cancelled, End::Undone].map(Standing::Ended);
    for folder in runs.list()? {
        if past::glimpse(&folder)?.is_some_and(|seen| !over.contains(&seen.standing)) {
            return Ok(folder);
        }
    }
    Err(Refusal::new(Exit::Usage, "there is no run to go on with").hint("`runner runs` lists the runs there were"))
}

/// Refuses to go on with a run that is over.
pub(crate) fn refuse_over(folder: &RunFolder, opened: &Past) -> Result<(), Refusal> {
    let Some(end @ (End::Succeeded | End::Cancelled)) = opened.end() else { return Ok(()) };
    let how = if end == End::Succeeded { "has succeeded" } else { "was cancelled" };
    let message = format!("the run `{}` {how}; there is nothing to go on with", folder.id());
    Err(Refusal::new(Exit::Usage, message))
}

/// The state of a run, and what of it may be under way.
pub(crate) fn folded(
    project: &Path,
    folder: &RunFolder,
    run: &Run,
    opened: Past,
    inputs: &[String],
) -> Result<Folded, Refusal> {
    let (registry, environment, given) = (drive::registry(project), drive::environment(), given(inputs));
    let of = |record: Record| restore(record.moved(project), &registry, &environment, project, &given).ok();
    let seals = Seals::new(drive::key_file(), folder.path());
    Ok(opened.fold(run, seals, &of)?)
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
    let inputs = with_secrets(&record, inputs);
    restore(record, &drive::registry(project), &drive::environment(), project, &given(&inputs)).map_err(|diagnostics| {
        drive::show(&diagnostics);
        Refusal::new(Exit::Paused, "the run cannot go on as it is")
    })
}

fn given(inputs: &[String]) -> BTreeMap<String, String> {
    let pairs = inputs.iter().filter_map(|input| input.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// The inputs that are given, with the secret ones that were not written down: a person at the terminal is asked for them.
pub(crate) fn with_secrets(record: &Record, inputs: &[String]) -> Vec<String> {
    let mut all = inputs.to_vec();
    let known = given(inputs);
    for (name, _) in record.secret_inputs.iter().filter(|(name, from)| from.is_null() && !known.contains_key(*name)) {
        let value = ask::secret(&format!("the secret input `{name}`, which was not written down: "));
        all.extend(value.map(|value| format!("{name}={value}")));
    }
    all
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
