//! `runner cancel`.

use std::path::Path;

use runner_core::End;
use runner_engine::driver::{self, Asked, Intent, ask, note_cancel};
use runner_engine::ledger::{Lock, RunFolder, Runs};

use super::resume;
use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::follow;
use crate::output;
use crate::past::{self, Past, Standing};

/// Ends a run for good: its steps are stopped and its `finally:` runs.
pub(crate) fn cancel(project: &Path, args: &args::Cancel) -> Result<Exit, Refusal> {
    let folder = match &args.run {
        Some(prefix) => Runs::of(project).find(prefix)?,
        None => newest(project)?,
    };
    let past = Past::open(folder.clone())?;
    refuse(&past)?;
    let by = format!("`runner cancel` (process {})", std::process::id());
    match Lock::try_take(&folder.lock(), &format!("the run `{}`", folder.id()), drive::holder()) {
        Ok(lock) => take_over(project, folder, &lock, by, args),
        Err(busy) if past.engine()?.is_some() => {
            let asked = ask(folder.path(), &Asked::Cancel { by });
            if !asked.is_ok_and(|heard| heard) {
                let refusal = Refusal::from(busy);
                return Err(refusal.hint("it was asked to cancel the run, but did not answer"));
            }
            await_end(past, args)
        }
        Err(error) => Err(error.into()),
    }
}

/// The newest run that can be cancelled.
fn newest(project: &Path) -> Result<RunFolder, Refusal> {
    for folder in Runs::of(project).list()? {
        if past::glimpse(&folder)?.is_some_and(|run| can_be_cancelled(run.standing)) {
            return Ok(folder);
        }
    }
    Err(Refusal::new(Exit::Usage, "there is no run to cancel").hint("`runner runs` lists the runs there were"))
}

fn can_be_cancelled(standing: Standing) -> bool {
    match standing {
        Standing::Running | Standing::Stopping | Standing::Cancelling | Standing::Undoing | Standing::Killed => true,
        Standing::Ended(end) => matches!(end, End::Paused | End::Interrupted),
    }
}

fn refuse(past: &Past) -> Result<(), Refusal> {
    let standing = past.standing()?;
    if can_be_cancelled(standing) {
        return Ok(());
    }
    let how = match standing {
        Standing::Ended(End::Cancelled) => "is cancelled already",
        Standing::Ended(End::Succeeded) => "has succeeded; there is nothing to cancel",
        _ => "has failed and its `finally` has run; there is nothing to cancel",
    };
    Err(Refusal::new(Exit::Usage, format!("the run `{}` {how}", past.folder.id())))
}

/// Goes on with the run in this process, to its end.
fn take_over(
    project: &Path,
    folder: RunFolder,
    _lock: &Lock,
    by: String,
    args: &args::Cancel,
) -> Result<Exit, Refusal> {
    let opened = driver::Past::open(&folder)?;
    if args.no_resume {
        let id = folder.id().to_owned();
        note_cancel(opened, by)?;
        output::note(format!(
            "the run {id} is noted as cancelled; `runner resume {id}` runs its `finally` and ends it"
        ));
        return Ok(Exit::Done);
    }
    let run = resume::restored(project, resume::record(&folder, &opened)?, &args.inputs)?;
    let folded = resume::folded(project, &folder, &run, opened, &args.inputs)?;
    let exit = resume::go_on(run, folder, folded, Intent::Cancel { by }, (args.output, false))?;
    Ok(if exit == Exit::Interrupted { Exit::Done } else { exit })
}

/// Waits until the engine that was asked has ended the run.
fn await_end(mut past: Past, args: &args::Cancel) -> Result<Exit, Refusal> {
    let id = past.folder.id().to_owned();
    if args.no_wait {
        output::note(format!("the engine of the run {id} was asked to cancel it"));
        return Ok(Exit::Done);
    }
    output::note(format!("the engine of the run {id} was asked to cancel it; waiting for its end"));
    follow::follow(&mut past, |_, _| true)?;
    let standing = past.standing()?;
    output::note(format!("run {id} {}", standing.word()));
    match standing {
        Standing::Ended(End::Cancelled) => Ok(Exit::Done),
        Standing::Ended(End::Succeeded) => {
            Err(Refusal::new(Exit::Usage, format!("the run `{id}` had succeeded before it could be cancelled")))
        }
        _ => {
            let message = format!("the run `{id}` was not cancelled: it is {}", standing.word());
            Err(Refusal::new(Exit::Unexpected, message).hint(format!("try again: `runner cancel {id}`")))
        }
    }
}
