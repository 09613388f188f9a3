//! What happened outside. Time and everything else of the world arrive in here.

use serde_json::Value;

use crate::event::{AttemptResult, Settled, TimerId};
use crate::path::Path;

/// Something that happened outside. Late and duplicate ones are inert: those about attempts and timers carry numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Input {
    /// A new run begins.
    Start {
        /// See [`Event::RunStarted`](crate::Event::RunStarted).
        record: Value,
        /// From which jitter is drawn.
        seed: u64,
        /// Attempts that may run at once.
        parallel: usize,
    },
    /// An engine takes up the run.
    Life {
        /// Greater than every earlier one.
        epoch: u32,
        /// The engine's process id.
        pid: u32,
        /// Which boot of which machine.
        boot: String,
    },
    /// A person changed what the run is made of. It comes before [`Input::Recovered`], so that nothing goes on as it was.
    Revise {
        /// See [`Event::Revised`](crate::Event::Revised).
        revision: crate::revision::Revision,
    },
    /// A new engine life found out what became of the attempts in flight. Those not named are in doubt.
    Recovered {
        /// Step, attempt and what became of it.
        found: Vec<(Path, u32, Found)>,
    },
    /// A person wants the run to go on, and what has failed to be tried again.
    Resume,
    /// A person has answered what the run waited for, and it goes on with that.
    GoOn,
    /// A service said something; it may be ready now.
    Announced {
        /// The step.
        path: Path,
        /// Which attempt.
        attempt: u32,
        /// Its outputs so far.
        output: Value,
    },
    /// An attempt ended.
    Finished {
        /// The step.
        path: Path,
        /// Which attempt.
        attempt: u32,
        /// How.
        result: AttemptResult,
    },
    /// A timer fired.
    TimerFired {
        /// The timer.
        timer: TimerId,
    },
    /// Something that only one may hold may be free, or not to be had any more.
    Free,
    /// A person decided about an attempt in doubt.
    Settle {
        /// The step.
        path: Path,
        /// What was decided.
        settled: Settled,
    },
    /// A person answered. Inert where nothing is asked.
    Answer {
        /// The step.
        path: Path,
        /// Who.
        by: String,
        /// Whether they agreed.
        approved: bool,
        /// What they said besides.
        comment: Option<String>,
        /// What they gave.
        output: Value,
    },
    /// Stop now, to be resumed.
    Interrupt {
        /// Whether processes are to be killed rather than asked.
        kill: bool,
        /// By what.
        by: String,
    },
    /// End for good.
    Cancel {
        /// By whom.
        by: String,
    },
    /// Undo what was done. Inert where `to` names a step that has not succeeded.
    Undo {
        /// By whom.
        by: String,
        /// See [`Event::UndoRequested`](crate::Event::UndoRequested).
        to: Option<Path>,
    },
}

/// What became of an attempt in flight when its engine died.
#[derive(Clone, Debug, PartialEq)]
pub enum Found {
    /// It still runs, and this engine follows it.
    Running,
    /// It ended meanwhile, or never began, or nobody knows.
    Ended(AttemptResult),
}
