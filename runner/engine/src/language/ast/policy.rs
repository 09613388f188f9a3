//! Rules that workflows and steps give: what happens on errors, when to try again, who may run beside whom.

use std::time::Duration;

use super::{Expr, Named, Spanned, Text};
use crate::language::reader::Node;
use crate::ledger::{Policy, WhenBusy};

/// What a failure does to what stands around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnError {
    /// Nothing new starts in its list; what contains it fails.
    Stop,
    /// The others go on; the run still ends as failed.
    Continue,
    /// It counts as succeeded, with a warning.
    Ignore,
    /// Of a group or workflow: what it did is undone; then as `Stop`.
    Undo,
}

/// `retry`: fields that are not written keep their default.
#[derive(Clone, Debug, Default)]
pub struct Retry {
    /// How many attempts in all, at least 1.
    pub attempts: Option<Spanned<u32>>,
    /// The wait before the second attempt.
    pub delay: Option<Spanned<Duration>>,
    /// By what each further wait is multiplied, at least 1.
    pub factor: Option<Spanned<f64>>,
    /// The longest wait.
    pub max_delay: Option<Spanned<Duration>>,
    /// The part of a wait that is random, from 0 to 1.
    pub jitter: Option<Spanned<f64>>,
    /// Only where this holds is there another attempt.
    pub when: Option<Expr>,
}

/// `until`: polling.
#[derive(Clone, Debug)]
pub struct Until {
    /// What must hold.
    pub that: Expr,
    /// The time from one poll to the next.
    pub every: Option<Spanned<Duration>>,
    /// The time for all polls together.
    pub within: Option<Spanned<Duration>>,
}

/// `concurrency`.
#[derive(Clone, Debug)]
pub struct Concurrency {
    /// One run at a time holds a group of this name.
    pub group: Text,
    /// What a second one does.
    pub when_busy: Option<Spanned<WhenBusy>>,
    /// How long a second one waits at most.
    pub within: Option<Spanned<Duration>>,
}

impl Concurrency {
    /// What a run does whose group is busy.
    pub fn policy(&self) -> Policy {
        Policy {
            when_busy: self.when_busy.map_or(WhenBusy::Fail, |when| when.value),
            within: self.within.map(|within| within.value),
        }
    }
}

/// `defaults`: what holds for every step that does not say otherwise.
#[derive(Clone, Debug, Default)]
pub struct Defaults {
    /// `timeout`.
    pub timeout: Option<Spanned<Duration>>,
    /// `retry`.
    pub retry: Option<Retry>,
    /// `grace`.
    pub grace: Option<Spanned<Duration>>,
    /// `env`.
    pub env: Vec<Named<Text>>,
    /// `dir`.
    pub dir: Option<Text>,
    /// `on_error`.
    pub on_error: Option<Spanned<OnError>>,
    /// `with`: a mapping for each namespace of step types.
    pub with: Vec<Named<Node>>,
}
