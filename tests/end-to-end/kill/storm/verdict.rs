//! What must hold when a run has come to its end, whoever was killed on the way.

use std::collections::BTreeMap;

use super::{Calm, Tally};
use crate::kill::trace;
use crate::support::{Journal, Project, await_that};

/// Holds a run against an undisturbed one.
pub(super) fn hold(project: &Project, calm: &Calm, tally: &mut Tally) {
    let journal = project.journal();
    assert_eq!(journal.end(), "succeeded");
    assert_eq!(journal.outputs(), calm.outputs, "its outputs are not those of an undisturbed run");
    await_that("the last process to go", || project.processes().is_empty());
    let doubts = doubts(&journal);
    tally.doubts += doubts.values().sum::<usize>();
    let rounds = journal.of("round_started").count();
    let traces = trace::read(project.path());
    for (name, expected) in &calm.traces {
        let found = traces.get(name).cloned().unwrap_or_default();
        assert_eq!(found.beside, 0, "two attempts of `{name}` were alive at once: {}", project.path().display());
        let doubted = doubts.get(name.as_str()).copied().unwrap_or_default();
        // What belongs to a round runs again in the next one; services are started anew where they are needed.
        let again = if ["f1", "f2", "g4", "x-last", "y-last", "web"].contains(&name.as_str()) { rounds } else { 0 };
        let most = expected.begun.len() + doubted + again;
        assert!(
            (expected.begun.len()..=most).contains(&found.begun.len()),
            "`{name}` began {} times instead of {}, with {doubted} attempts in doubt: {}",
            found.begun.len(),
            expected.begun.len(),
            project.path().display(),
        );
        assert!(name == "web" || found.done.len() >= expected.done.len(), "`{name}` was taken for done");
        tally.repeated += found.done.len().saturating_sub(expected.done.len());
    }
    assert_eq!(traces.len(), calm.traces.len());
    at_most_once_a_kill(&journal, tally);
}

/// How often each step was in doubt, by the name that its trace has. Work inside the engine is in doubt whenever it was
/// under way, and leaves no trace.
fn doubts(journal: &Journal) -> BTreeMap<String, usize> {
    let mut doubts = BTreeMap::new();
    for path in journal.doubts() {
        let leaf = path.rsplit('/').next().unwrap_or_default();
        let name = match path.split_once('[') {
            Some(("part", rest)) => format!("{}-{leaf}", &rest[..1]),
            Some(("each", rest)) => format!("each-{}", &rest[..1]),
            _ => leaf.to_owned(),
        };
        if !["note", "kept", "state"].contains(&name.as_str()) {
            *doubts.entry(name).or_default() += 1;
        }
    }
    doubts
}

/// No step was in doubt more often than keepers were killed.
fn at_most_once_a_kill(journal: &Journal, tally: &Tally) {
    for (name, doubted) in doubts(journal) {
        assert!(doubted <= tally.keepers, "`{name}` was in doubt {doubted} times after {} kills", tally.keepers);
    }
}
