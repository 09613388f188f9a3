//! `runner run NAME --from-run RUN`: a new run that begins with what is finished and unchanged in another.
//!
//! The new run's journal begins as the other's, and goes on with the fact that it is another run now, under what was edited
//! since. So what is kept, and what has to be agreed to, is decided as `runner resume` decides it.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

use runner_core::End;
use runner_engine::driver::{Intent, Past};
use runner_engine::ledger::{Lock, RunFolder, Runs};

use super::resume::{folded, go_on, record, restored, with_secrets};
use super::transfer::content;
use crate::args;
use crate::drive::{self, Refusal};
use crate::edit::Anew;
use crate::exit::Exit;
use crate::hold;
use crate::library::Workflows;
use crate::output;

/// Runs a workflow with what another run of it has finished.
pub(super) fn run(project: &Path, args: &args::Run, other: &str) -> Result<Exit, Refusal> {
    let runs = Runs::of(project);
    let folder = runs.find(other)?;
    let _held = hold::hold(&folder)?;
    let opened = Past::open(&folder)?;
    match opened.end() {
        Some(End::Cancelled | End::Undone) => {
            let message = format!("the run `{}` was cancelled or undone: what it did is no beginning", folder.id());
            return Err(Refusal::new(Exit::Usage, message));
        }
        Some(_) => {}
        None => {
            let message = format!("the run `{}` has not ended", folder.id());
            let hint = format!("`runner resume {}` goes on with it", folder.id());
            return Err(Refusal::new(Exit::Usage, message).hint(hint));
        }
    }
    let old = record(&folder, &opened)?;
    let workflow = args.workflow.as_deref().unwrap_or_default();
    let main = super::opened(&Workflows::of(project), workflow)?;
    if old.files.first().is_none_or(|file| file.key != main.key) {
        let message = format!("the run `{}` is one of `{}`, and not of `{workflow}`", folder.id(), old.workflow);
        return Err(Refusal::new(Exit::Usage, message));
    }
    let inputs = with_secrets(&old, &args.inputs);
    let recorded = restored(project, old, &inputs)?;
    let anew = Anew::read(project, &recorded, &inputs, (&[], &args.select))?;
    let state = folded(project, &folder, &recorded, opened, &inputs)?;
    let edit = anew.compared(&state, &recorded)?;
    if edit.keeps_all() && opened_again(&folder)?.end() == Some(End::Succeeded) {
        output::note(format!("all that `{}` did is finished and unchanged: there is nothing to do", folder.id()));
        return Ok(Exit::Done);
    }
    edit.agree(args.yes)?;
    let taken = runs.create(drive::now(), &recorded.record.workflow)?;
    let _lock = Lock::try_take(&taken.lock(), &format!("the run `{}`", taken.id()), drive::holder())?;
    copy(&folder, &taken).map_err(|error| {
        Refusal::new(Exit::Ledger, format!("what `{}` did cannot be taken over: {error}", folder.id()))
    })?;
    let state = folded(project, &taken, &recorded, opened_again(&taken)?, &inputs)?;
    let (run, revision) = edit.taken_by(taken.id(), folder.id())?;
    let intent = Intent::Resume { decisions: Vec::new(), revision: Some(Box::new((revision, recorded))) };
    go_on(run, taken, state, intent, (args.output, args.yes))
}

fn opened_again(folder: &RunFolder) -> Result<Past, Refusal> {
    Ok(Past::open(folder)?)
}

/// Copies what a run wrote down; the journal last, without which a run has not begun.
fn copy(from: &RunFolder, to: &RunFolder) -> io::Result<()> {
    for (path, source) in content(from)? {
        let target = to.path().join(&path);
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        let beside = target.with_extension("new");
        let mut written = fs::OpenOptions::new().write(true).create_new(true).open(&beside)?;
        io::copy(&mut super::transfer::open(&path, &source)?, &mut written)?;
        written.flush()?;
        written.sync_all()?;
        fs::rename(&beside, &target)?;
    }
    for folder in [to.path().join("blobs"), to.path().join("lanes"), to.path().to_path_buf()] {
        match fs::File::open(&folder) {
            Ok(folder) => folder.sync_all()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
