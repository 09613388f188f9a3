//! A run whose journal is refused, made one that can be resumed; at a person's word.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use runner_core::{AttemptResult, Event, Path};
use runner_keeper::client::seize;
use runner_keeper::receipts::{self, Found, Receipts};

use super::{DriveError, Entry};
use crate::ledger::{Damage, Record, RunFolder, machine};
use crate::when;

/// What is known of a damaged run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// Whether what is left tells what the run is.
    pub has_begun: bool,
    /// How many records before the damage are kept.
    pub kept: usize,
    /// How many behind it can be read, and are set aside with it.
    pub behind: usize,
    /// The steps of which an attempt was under way where the damage is: they are in doubt.
    pub in_doubt: Vec<Path>,
    /// The steps of which only records behind the damage tell that they ran: this is forgotten, and they run again.
    pub forgotten: Vec<Path>,
}

/// What would be lost, told by the records before and behind the damage.
pub fn loss(damage: &Damage<Entry>) -> Loss {
    let forgotten: BTreeSet<Path> = damage.behind.iter().filter_map(|record| begun(record).cloned()).collect();
    Loss {
        has_begun: damage.before.iter().any(|record| matches!(record.event.event, Event::RunStarted { .. })),
        kept: damage.before.len(),
        behind: damage.behind.len(),
        in_doubt: under_way(&damage.before).into_keys().collect(),
        forgotten: forgotten.into_iter().collect(),
    }
}

/// Sets the damaged journal aside, with the receipts, and leaves one that ends before the damage; gives the name under
/// which the old one lies. The run's lock is held by the caller.
///
/// What was under way is in doubt then: the receipts could tell of it, but number their attempts as the lost facts did, so
/// none of them may be believed.
pub fn mend(folder: &RunFolder, damage: &Damage<Entry>) -> Result<PathBuf, DriveError> {
    let failed = DriveError::io("take the keeper's lock");
    let Some(_keeper) = seize(folder.path()).map_err(failed)? else {
        return Err(DriveError::Busy(
            "the keeper of the run lives: wait until what it keeps has ended, or end that".into(),
        ));
    };
    let known = receipts::read(folder.path()).map_err(DriveError::io("read the receipts"))?;
    let living: Vec<String> = known.attempts().flat_map(|attempt| living(folder, &known, attempt)).collect();
    if !living.is_empty() {
        let message = format!("processes of the run live ({}): wait for their end, or end them", living.join(", "));
        return Err(DriveError::Busy(message));
    }
    receipts::set_aside(folder.path()).map_err(DriveError::io("set the receipts aside"))?;
    match std::fs::remove_dir_all(folder.checkpoint()) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(DriveError::io("remove the checkpoint")(error));
        }
        _ => {}
    }
    let doubts = under_way(&damage.before).into_iter().map(|(path, attempt)| {
        let result = AttemptResult::InDoubt { why: "the journal was damaged behind its start".to_owned() };
        Entry::from(Event::AttemptEnded { path, attempt, result })
    });
    Ok(damage.set_aside(folder.path(), when::now(), &doubts.collect::<Vec<_>>())?)
}

/// What lives of an attempt whose keeper died.
fn living(folder: &RunFolder, known: &Receipts, attempt: u64) -> Vec<String> {
    match known.classify(folder.path(), attempt, machine::boot_id(), &[]) {
        Found::Orphaned(orphan) => orphan.living().iter().map(ToString::to_string).collect(),
        _ => Vec::new(),
    }
}

/// The attempts that had begun and not ended.
fn under_way(records: &[Record<Entry>]) -> BTreeMap<Path, u32> {
    let mut open = BTreeMap::new();
    for record in records {
        match &record.event.event {
            Event::AttemptStarted { path, attempt, .. } => drop(open.insert(path.clone(), *attempt)),
            Event::AttemptEnded { path, .. } => drop(open.remove(path)),
            _ => {}
        }
    }
    open
}

fn begun(record: &Record<Entry>) -> Option<&Path> {
    match &record.event.event {
        Event::AttemptStarted { path, .. } | Event::AttemptEnded { path, .. } | Event::StepFinished { path, .. } => {
            Some(path)
        }
        _ => None,
    }
}
