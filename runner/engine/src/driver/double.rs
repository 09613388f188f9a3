//! Attempts that a double stands in for: tests of workflows start nothing real, and go through the same loop.

use std::sync::Arc;
use std::time::Duration;

use runner_core::{AttemptResult, Found, Input, Path, Purpose};

use super::{Driver, Message, Whereabouts, task};
use crate::evaluate::Rendered;

/// What stands in for attempts.
pub trait Doubles: Send + Sync {
    /// What stands in for an attempt that begins; `None`: it is done as it stands.
    fn begin(&self, begun: &Begun<'_>) -> Option<Double>;
    /// What still stands in for an attempt that another engine life began; `None`: nobody knows what became of it.
    fn again(&self, path: &Path, attempt: u32) -> Option<Double>;
}

/// An attempt that begins.
pub struct Begun<'a> {
    /// The step.
    pub path: &'a Path,
    /// Which attempt.
    pub attempt: u32,
    /// Whether it does the work or looks whether it is done.
    pub purpose: Purpose,
    /// Its definition.
    pub rendered: &'a Rendered,
    /// Whether it is a service.
    pub service: bool,
}

/// What becomes of an attempt.
#[derive(Clone, Debug)]
pub struct Double {
    /// After how long; of a service, until it is ready.
    pub after: Duration,
    /// How it ends; of a service that becomes ready, with what.
    pub result: AttemptResult,
}

impl Driver<'_> {
    /// The double of an attempt that begins, if one stands in for it.
    pub(super) fn double(
        &self,
        path: &Path,
        attempt: u32,
        purpose: Purpose,
        rendered: &Arc<Rendered>,
    ) -> Option<Double> {
        let service = self.is_service(path);
        self.world.doubles()?.begin(&Begun { path, attempt, purpose, rendered, service })
    }

    /// Lets the double stand in.
    pub(super) fn stand_in(&mut self, path: &Path, attempt: u32, double: Double) {
        let service = self.is_service(path);
        let timeout = self.definition(path).and_then(|definition| definition.timeout);
        let (to, world, at) = (self.messages.0.clone(), Arc::clone(&self.world), path.clone());
        let (running, mut asked) = task::Running::new();
        tokio::spawn(async move {
            let finished = |result| {
                let input = Input::Finished { path: at.clone(), attempt, result };
                drop(to.send(Message::Input(input, None)));
            };
            let Double { after, result } = double;
            let late = timeout.filter(|timeout| *timeout < after);
            tokio::select! {
                () = world.sleep(late.unwrap_or(after)) => {}
                () = task::asked(&mut asked) => return finished(stopped()),
            }
            match (late, service, result) {
                (Some(_), ..) => finished(AttemptResult::Failed { error: task::timeout_error(late) }),
                (None, true, AttemptResult::Succeeded { output }) => {
                    let ready = Input::Announced { path: at.clone(), attempt, output };
                    drop(to.send(Message::Input(ready, None)));
                    task::asked(&mut asked).await;
                    finished(AttemptResult::Stopped);
                }
                (None, _, result) => finished(result),
            }
        });
        if let Some(flight) = self.flights.get_mut(&(path.clone(), attempt)) {
            flight.place = Whereabouts::Task(running);
        }
    }

    /// What became of a double that another life began.
    pub(super) fn doubled(&mut self, path: &Path, attempt: u32) -> Option<Found> {
        let double = self.world.doubles()?.again(path, attempt);
        Some(match double {
            Some(double) => {
                self.stand_in(path, attempt, double);
                Found::Running
            }
            None => Found::Ended(AttemptResult::InDoubt { why: "the machine went down".to_owned() }),
        })
    }
}

fn stopped() -> AttemptResult {
    AttemptResult::InDoubt { why: "it was stopped".to_owned() }
}
