//! The person who is asked about what is in doubt, and looks.

use super::Storm;
use super::undone::{UNDO, doubted};
use crate::flow::name_of;
use crate::support::Journal;
use crate::trace;

impl Storm<'_> {
    /// What a person who looks at the effects would say about the steps that wait.
    pub(super) fn decide(&self) -> Vec<String> {
        let journal = self.project.journal();
        let traces = trace::read(self.project.path());
        let mut words = vec!["resume".to_owned()];
        for path in self.waiting(&journal) {
            let name = name_of(&path);
            let expected = self.expected.steps.get(&name).unwrap_or_else(|| panic!("`{path}` waits: {}", self.place()));
            let undoes =
                doubted(&journal).iter().rev().find(|(doubted, _)| *doubted == path).is_some_and(|(_, it)| *it);
            let asks = if undoes { expected.asks_to_undo() } else { expected.asks() };
            assert!(asks, "`{path}` waits for a person: {}", self.place());
            let trace = if undoes { format!("{name}{UNDO}") } else { name.clone() };
            let trace = traces.get(&trace).cloned().unwrap_or_default();
            let done =
                trace.begun.last().is_some_and(|(begun, _)| trace.done.last().is_some_and(|(done, _)| done == begun));
            // A step that fails on purpose is done only once it has failed often enough.
            if done && undoes {
                words.extend(["--done".to_owned(), path]);
            } else if done && trace.done.len() > expected.failures() {
                let outputs = serde_json::json!({"exit_code": 0, "stdout": format!("{name} did it")});
                words.extend(["--done".to_owned(), format!("{path}={outputs}")]);
            } else {
                words.extend(["--repeat".to_owned(), path]);
            }
        }
        assert!(words.len() > 1, "it pauses and nothing waits: {}", self.place());
        words
    }

    /// The steps whose last attempt is in doubt and that nobody decided about.
    fn waiting(&self, journal: &Journal) -> Vec<String> {
        let mut waiting = Vec::new();
        for record in &journal.records {
            let path = record.path().to_owned();
            match record.kind() {
                "attempt_ended" if record.event["result"].get("in_doubt").is_some() => waiting.push(path),
                "attempt_started" | "doubt_settled" => waiting.retain(|known| *known != path),
                _ => {}
            }
        }
        // Nobody is asked about a service: it is started anew where it is needed.
        waiting.retain(|path| !self.expected.steps.get(&name_of(path)).is_some_and(|step| step.is_service()));
        waiting
    }
}
