//! What must hold when a run has come to its end, whoever was killed on the way.

use std::collections::BTreeMap;

use super::undone::{UNDO, doubted};
use super::{Calm, Storm, Tally};
use crate::flow::name_of;
use crate::support::{Journal, await_that};
use crate::trace::{self, Traces};

impl Storm<'_> {
    /// Holds a run against an undisturbed one, and against what is to be seen of it.
    pub(super) fn hold(&self, calm: &Calm, tally: &mut Tally) {
        let journal = self.project.journal();
        assert_eq!(journal.end(), "succeeded");
        assert_eq!(journal.outputs(), calm.outputs, "not the outputs of an undisturbed run: {}", self.place());
        await_that("the last process to go", || self.project.processes().is_empty());
        tally.permitted += journal.of("attempt_started").filter(|record| record.event["permitted"] == true).count();
        let mut traces = trace::read(self.project.path());
        traces.retain(|name, _| !name.ends_with(UNDO));
        let doubts = self.doubts(&journal);
        for (name, doubted) in &doubts {
            assert!(*doubted <= tally.keepers, "`{name}` was in doubt {doubted} times after {} kills", tally.keepers);
        }
        tally.doubts += doubts.values().sum::<usize>();
        self.counts(calm, &journal, &traces, &doubts, tally);
        self.in_order(&traces);
        self.kept();
    }

    /// How often each process step was in doubt. Work inside the engine is in doubt whenever it was under way.
    pub(super) fn doubts(&self, journal: &Journal) -> BTreeMap<String, usize> {
        let mut doubts = BTreeMap::new();
        for (path, undoes) in doubted(journal) {
            let name = name_of(&path);
            if !undoes && self.expected.steps.contains_key(&name) {
                *doubts.entry(name).or_default() += 1;
            }
        }
        doubts
    }

    /// How often each step began, and had its effect.
    fn counts(
        &self,
        calm: &Calm,
        journal: &Journal,
        traces: &Traces,
        doubts: &BTreeMap<String, usize>,
        tally: &mut Tally,
    ) {
        let rounds = journal.of("round_started").count();
        assert_eq!(traces.len(), calm.traces.len());
        for (name, usual) in &calm.traces {
            let expected = self.expected.steps[name];
            let found = &traces[name];
            assert_eq!(found.beside, 0, "two attempts of `{name}` were alive at once: {}", self.place());
            let doubted = doubts.get(name).copied().unwrap_or_default();
            let more = doubted + if expected.last { rounds } else { 0 };
            // An attempt that took longer than its timeout has failed, whatever it did: the next one does it again. A
            // service is started where it is needed.
            if expected.is_slow() || expected.is_service() {
                continue;
            }
            for (what, least, times) in [
                ("attempts that began", usual.begun.len(), found.begun.len()),
                ("effects", usual.done.len(), found.done.len()),
            ] {
                assert!(
                    (least..=least + more).contains(&times),
                    "`{name}` has {times} {what} instead of {least}, with {doubted} in doubt: {}",
                    self.place()
                );
            }
            tally.repeated += found.done.len() - usual.done.len();
        }
    }

    /// What was written from inside the engine is there, once.
    fn kept(&self) {
        let state = Journal::read(&self.project.path().join(".runner/state"));
        let mut appended = BTreeMap::<String, usize>::new();
        for record in &state.records {
            *appended.entry(record.event["op"]["value"].as_str().unwrap_or_default().to_owned()).or_default() += 1;
        }
        assert!(appended.keys().eq(self.expected.appended.iter()), "{appended:?}: {}", self.place());
        assert!(appended.values().all(|times| *times == 1), "{appended:?}: {}", self.place());
        for name in &self.expected.written {
            assert_eq!(self.project.read(format!("written/{name}")), *name, "{}", self.place());
        }
    }
}
