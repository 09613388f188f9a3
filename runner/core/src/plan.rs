//! What is to be done: the workflow, resolved, as far as the state machine needs to know it.
//!
//! A plan is a finite tree: `run:` names its callee literally and cycles are refused, so a callee's steps stand where it is
//! called. What is decided by expressions and templates is not here: the plan says *that* there is a `when`, the shell's
//! [`Evaluate`](crate::Evaluate) knows which.

use serde::{Deserialize, Serialize};

use crate::selection::Selection;

/// A step's place in [`Plan::steps`].
pub type StepIndex = usize;

/// A whole plan.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// Every step of every list.
    pub steps: Vec<Step>,
    /// The workflow's own lists.
    pub root: Body,
    /// Bound on a round of the run in milliseconds.
    pub timeout: Option<u64>,
    /// Whether a run that fails undoes what it did.
    #[serde(default)]
    pub undo: bool,
    /// What is left out.
    #[serde(default, skip_serializing_if = "Selection::is_all")]
    pub selection: Selection,
}

/// The lists of a workflow or group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Body {
    /// The steps, in order.
    pub steps: Vec<StepIndex>,
    /// The steps of `finally:`, in order.
    pub finally: Vec<StepIndex>,
}

/// One step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Step {
    /// Its id, unique in its list.
    pub id: String,
    /// The steps it waits for, as places in its list.
    pub needs: Vec<usize>,
    /// Whether it has a condition.
    pub when: When,
    /// Whether it stands for one step per item.
    pub foreach: Option<Foreach>,
    /// What it is.
    pub kind: Kind,
    /// What its failure means for its list. Of a foreach: what an item's failure means.
    pub on_error: OnError,
    /// Whether a person has to agree before it begins.
    #[serde(default)]
    pub confirm: bool,
}

/// A step's condition.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum When {
    /// None: `success()`.
    #[default]
    Success,
    /// An expression without `failure()` or `always()`: `success()` and it.
    Condition,
    /// An expression with `failure()` or `always()`: evaluated whatever happened before.
    Status,
}

/// One step per item.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Foreach {
    /// How many items may be under way at once.
    pub max_parallel: Option<usize>,
}

/// What a step is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Kind {
    /// `uses:`.
    Leaf(Leaf),
    /// `steps:` or `run:`.
    Body {
        /// Its lists.
        body: Body,
        /// Bound on the whole in milliseconds.
        timeout: Option<u64>,
        /// Whether what it did is undone when it fails.
        #[serde(default)]
        undo: bool,
    },
}

/// How a `uses:` step is carried out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Leaf {
    /// When a failed attempt is tried again.
    pub retry: Retry,
    /// Repeated until an expression over its output holds.
    pub until: Option<Until>,
    /// Whether its process outlives the step.
    pub service: bool,
    /// What may be done with an attempt of which nobody knows whether it did its work.
    pub interrupted: Interrupted,
    /// Whether it takes no parallel slot.
    pub waits: bool,
    /// What takes back what it did.
    #[serde(default)]
    pub undo: Compensation,
    /// Whether it is a question to a person, and nothing else.
    #[serde(default)]
    pub approval: bool,
}

/// What takes back what a step did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Compensation {
    /// Nothing does: what it did stands.
    #[default]
    Stands,
    /// It leaves nothing behind, so there is nothing to take back.
    Nothing,
    /// An attempt of its own.
    Undo {
        /// When a failed one is tried again.
        retry: Retry,
        /// Whether one in doubt is simply repeated; else a person decides.
        repeats: bool,
    },
}

impl Leaf {
    /// Whether an attempt in doubt is simply repeated. Starting a service anew is what its type is for.
    pub fn may_repeat(&self) -> bool {
        self.service || self.interrupted == Interrupted::Repeat
    }
}

/// When a failed attempt is tried again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// Attempts in all; 1: no retry.
    pub attempts: u32,
    /// Milliseconds before the second attempt.
    pub delay: u64,
    /// By which the delay grows with each attempt.
    pub factor: f64,
    /// Bound on the delay in milliseconds, jitter included.
    pub max_delay: u64,
    /// The share of the delay, 0 to 1, by which it varies either way.
    pub jitter: f64,
    /// Whether an expression decides, too.
    pub when: bool,
}

impl Default for Retry {
    fn default() -> Self {
        Self { attempts: 1, delay: 1000, factor: 2.0, max_delay: 60_000, jitter: 0.0, when: false }
    }
}

impl Retry {
    /// Milliseconds to wait after the `failures`-th failed attempt. `random` is any number; it decides the jitter.
    pub fn delay_after(&self, failures: u32, random: u64) -> u64 {
        if self.delay == 0 {
            return 0;
        }
        let exponent = f64::from(failures.saturating_sub(1));
        #[expect(clippy::cast_precision_loss, reason = "a delay of 2^53 ms is 285,000 years")]
        let (delay, bound) = (self.delay as f64, self.max_delay as f64);
        let delay = (delay * self.factor.powf(exponent)).min(bound);
        // 53 random bits make a number in 0..1.
        #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
        let unit = (random >> 11) as f64 / (1_u64 << 53) as f64;
        let delay = (delay * (1.0 + self.jitter * (2.0 * unit - 1.0))).min(bound);
        #[expect(clippy::cast_sign_loss, reason = "jitter is at most 1, so a delay is never negative; `as` saturates")]
        let delay = delay as u64;
        delay
    }
}

/// Repeat until an expression holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Until {
    /// Milliseconds between two polls.
    pub every: u64,
    /// Bound on the whole in milliseconds, from the first poll's start.
    pub within: Option<u64>,
}

/// What may be done with an attempt of which nobody knows whether it did its work.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Interrupted {
    /// Do it again.
    Repeat,
    /// Look whether it is done; else do it again.
    Check,
    /// A person decides.
    #[default]
    Stop,
}

/// What a step's failure means for its list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnError {
    /// Nothing new starts, but for what runs on failure.
    #[default]
    Stop,
    /// The list goes on; the run ends as failed.
    Continue,
    /// It counts as succeeded.
    Ignore,
}

impl Plan {
    /// The step at an index.
    pub fn step(&self, index: StepIndex) -> &Step {
        &self.steps[index]
    }
}
