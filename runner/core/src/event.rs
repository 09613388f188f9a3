//! Facts. Each is one record of the journal, and all that the state is made of.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::StepError;
use crate::path::Path;

/// Names a timer of a run.
pub type TimerId = u64;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run exists. First fact of every journal.
    RunStarted {
        /// What was read once for the whole run: inputs, files, environment names, the workflow's text. Opaque here.
        record: Value,
        /// From which jitter is drawn.
        seed: u64,
        /// Attempts that may run at once.
        parallel: usize,
    },
    /// An engine took up the run.
    LifeStarted {
        /// Counts the engine lives of a run, from 1.
        epoch: u32,
        /// The engine's process id, for people.
        pid: u32,
        /// Which boot of which machine.
        boot: String,
    },
    /// A round began on a run that had ended or stood still.
    RoundStarted {
        /// Counts rounds, from 2 (the first needs no fact).
        round: u32,
        /// Whether the one before goes on in it, which waited for a person's answer: then what has failed stays so until
        /// the list that it stands in has ended.
        #[serde(default, skip_serializing_if = "is_false")]
        goes_on: bool,
    },
    /// What was read once for the whole run was changed by a person between two engine lives.
    Revised {
        /// What takes its place, and what follows from it.
        revision: crate::revision::Revision,
    },
    /// Nothing of a step that changed is under way any more: it begins anew.
    StepReopened {
        /// The step.
        path: Path,
    },
    /// A step will not run.
    StepSkipped {
        /// The step.
        path: Path,
        /// Why.
        reason: Reason,
        /// Whether an attempt that was permitted ahead of its turn may have run all the same, of which the machine's end
        /// left no trace.
        #[serde(default, skip_serializing_if = "is_false")]
        may_have_run: bool,
    },
    /// A foreach knows its items.
    StepExpanded {
        /// The step.
        path: Path,
        /// The items, in order.
        items: Vec<Item>,
    },
    /// A group or callee began.
    StepEntered {
        /// The step.
        path: Path,
        /// What was read on entering: a callee's inputs and loaded files. Opaque here.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        record: Value,
    },
    /// An attempt may begin. Durable before it does.
    AttemptStarted {
        /// The step.
        path: Path,
        /// Counts the attempts of a step over all rounds and engine lives, from 1.
        attempt: u32,
        /// Whether it does the work or looks whether it is done.
        #[serde(default, skip_serializing_if = "Purpose::is_run")]
        purpose: Purpose,
        /// What the step's definition and inputs hash to.
        fingerprint: String,
        /// Whether its turn has not come yet: it is let go by itself once what it needs has ended well and there is a
        /// place for it, and not at all once anything ends otherwise.
        #[serde(default, skip_serializing_if = "is_false")]
        permitted: bool,
    },
    /// An attempt that still runs can no longer end well: it is to be stopped, and then has failed with this error.
    AttemptDoomed {
        /// The step.
        path: Path,
        /// Which attempt.
        attempt: u32,
        /// Why.
        error: StepError,
    },
    /// An attempt ended, or is known not to have begun, or nobody knows.
    AttemptEnded {
        /// The step.
        path: Path,
        /// Which attempt.
        attempt: u32,
        /// How.
        result: AttemptResult,
    },
    /// Something will happen later.
    TimerSet {
        /// The timer.
        timer: TimerId,
        /// The step it belongs to.
        path: Path,
        /// What for.
        kind: TimerKind,
        /// Wall time when it was set, in milliseconds since 1970.
        at: u64,
        /// Milliseconds until it fires.
        duration: u64,
    },
    /// A timer fired.
    TimerFired {
        /// The timer.
        timer: TimerId,
        /// The step it belongs to.
        path: Path,
    },
    /// The steps of a list have ended and its `finally:` begins.
    FinallyStarted {
        /// The group, or the run.
        path: Path,
    },
    /// All steps of a list have ended and its services are being stopped.
    Closing {
        /// The group, or the run.
        path: Path,
    },
    /// A step ended. A service is ready then, and lives on.
    StepFinished {
        /// The step.
        path: Path,
        /// How: succeeded, failed or cancelled.
        status: crate::state::Status,
        /// Its outputs; `None`: its last attempt's output as it is.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        outputs: Option<Value>,
        /// Why it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<StepError>,
    },
    /// A service that was ready is gone and must be started anew.
    ServiceLost {
        /// The step.
        path: Path,
        /// Whether it went by itself, which counts against its retries.
        failed: bool,
    },
    /// A person wants the run to be undone.
    UndoRequested {
        /// By whom.
        by: String,
        /// The step up to which: what had finished when it had stays. `None`: all is undone.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        to: Option<Path>,
    },
    /// All that is under way in a group or the run has ended, and what it did is undone: backwards, what finished last first.
    UndoStarted {
        /// The group, or the run.
        path: Path,
    },
    /// What a step did is taken back.
    StepUndone {
        /// The step.
        path: Path,
    },
    /// What a step did is not taken back.
    StepStands {
        /// The step.
        path: Path,
        /// Why.
        why: Standing,
    },
    /// What a step did could not be taken back, and is not tried again without a person.
    UndoFailed {
        /// The step.
        path: Path,
        /// Why.
        error: StepError,
    },
    /// Nothing more is undone in a group or the run.
    UndoEnded {
        /// The group, or the run.
        path: Path,
    },
    /// The outputs of a step that had succeeded can no longer be had, and something still to come looks at them. What it did
    /// is in doubt.
    OutputsLost {
        /// The step.
        path: Path,
        /// Why they cannot be had.
        why: String,
    },
    /// A person decided about an attempt in doubt.
    DoubtSettled {
        /// The step.
        path: Path,
        /// Which attempt.
        attempt: u32,
        /// What was decided.
        settled: Settled,
    },
    /// A step cannot go on before a person has answered.
    QuestionAsked {
        /// The step.
        path: Path,
        /// What is asked. Opaque here.
        question: Value,
    },
    /// A person answered.
    QuestionAnswered {
        /// The step.
        path: Path,
        /// Who.
        by: String,
        /// Whether they agreed.
        approved: bool,
        /// What they said besides.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        comment: Option<String>,
        /// What they gave: the outputs of a step that is a question. Opaque here.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        output: Value,
    },
    /// The run is to stop now and can be resumed.
    InterruptRequested {
        /// Whether processes are to be killed rather than asked.
        kill: bool,
        /// By what: a signal's name, or a person.
        by: String,
    },
    /// The run is to end for good.
    CancelRequested {
        /// By whom.
        by: String,
    },
    /// Nothing runs or can run, and a person is needed: services are being stopped.
    Pausing,
    /// The run stands still or is over.
    RoundEnded {
        /// How.
        end: End,
        /// The workflow's outputs.
        #[serde(default, skip_serializing_if = "Value::is_null")]
        outputs: Value,
        /// Why, where it failed.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        error: Option<StepError>,
        /// The workflow's own exit code.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        exit_code: Option<u8>,
    },
}

