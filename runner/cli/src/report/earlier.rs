//! How long earlier runs of a workflow took.

use std::path::Path;

use runner_engine::driver::Entry;
use runner_engine::ledger::{self, JOURNAL, RunFolder, Runs};
use runner_engine::report::Pace;

/// From how many runs is learned.
const LEARNED: usize = 3;

/// How many runs are looked at to find them.
const LOOKED: usize = 30;

/// Journals larger than this are passed over, in bytes.
const LARGEST: u64 = 8 << 20;

/// The pace of the newest runs of this workflow that went through; `own` is the run that asks.
pub(crate) fn pace(own: &Path, workflow: &str) -> Option<Pace> {
    let project = own.parent()?.parent()?.parent()?;
    let runs = Runs::of(project).list().ok()?;
    let id = own.file_name()?.to_str()?;
    // An id is the time, the workflow's name and four digits: another workflow's is told without opening it.
    let name = |id: &str| id.get(15..id.len().saturating_sub(4)).map(str::to_owned);
    let same = |run: &&RunFolder| run.id() != id && name(run.id()) == name(id);
    let paces: Vec<_> =
        runs.iter().filter(same).take(LOOKED).filter_map(|run| learn(run, workflow)).take(LEARNED).collect();
    Pace::average(&paces)
}

fn learn(run: &RunFolder, workflow: &str) -> Option<Pace> {
    let journal = std::fs::metadata(run.path().join(JOURNAL)).ok()?;
    if journal.len() > LARGEST {
        return None;
    }
    let records = ledger::read::<Entry>(run.path()).ok()?;
    let same = records.iter().take(2).any(|record| match &record.event.event {
        runner_core::Event::RunStarted { record, .. } => record["workflow"] == workflow,
        _ => false,
    });
    if same { Pace::of(&records) } else { None }
}
