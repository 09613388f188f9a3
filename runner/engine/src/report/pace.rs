//! How long things took in an earlier run.

use std::collections::BTreeMap;

use runner_core::{End, Event, Path, Status};

use super::View;
use crate::driver::Entry;
use crate::ledger::Record;

/// How long an earlier run took, and each step of it, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    total: u64,
    steps: BTreeMap<Path, u64>,
}

impl Pace {
    /// The pace of a run that went through in one go; none of any other.
    pub fn of(records: &[Record<Entry>]) -> Option<Self> {
        let mut pace = Self::default();
        let mut began: BTreeMap<&Path, u64> = BTreeMap::new();
        let (mut started, mut lives) = (None, 0);
        for record in records {
            match &record.event.event {
                Event::LifeStarted { .. } => lives += 1,
                Event::RunStarted { .. } => started = Some(record.at),
                Event::AttemptStarted { path, .. } => {
                    began.entry(path).or_insert(record.at);
                }
                Event::StepFinished { path, status: Status::Succeeded, .. } => {
                    if let Some(began) = began.get(path) {
                        pace.steps.insert(path.clone(), record.at.saturating_sub(*began));
                    }
                }
                Event::RoundEnded { end: End::Succeeded, .. } if lives == 1 => {
                    pace.total = record.at.saturating_sub(started?);
                    return Some(pace);
                }
                _ => {}
            }
        }
        None
    }

    /// What several runs took on average; a step that only some had counts as in those.
    pub fn average(paces: &[Self]) -> Option<Self> {
        let count = u64::try_from(paces.len()).ok().filter(|count| *count > 0)?;
        let total = paces.iter().map(|pace| pace.total).sum::<u64>() / count;
        let mut steps: BTreeMap<Path, (u64, u64)> = BTreeMap::new();
        for (path, took) in paces.iter().flat_map(|pace| &pace.steps) {
            let entry = steps.entry(path.clone()).or_default();
            *entry = (entry.0 + took, entry.1 + 1);
        }
        let steps = steps.into_iter().map(|(path, (sum, count))| (path, sum / count)).collect();
        Some(Self { total, steps })
    }

    /// How long a run may still take at `now`, in milliseconds: the share of the work that is not done, of the time that
    /// all of it took. None where too little of it is known, or nothing is left.
    pub fn left(&self, view: &View, now: u64) -> Option<u64> {
        let state = view.state();
        let (mut known, mut done) = (0_u64, 0_u64);
        for (path, &took) in &self.steps {
            known += took;
            let Some(id) = state.find(path) else { continue };
            let node = state.node(id);
            done += match node.status {
                Status::Pending => 0,
                // One that takes longer than ever is nearly done, as far as anyone knows.
                Status::Active => view.elapsed(id, now).unwrap_or(0).min(took - took / 20),
                _ => took,
            };
        }
        // With most of the time outside of steps, or of other steps, this would be a guess.
        let familiar = state
            .nodes()
            .filter(|(_, node)| node.leaf().is_some())
            .fold((0, 0), |(all, met), (_, node)| (all + 1, met + usize::from(self.steps.contains_key(&node.path))));
        if known == 0 || familiar.1 * 2 < familiar.0 {
            return None;
        }
        let left = u128::from(self.total) * u128::from(known - done.min(known)) / u128::from(known);
        u64::try_from(left).ok().filter(|left| *left > 0)
    }
}
