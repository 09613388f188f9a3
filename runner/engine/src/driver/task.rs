//! In-process work: one task an attempt, asked to stop, and dropped when it does not.

use std::sync::Arc;
use std::time::Duration;

use runner_core::{AttemptResult, ErrorKind, Input, Path, StepError};
use runner_keeper::failpoint::{self, Point};
use runner_sdk::Context;
use serde_json::Value;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::{mpsc, watch};

use super::cached::Watched;
use super::{Message, error, world::Stopper};
use crate::evaluate::Rendered;

/// The threads that in-process work runs on, apart from the loop's: a step that blocks holds up no other run of facts.
#[derive(Default)]
pub(super) struct Workers {
    runtime: Option<Runtime>,
    here: bool,
}

impl Workers {
    /// None of their own: work is done on the thread of the loop.
    pub(super) fn here() -> Self {
        Self { runtime: None, here: true }
    }

    /// Two threads, started when they are first needed: the work waits more than it computes.
    fn handle(&mut self) -> std::io::Result<Handle> {
        if self.here {
            return Ok(Handle::current());
        }
        let runtime = match self.runtime.take() {
            Some(runtime) => runtime,
            None => Builder::new_multi_thread().worker_threads(2).thread_name("step").enable_all().build()?,
        };
        Ok(self.runtime.insert(runtime).handle().clone())
    }
}

impl Drop for Workers {
    /// Lets go of what still runs, without waiting: a runtime must not wait where another one runs.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// A task under way.
pub(super) struct Running {
    /// The engine's lane that it writes to.
    pub(super) lane: u32,
    stop: watch::Sender<Stop>,
}

/// How urgently a task is asked to stop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd)]
pub(super) enum Stop {
    No,
    Asked,
    Now,
}

/// Resolves once the task is asked to stop.
pub(super) async fn asked(asked: &mut watch::Receiver<Stop>) {
    // Where nobody is left who could ask, the engine is gone.
    let _ = asked.wait_for(|stop| *stop != Stop::No).await;
}

impl Running {
    /// A task that writes to no lane, and what it hears.
    pub(super) fn new() -> (Self, watch::Receiver<Stop>) {
        let (stop, asked) = watch::channel(Stop::No);
        (Self { lane: 0, stop }, asked)
    }

    pub(super) fn stop(&self, kill: bool) {
        self.stop.send_if_modified(|stop| {
            let wanted = if kill { Stop::Now } else { Stop::Asked };
            let changed = wanted > *stop;
            *stop = if changed { wanted } else { *stop };
            changed
        });
    }
}

/// What an attempt is given.
pub(super) struct Work {
    pub(super) path: Path,
    pub(super) attempt: u32,
    /// What the step type itself is asked for; none: to run.
    pub(super) asked: Option<Asked>,
    pub(super) rendered: Arc<Rendered>,
    pub(super) context: Context,
    pub(super) stopper: Stopper,
    pub(super) timeout: Option<Duration>,
    pub(super) grace: Duration,
    /// What watches over it, of a step with `cache:`.
    pub(super) watched: Option<Watched>,
}

/// What a step type is asked for beyond running.
pub(super) enum Asked {
    /// Whether an interrupted attempt has done its work.
    Check,
    /// To take back what it did, with the outputs that it gave.
    Undo(Arc<Value>),
}

/// Starts the work; its end arrives as a message.
pub(super) fn start(
    work: Work,
    lane: u32,
    on: &mut Workers,
    to: mpsc::UnboundedSender<Message>,
) -> std::io::Result<Running> {
    let (stop, asked) = watch::channel(Stop::No);
    let on = if work.rendered.step.instant { Handle::current() } else { on.handle()? };
    on.spawn(async move {
        let (path, attempt) = (work.path.clone(), work.attempt);
        failpoint::hit(Point::TaskBegins);
        let watched = work.watched.clone();
        let result = match (carry_out(work, asked).await, watched) {
            (AttemptResult::Succeeded { output }, Some(watched)) => settle(watched, output).await,
            (result, _) => result,
        };
        failpoint::hit(Point::TaskEnded);
        drop(to.send(Message::Input(Input::Finished { path, attempt, result }, None)));
    });
    Ok(Running { lane, stop })
}

/// What becomes of work that is done, which takes reading files.
async fn settle(watched: Watched, output: Value) -> AttemptResult {
    let settled = tokio::task::spawn_blocking(move || watched.settle(output)).await;
    settled.unwrap_or_else(|_| AttemptResult::InDoubt { why: "its cache could not be looked at".to_owned() })
}

async fn carry_out(work: Work, mut asked: watch::Receiver<Stop>) -> AttemptResult {
    let Work { rendered, context, asked: wanted, stopper, timeout, grace, .. } = work;
    // A task of its own, which can be dropped where it does not stop.
    let mut task = tokio::spawn(async move {
        match wanted {
            None => rendered.instance.run(&context).await,
            Some(Asked::Check) => match rendered.instance.check(&context).await {
                Ok(Some(output)) => Ok(output),
                Ok(None) => Err(runner_sdk::Error::permanent("it is not done")),
                Err(error) => Err(error),
            },
            Some(Asked::Undo(output)) => {
                rendered.instance.undo(Arc::unwrap_or_clone(output), &context).await.map(|()| Value::Null)
            }
        }
    });
    let bound = timeout.unwrap_or(Duration::from_secs(u64::from(u32::MAX)));
    let timed_out = tokio::select! {
        ended = &mut task => return result(ended),
        () = tokio::time::sleep(bound) => true,
        _ = asked.wait_for(|stop| *stop != Stop::No) => false,
    };
    stopper();
    let ended = tokio::select! {
        ended = &mut task => Some(ended),
        () = tokio::time::sleep(grace) => None,
        _ = asked.wait_for(|stop| *stop == Stop::Now) => None,
    };
    task.abort();
    match ended {
        // It did its work before it noticed that it was asked to stop.
        Some(Ok(Ok(output))) => AttemptResult::Succeeded { output },
        _ if timed_out => AttemptResult::Failed { error: timeout_error(timeout) },
        _ => AttemptResult::Stopped,
    }
}

pub(super) fn timeout_error(bound: Option<Duration>) -> StepError {
    let of = bound.map(|bound| format!(" of {}", runner_sdk::unit::Duration(bound))).unwrap_or_default();
    StepError::new(ErrorKind::Timeout, format!("it took longer than its timeout{of}"))
}

fn result(ended: Result<runner_sdk::Result<Value>, tokio::task::JoinError>) -> AttemptResult {
    match ended {
        Ok(Ok(output)) => AttemptResult::Succeeded { output },
        Ok(Err(error)) => AttemptResult::Failed { error: error::of_step(error) },
        // Nobody aborts it before it has ended but the end of the engine.
        Err(_) => AttemptResult::InDoubt { why: "its task was dropped".to_owned() },
    }
}
