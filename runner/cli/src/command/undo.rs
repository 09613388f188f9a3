//! `runner undo`.

use std::path::Path;

use runner_core::{End, Phase, Status};
use runner_engine::driver::{self, Asked, Intent, ask};
use runner_engine::ledger::{Lock, Runs};

use super::resume;
use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::follow;
use crate::output;
use crate::past::{Past, Standing};

/// Takes back what a run did, backwards: of one that is over, stands still or is under way.
pub(crate) fn undo(project: &Path, args: &args::Undo) -> Result<Exit, Refusal> {
    let folder = Runs::of(project).find(&args.run)?;
    let past = Past::open(folder.clone())?;
    let to = args.to.as_deref().map(runner_core::Path::parse);
    if let Some(to) = &to {
        refuse(&past, to)?;
    }
    let by = format!("`runner undo` (process {})", std::process::id());
    match Lock::try_take(&folder.lock(), &format!("the run `{}`", folder.id()), drive::holder()) {
        Ok(_lock) => {
            let opened = driver::Past::open(&folder)?;
            let run = resume::restored(project, resume::record(&folder, &opened)?, &args.inputs)?;
            let folded = resume::folded(project, &folder, &run, opened, &args.inputs)?;
            let exit = resume::go_on(run, folder.clone(), folded, Intent::Undo { by, to }, (args.output, false))?;
            // A run that was cancelled stays so: that is no interruption of this command.
            let cancelled = *Past::open(folder)?.state.phase() == Phase::Ended(End::Cancelled);
            Ok(if cancelled { Exit::Done } else { exit })
        }
        Err(busy) if past.engine()?.is_some() => {
            if !ask(folder.path(), &Asked::Undo { by, to }).is_ok_and(|heard| heard) {
                return Err(Refusal::from(busy).hint("it was asked to undo the run, but did not answer"));
            }
            await_end(past, args)
        }
        Err(error) => Err(error.into()),
    }
}

/// Refuses to go back to where the run has not been.
fn refuse(past: &Past, to: &runner_core::Path) -> Result<(), Refusal> {
    let status = past.state.find(to).map(|id| past.state.node(id).status);
    let message = match status {
        Some(Status::Succeeded) => return Ok(()),
        None => format!("the run `{}` has no step `{to}`", past.folder.id()),
        Some(_) => format!("`{to}` has not succeeded, so there is nothing to go back to"),
    };
    Err(Refusal::new(Exit::Usage, message).hint(format!("`runner show {} --all` tells its steps", past.folder.id())))
}

/// Waits until the engine that was asked has undone the run.
fn await_end(mut past: Past, args: &args::Undo) -> Result<Exit, Refusal> {
    let id = past.folder.id().to_owned();
    if args.no_wait {
        output::note(format!("the engine of the run {id} was asked to undo it"));
        return Ok(Exit::Done);
    }
    output::note(format!("the engine of the run {id} was asked to undo it; waiting for its end"));
    follow::follow(&mut past, |_, _| true)?;
    let standing = past.standing()?;
    output::note(format!("run {id} {}", standing.word()));
    match standing {
        Standing::Ended(End::Undone) => Ok(Exit::Done),
        Standing::Ended(End::Paused) => Ok(Exit::Paused),
        _ => {
            let message = format!("the run `{id}` was not undone: it is {}", standing.word());
            Err(Refusal::new(Exit::Unexpected, message).hint(format!("try again: `runner undo {id}`")))
        }
    }
}