/// Why a step did not run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Its own `when:` was false. It counts as succeeded.
    Condition,
    /// A step it needs failed, was cancelled, or was skipped because of one that was.
    Need,
    /// Its list stopped because of another step's failure.
    Stopped,
    /// A person has left it out. It counts as succeeded.
    LeftOut,
}

/// Why what a step did is not taken back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Nothing takes it back: the step has no `undo`.
    NoUndo,
    /// Nobody knows whether it did its work.
    InDoubt,
    /// The run was ended for good while it was being undone, so it may be half undone.
    Abandoned,
}

/// An item of a foreach.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Item {
    /// Its key, unique in its foreach.
    pub key: String,
    /// Its value.
    pub value: Value,
}

/// What an attempt is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Doing the step's work.
    #[default]
    Run,
    /// Looking whether an earlier attempt has done it.
    Check,
    /// Taking back what the step did.
    Undo,
}

impl Purpose {
    /// Whether it does the work.
    pub fn is_run(&self) -> bool {
        *self == Self::Run
    }
}

/// How an attempt ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AttemptResult {
    /// Well. Of a check: the work is done; null outputs where it cannot tell them.
    Succeeded {
        /// The output.
        output: Value,
    },
    /// Badly. Of a check: the work is not known to be done.
    Failed {
        /// Why.
        error: StepError,
    },
    /// It never began.
    NotStarted,
    /// Nobody knows whether it did its work.
    InDoubt {
        /// Why nobody knows.
        why: String,
    },
    /// It was stopped. As a fact only of a service that was ready, which was meant to be; what else it means is decided
    /// when it is told: one stopped by a bound that its author wrote has failed, any other is in doubt.
    Stopped,
}

/// What a timer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TimerKind {
    /// The next attempt after a failed one.
    Retry,
    /// The next poll of an `until`.
    Poll,
    /// The end of an `until`'s `within`, or of a group's or the run's `timeout`.
    Deadline,
}

/// What a person decided about an attempt in doubt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Settled {
    /// It did its work.
    Done {
        /// Its outputs.
        outputs: Value,
    },
    /// Do it again.
    Repeat,
}

/// How a round ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum End {
    /// Every step ended well.
    Succeeded,
    /// A step failed.
    Failed,
    /// The run's own timeout passed.
    TimedOut,
    /// A person is needed.
    Paused,
    /// Stopped; can be resumed.
    Interrupted,
    /// Ended for good.
    Cancelled,
    /// Undone, as a person wanted; can be resumed, and then does it again.
    Undone,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_false(value: &bool) -> bool {
    !value
}
