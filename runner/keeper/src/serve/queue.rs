//! Attempts that were permitted ahead of their turn.
//!
//! Each waits until what it is to follow has succeeded, which its exit code tells, and until there is a place for it. Any
//! other end, a stop, or the end of the engine's connection takes back all that was not let go: it was never started.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::Keeper;
use super::attempt::Attempt;
use crate::protocol::{Exit, Reason, Reply, Start};

/// How many ends are remembered, for permissions that cross them on the way.
const REMEMBERED: usize = 1024;

/// What waits for its turn.
#[derive(Debug, Default)]
pub(super) struct Queue {
    waiting: VecDeque<Waiting>,
    /// Whether the attempts that ended last did succeed, where their exit code tells.
    ends: BTreeMap<u64, bool>,
    /// How many attempts may have a place.
    places: u64,
}

#[derive(Debug)]
struct Waiting {
    start: Start,
    /// What has not ended of what it is to follow.
    behind: BTreeSet<u64>,
}

impl Queue {
    fn holds(&self, attempt: u64) -> bool {
        self.waiting.iter().any(|waiting| waiting.start.attempt == attempt)
    }

    fn note(&mut self, attempt: u64, succeeded: bool) {
        self.ends.insert(attempt, succeeded);
        if self.ends.len() > REMEMBERED {
            self.ends.pop_first();
        }
        for waiting in self.waiting.iter_mut().filter(|_| succeeded) {
            waiting.behind.remove(&attempt);
        }
    }

    /// Forgets all that waits, of which nobody is to be told.
    pub(super) fn clear(&mut self) {
        self.waiting.clear();
    }
}

impl Keeper {
    /// Takes an attempt whose turn is yet to come.
    pub(super) fn enqueue(&mut self, start: Start, behind: &[u64]) {
        let mut open = BTreeSet::new();
        for before in behind {
            let comes = self.attempts.contains_key(before) || self.queue.holds(*before);
            match self.queue.ends.get(before) {
                Some(true) => {}
                None if comes => drop(open.insert(*before)),
                Some(false) | None => return self.say(&Reply::TakenBack { attempts: vec![start.attempt] }),
            }
        }
        self.queue.waiting.push_back(Waiting { start, behind: open });
        self.let_go();
    }

    /// Starts what may start now, in the order in which it was permitted.
    pub(super) fn let_go(&mut self) {
        while let Some(waiting) = self.next_to_go().and_then(|at| self.queue.waiting.remove(at)) {
            self.start_now(&waiting.start);
        }
    }

    fn next_to_go(&self) -> Option<usize> {
        if self.queue.waiting.is_empty() {
            return None;
        }
        let taken = self.attempts.values().filter(|attempt| attempt.takes_place).count() as u64;
        let may_go =
            |waiting: &Waiting| waiting.behind.is_empty() && (!waiting.start.takes_place || taken < self.queue.places);
        self.queue.waiting.iter().position(may_go)
    }

    /// So many may have a place now.
    pub(super) fn set_places(&mut self, most: u64) {
        self.queue.places = most;
        self.let_go();
    }

    /// An attempt ended, and was reported.
    pub(super) fn followed(&mut self, ended: &Attempt) {
        let Some(outcome) = &ended.outcome else { return };
        let number = ended.started.attempt;
        let code = if let Exit::Code(code) = outcome.exit { Some(code) } else { None };
        let by_itself = outcome.reason == Reason::Exited && !ended.service;
        match &ended.codes {
            Some(codes) if by_itself && code.is_some_and(|code| codes.contains(&code)) => {
                self.queue.note(number, true);
                self.let_go();
            }
            // Only the engine knows whether it succeeded; it will say so.
            None if by_itself => {}
            Some(_) | None => {
                self.queue.note(number, false);
                self.take_back();
            }
        }
    }

    /// Takes back all that was not let go, and says so.
    pub(super) fn take_back(&mut self) {
        let attempts: Vec<_> = self.queue.waiting.drain(..).map(|waiting| waiting.start.attempt).collect();
        if !attempts.is_empty() {
            self.say(&Reply::TakenBack { attempts });
        }
    }
}
