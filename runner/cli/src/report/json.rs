//! The event stream: facts as JSON, one object a line, once they are durable.
//!
//! A line is what `runner events` prints of the fact. `seq` counts the run's facts from 1; a run that is resumed goes on
//! counting, and facts of earlier lives are not told again.

use std::io::Write;

use runner_core::State;
use runner_engine::driver::{Entry, Live, Observer, Outcome};
use runner_engine::ledger::Record;

use super::Begin;
use crate::drive::Reporter;
use crate::{event, output};

/// Writes the stream.
pub(crate) struct Json<W> {
    to: W,
    buffer: String,
    replaying: bool,
}

impl<W: Write> Json<W> {
    pub(crate) fn new(to: W, begin: Begin) -> Self {
        Self { to, buffer: String::new(), replaying: begin == Begin::Again }
    }
}

impl<W: Write> Observer for Json<W> {
    /// What earlier lives made of the run was printed by them: a checkpoint spares reading it again.
    fn wants_history(&self) -> bool {
        false
    }

    fn fact(&mut self, record: &Record<Entry>, _: &State) {
        if !self.replaying {
            // What does not encode cannot be in the journal either.
            self.buffer.push_str(&event::line(record).unwrap_or_default());
        }
    }

    fn durable(&mut self) {
        self.replaying = false;
        if !self.buffer.is_empty() {
            // A reader that went away ends the stream, not the run.
            let _ = self.to.write_all(self.buffer.as_bytes()).and_then(|()| self.to.flush());
            self.buffer.clear();
        }
    }

    fn live(&mut self, live: Live<'_>) {
        if let Live::Notice(text) = live {
            output::note(text);
        }
    }
}

impl<W: Write> Reporter for Json<W> {
    fn end(&mut self, _: &Outcome) {}
}
