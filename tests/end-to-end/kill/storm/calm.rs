//! The undisturbed run, against which the others are held.

use serde_json::Value;

use super::Storm;
use crate::kill::trace::{self, Traces};

/// What an undisturbed run does.
pub(in crate::kill) struct Calm {
    pub(super) outputs: Value,
    pub(super) traces: Traces,
}

impl Storm {
    /// Runs it undisturbed.
    pub(in crate::kill) fn calm(self) -> Calm {
        self.project.run(&["run", "storm"]).expect(0);
        let traces = trace::read(self.project.path());
        assert!(traces.len() >= 40, "{} steps left traces", traces.len());
        assert_eq!(traces["flaky"].begun.len(), 3);
        assert!(traces.values().all(|trace| trace.beside == 0));
        Calm { outputs: self.project.journal().outputs(), traces }
    }
}
