//! The undisturbed run, against which the others are held.

use serde_json::Value;

use super::Storm;
use super::ride::at_last;
use crate::trace::{self, Traces};

/// What an undisturbed run does.
pub(crate) struct Calm {
    pub(super) outputs: Value,
    pub(super) traces: Traces,
}

impl Storm<'_> {
    /// Runs it undisturbed.
    pub(crate) fn calm(self) -> Calm {
        let words = self.words();
        at_last(self.project.spawn(&words.iter().map(String::as_str).collect::<Vec<_>>())).expect(0);
        let traces = trace::read(self.project.path());
        assert!(traces.keys().eq(self.expected.steps.keys()), "{}: {:?}", self.place(), traces.keys());
        for (name, trace) in &traces {
            let expected = self.expected.steps[name];
            assert_eq!(trace.beside, 0);
            if !expected.is_slow() && !expected.is_service() {
                let attempts = expected.failures() + 1;
                assert_eq!((trace.begun.len(), trace.done.len()), (attempts, attempts), "`{name}`: {}", self.place());
            }
        }
        self.in_order(&traces);
        Calm { outputs: self.project.journal().outputs(), traces }
    }
}
