//! `runner runs --prune`: runs that are over are removed, by age, number and size.

use std::path::Path;

use runner_engine::ledger::{RunFolder, Runs};
use serde_json::json;

use crate::args;
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::hold;
use crate::output;
use crate::past::{self, Glimpse, Standing};
use crate::words;

/// A run, and what is to become of it.
struct Candidate {
    folder: RunFolder,
    /// Nothing of one that never began, or that cannot be read.
    glimpse: Option<Glimpse>,
    is_damaged: bool,
    size: u64,
    /// When anything last happened to it, in milliseconds since 1970.
    last: u64,
}

/// Removes the runs that the rules name.
pub(super) fn prune(project: &Path, args: &args::Runs) -> Result<Exit, Refusal> {
    let rules = &args.prune;
    if rules.keep.is_none() && rules.older_than.is_none() && rules.max_size.is_none() {
        let refusal = Refusal::new(Exit::Usage, "`--prune` needs to know which runs to remove");
        return Err(
            refusal.hint("give `--keep N`, `--older-than 30d` or `--max-size 1Gi`; `--dry-run` shows what they mean")
        );
    }
    let runs = Runs::of(project);
    if !rules.dry_run {
        runs.sweep()?;
    }
    let now = drive::now();
    let (mut total, mut rows, mut freed, mut removed) = (0_u64, Vec::new(), 0, 0);
    for (at, folder) in runs.list()?.into_iter().enumerate() {
        let run = Candidate::of(folder);
        total += run.size;
        let too_many = rules.keep.is_some_and(|keep| at >= keep);
        let too_old = rules.older_than.is_some_and(|age| u128::from(now.saturating_sub(run.last)) > age.as_millis());
        let too_large = rules.max_size.is_some_and(|most| total > most);
        if !(too_many || too_old || too_large) {
            continue;
        }
        let kept = match run.protected(rules.force) {
            Some(why) => Some(why),
            None if rules.dry_run => None,
            None => run.remove(),
        };
        if kept.is_none() {
            // What is gone makes room for what is older.
            total -= run.size;
            freed += run.size;
            removed += 1;
        }
        let what = match (&kept, rules.dry_run) {
            (Some(why), _) => format!("kept: {why}"),
            (None, true) => "would be removed".to_owned(),
            (None, false) => "removed".to_owned(),
        };
        if args.output == args::Shape::Json {
            let told = json!({
                "id": run.folder.id(), "workflow": run.workflow(), "state": run.state(), "size": run.size,
                "last": run.last, "removed": kept.is_none() && !rules.dry_run, "kept": kept,
            });
            output::line(told.to_string());
        } else {
            rows.push(vec![run.folder.id().to_owned(), run.state().to_owned(), words::size(run.size), what]);
        }
    }
    output::print(&words::table(&rows));
    if args.output == args::Shape::Text {
        let would = if rules.dry_run { "would be " } else { "" };
        output::note(format!("{} {would}removed, {} {would}freed", words::counted(removed, "run"), words::size(freed)));
    }
    Ok(Exit::Done)
}

impl Candidate {
    fn of(folder: RunFolder) -> Self {
        let (glimpse, is_damaged) = match past::glimpse(&folder) {
            Ok(glimpse) => (glimpse, false),
            Err(_) => (None, true),
        };
        let touched = folder.path().metadata().and_then(|data| data.modified()).ok();
        let touched = touched.and_then(|time| time.duration_since(std::time::UNIX_EPOCH).ok());
        let touched = touched.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
        let last = glimpse.as_ref().map_or(touched, |glimpse| glimpse.last);
        Self { size: size(folder.path()), folder, glimpse, is_damaged, last }
    }

    fn workflow(&self) -> &str {
        self.glimpse.as_ref().map_or("", |glimpse| &glimpse.workflow)
    }

    fn state(&self) -> &'static str {
        match &self.glimpse {
            Some(glimpse) => glimpse.standing.word(),
            None if self.is_damaged => "damaged",
            None => "never begun",
        }
    }

    /// Why it may not be removed; nothing where it may.
    fn protected(&self, force: bool) -> Option<String> {
        use runner_core::End::{Cancelled, Failed, Succeeded, TimedOut};
        let is_live = self.glimpse.as_ref().is_some_and(|glimpse| glimpse.standing.is_live());
        let ended = match self.glimpse.as_ref().map(|glimpse| glimpse.standing) {
            Some(standing) => matches!(standing, Standing::Ended(Succeeded | Failed | TimedOut | Cancelled)),
            None => !self.is_damaged,
        };
        match (is_live, ended || force) {
            (true, _) => Some("an engine is at it".to_owned()),
            (false, true) => None,
            (false, false) => Some(format!("it is {} (`--force` removes it all the same)", self.state())),
        }
    }

    /// Removes it; why not, where it cannot be.
    fn remove(&self) -> Option<String> {
        match hold::hold(&self.folder) {
            Ok(_held) => self.folder.remove().err().map(|error| error.to_string()),
            Err(refusal) => Some(refusal.message),
        }
    }
}

/// The size of what is in a folder, in bytes.
fn size(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => size(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}
