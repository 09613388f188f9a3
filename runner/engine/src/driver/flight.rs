//! An attempt under way, as its engine knows it.

use std::path::PathBuf;

use runner_keeper::orphan::Orphan;

use super::LogRange;
use super::task::Running;
use crate::cache::{Files, Word};

/// An attempt under way.
pub(super) struct Flight {
    /// The sequence of the fact that it started: its number towards the keeper.
    pub(super) seq: u64,
    /// Where it runs.
    pub(super) place: Whereabouts,
    /// Whether a service became ready.
    pub(super) held: bool,
    /// Whether it was asked to stop.
    pub(super) stopped: bool,
    /// Where its output is.
    pub(super) log: Option<LogRange>,
    /// What it is to follow, if it was permitted ahead of its turn.
    pub(super) behind: Option<Vec<u64>>,
    /// Whether its exit code alone decides its success.
    pub(super) coded: bool,
    /// What its command publishes, once that is known.
    pub(super) publishes: Option<Vec<PathBuf>>,
    /// Of a step with `cache:`: what its inputs were when it began.
    pub(super) before: Option<Files>,
    /// What the cache said.
    pub(super) word: Option<Word>,
}

/// Where an attempt runs.
pub(super) enum Whereabouts {
    /// Journaled, but not given to anyone yet.
    Nowhere,
    /// A process of the keeper.
    Keeper,
    /// A task of this engine.
    Task(Running),
    /// A process whose keeper is gone; somebody waits for its end.
    Orphan(Orphan),
}

impl Flight {
    /// One that is a fact, and given to nobody yet.
    pub(super) fn new(seq: u64, behind: Option<Vec<u64>>) -> Self {
        let place = Whereabouts::Nowhere;
        Self {
            seq,
            place,
            held: false,
            stopped: false,
            log: None,
            behind,
            coded: false,
            publishes: None,
            before: None,
            word: None,
        }
    }
}
