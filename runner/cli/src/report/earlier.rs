//! How long earlier runs of a workflow took.

use std::path::Path;

use runner_engine::driver::Entry;
use runner_engine::ledger::{self, JOURNAL, RunFolder, Runs};
use runner_engine::report::Pace;

/// From how many runs is learned.
const LEARNED: usize = 3;

/// How many runs are looked at to find them.
const LOOKED: usize = 30;

/// How much is read for that in all, in bytes.
const MOST: u64 = 16 << 20;

/// The pace of the newest runs of this workflow that went through; `own` is the run that asks.
pub(crate) fn pace(own: &Path, workflow: &str) -> Option<Pace> {
    let project = own.parent()?.parent()?.parent()?;
    let runs = Runs::of(project).list().ok()?;
    let id = own.file_name()?.to_str()?;
    // An id is the time, the workflow's name and four digits: another workflow's is told without opening it.
    let name = |id: &str| id.get(15..id.len().saturating_sub(4)).map(str::to_owned);
    let same = |run: &&RunFolder| run.id() != id && name(run.id()) == name(id);
    let mut left = MOST;
    let learned = runs.iter().filter(same).take(LOOKED).filter_map(|run| learn(run, workflow, &mut left));
    Pace::average(&learned.take(LEARNED).collect::<Vec<_>>())
}

/// What a run teaches, if reading its journal is within what is left.
fn learn(run: &RunFolder, workflow: &str, left: &mut u64) -> Option<Pace> {
    let length = std::fs::metadata(run.path().join(JOURNAL)).ok()?.len();
    *left = left.checked_sub(length)?;
    let records = ledger::read::<Entry>(run.path()).ok()?;
    let same = records.iter().take(2).any(|record| match &record.event.event {
        runner_core::Event::RunStarted { record, .. } => record["workflow"] == workflow,
        _ => false,
    });
    if same { Pace::of(&records) } else { None }
}
