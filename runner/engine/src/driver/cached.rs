//! Steps with `cache:`: the cache is looked at before an attempt is given to anyone.

use std::sync::Arc;

use runner_core::{AttemptResult, Path, Purpose, StepError};
use serde_json::Value;

use super::{DriveError, Driver, Message, Whereabouts};
use crate::cache::{Cached, Files, Look, Word};
use crate::evaluate::Rendered;
use crate::when;

/// A cached step under way, and what its inputs were before it began, where this life has seen it begin.
#[derive(Clone)]
pub(super) struct Watched {
    cached: Cached,
    before: Option<Files>,
}

impl Watched {
    /// What becomes of an attempt whose work is done: it has failed where it did not make what it says. Reads and writes
    /// files.
    pub(super) fn settle(&self, output: Value) -> AttemptResult {
        match self.cached.made(self.before.as_ref(), &output, when::now()) {
            Ok(()) => AttemptResult::Succeeded { output },
            Err(error) => AttemptResult::Failed { error },
        }
    }
}

impl Driver<'_> {
    /// What watches over an attempt at a step with `cache:`; none of another.
    pub(super) fn watched(&self, path: &Path, attempt: u32, rendered: &Rendered) -> Option<Watched> {
        let cached = Cached::of(&self.run, path, rendered)?;
        let flight = self.flights.get(&(path.clone(), attempt));
        Some(Watched { cached, before: flight.and_then(|flight| flight.before.clone()) })
    }

    /// Begins to look whether a step was done before; `false` of one without `cache:`.
    pub(super) fn look_up(&self, path: &Path, attempt: u32, rendered: &Rendered) -> bool {
        let Some(Watched { cached, .. }) = self.watched(path, attempt, rendered) else { return false };
        let (path, to) = (path.clone(), self.messages.0.clone());
        tokio::task::spawn_blocking(move || {
            let look = cached.look();
            drop(to.send(Message::Looked { path, attempt, look }));
        });
        true
    }

    /// What the look gave: the step is done, or is begun now.
    pub(super) async fn looked(
        &mut self,
        path: Path,
        attempt: u32,
        look: Result<Look, StepError>,
    ) -> Result<(), DriveError> {
        let Some(flight) = self.flights.get_mut(&(path.clone(), attempt)) else { return Ok(()) };
        // One that was stopped meanwhile never began.
        if flight.stopped || !matches!(flight.place, Whereabouts::Nowhere) {
            return Ok(());
        }
        match look {
            Ok(Look::Kept(entry)) => {
                flight.word = Some(Word::Kept { run: entry.run, at: entry.at });
                self.finished(path, attempt, AttemptResult::Succeeded { output: entry.output }, None)
            }
            Ok(Look::Missed(before, why)) => {
                (flight.before, flight.word) = (Some(before), Some(Word::Missed { why }));
                let Some(rendered) = self.evaluator.rendered(&path, attempt) else { return Ok(()) };
                self.start(path, attempt, Purpose::Run, Arc::clone(&rendered)).await
            }
            Err(error) => self.finished(path, attempt, AttemptResult::Failed { error }, None),
        }
    }
}
