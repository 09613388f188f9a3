//! A run that has succeeded is undone, under kills: the same promises, backwards.

use std::collections::{BTreeMap, BTreeSet};

use super::{Storm, Tally};
use crate::flow::name_of;
use crate::support::{Journal, await_that};
use crate::trace;

/// What the name of an undo's trace ends in.
pub(super) const UNDO: &str = ".undo";

/// The attempts in doubt, by path, and whether each was one of an undo.
pub(super) fn doubted(journal: &Journal) -> Vec<(String, bool)> {
    let undoes = journal.of("attempt_started").filter(|record| record.event["purpose"] == "undo");
    let undoes: BTreeSet<_> =
        undoes.map(|record| (record.path().to_owned(), record.event["attempt"].as_u64())).collect();
    let ended = journal.of("attempt_ended").filter(|record| record.event["result"].get("in_doubt").is_some());
    let ended = ended.map(|record| (record.path().to_owned(), record.event["attempt"].as_u64()));
    ended.map(|attempt| (attempt.0.clone(), undoes.contains(&attempt))).collect()
}

impl Storm<'_> {
    /// What must hold when all was undone.
    pub(super) fn hold_undone(&self, tally: &mut Tally) {
        let journal = self.project.journal();
        assert_eq!(journal.end(), "undone", "{}", self.place());
        await_that("the last process to go", || self.project.processes().is_empty());
        let traces = trace::read(self.project.path());
        let mut doubts = BTreeMap::<String, usize>::new();
        for (path, _) in doubted(&journal).iter().filter(|(_, undoes)| *undoes) {
            *doubts.entry(name_of(path)).or_default() += 1;
        }
        let undone = self.expected.steps.iter().filter(|(_, step)| step.is_undone()).map(|(name, _)| name);
        let undone: BTreeMap<_, _> =
            undone.map(|name| (name, traces.get(&format!("{name}{UNDO}")).cloned().unwrap_or_default())).collect();
        for (name, trace) in &undone {
            let doubted = doubts.get(*name).copied().unwrap_or_default();
            assert!(doubted <= tally.keepers, "undoing `{name}` was in doubt {doubted} times: {}", self.place());
            for (what, times) in [("began to be undone", trace.begun.len()), ("was undone", trace.done.len())] {
                assert!((1..=1 + doubted).contains(&times), "`{name}` {what} {times} times: {}", self.place());
            }
            assert_eq!(trace.beside, 0, "`{name}` was undone twice at once: {}", self.place());
            let first = traces[*name].begun.last().map(|(_, place)| *place);
            assert!(
                first < trace.begun.first().map(|(_, place)| *place),
                "`{name}` ran once it was undone: {}",
                self.place()
            );
            tally.doubts += doubted;
            tally.repeated += trace.done.len() - 1;
            tally.undone += 1;
        }
        for (first, second) in &self.expected.order {
            let (Some(before), Some(after)) = (undone.get(first), undone.get(second)) else { continue };
            let begun = before.begun.first().map(|(_, place)| *place);
            let done = after.done.last().map(|(_, place)| *place);
            assert!(done < begun, "`{first}` was undone before `{second}`, which needs it: {}", self.place());
        }
    }
}
