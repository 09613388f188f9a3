//! Who watches a drive.

use runner_core::{Path, State};

use super::entry::{Entry, LogRange};
use crate::ledger::Record;

/// Who watches a drive: the terminal, plain lines, a stream of JSON. A reporter is a fold over the facts.
pub trait Observer {
    /// A fact was made; it is durable once [`Observer::durable`] is called.
    fn fact(&mut self, record: &Record<Entry>, state: &State);
    /// Whether it is to be given the facts of earlier lives that a checkpoint stands for.
    fn wants_history(&self) -> bool {
        true
    }
    /// The run was taken up: how it stands, after all that it has been given of earlier lives.
    fn taken_up(&mut self, state: &State) {
        let _ = state;
    }
    /// All facts so far are durable.
    fn durable(&mut self) {}
    /// Something that is no fact, for whoever shows what is going on.
    fn live(&mut self, live: Live<'_>) {
        let _ = live;
    }
}

/// What is going on besides facts.
#[derive(Clone, Debug)]
pub enum Live<'a> {
    /// An attempt writes to a lane, from these lengths on.
    Writes {
        /// The step.
        path: &'a Path,
        /// Which attempt.
        attempt: u32,
        /// Where: the ranges begin here and have no end yet.
        log: &'a LogRange,
    },
    /// A step said something to the person who watches.
    Said {
        /// The step.
        path: &'a Path,
        /// What, in lines.
        text: &'a str,
    },
    /// Something a person should know.
    Notice(&'a str),
}
