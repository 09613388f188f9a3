//! From a process's end to a result.

use std::path::{Path as File, PathBuf};
use std::sync::Arc;

use runner_core::{AttemptResult, ErrorKind, StepError};
use runner_keeper::failpoint::{self, Point};
use runner_keeper::lane;
use runner_keeper::protocol::{Exit, Exited, Reason};
use runner_keeper::seal::Unopened;
use runner_sdk::world::Files;
use runner_sdk::{Captured, Place, Publish};
use serde_json::Value;

use super::cached::Watched;
use super::captured::captured;
use super::entry::{LogRange, SealedData};
use super::{error, service, task};
use crate::evaluate::Rendered;
use crate::seal::Seals;

/// How much of the log's end a step sees, in bytes.
const TAIL: u64 = 16 << 10;

/// What is needed to finish an attempt, in any engine life.
pub(super) struct Finishing {
    pub(super) rendered: Arc<Rendered>,
    pub(super) place: Place,
    pub(super) run: PathBuf,
    pub(super) files: Arc<dyn Files>,
    pub(super) timeout: Option<std::time::Duration>,
    /// What the command itself publishes besides the step's `publishes`.
    pub(super) publishes: Vec<PathBuf>,
    /// What watches over it, of a step with `cache:`.
    pub(super) watched: Option<Watched>,
    /// What opens its captured output.
    pub(super) seals: Seals,
}

impl Finishing {
    /// Whether finishing does nothing that takes long.
    pub(super) fn is_quick(&self, exited: &Exited) -> bool {
        self.watched.is_none()
            && self.publishes.is_empty()
            && self.rendered.publishes.is_empty()
            && exited.ranges.data.length() < 1 << 20
    }

    /// The result of an attempt whose process ended.
    pub(super) fn finish(&self, exited: &Exited) -> AttemptResult {
        if let Some(stopped) = stopped(exited, self.timeout) {
            return stopped;
        }
        if exited.data_lost {
            let message = "a part of its captured output could not be written down; is the disk full?";
            return AttemptResult::Failed { error: StepError::new(ErrorKind::Transient, message) };
        }
        let captured = match self.captured(exited) {
            Ok(captured) => captured,
            Err(error) => return AttemptResult::Failed { error },
        };
        let captured = match captured {
            Ok(captured) => captured,
            Err(Unopened::NoKey(id)) => {
                let why = format!("what it printed cannot be opened: {}", self.seals.lack(id));
                return AttemptResult::InDoubt { why };
            }
            Err(Unopened::Damaged) => {
                return AttemptResult::InDoubt { why: "what it printed is damaged and does not open".to_owned() };
            }
        };
        match (self.outcome(exited, &captured), &self.watched) {
            (Ok(output), Some(watched)) => watched.settle(output),
            (Ok(output), None) => AttemptResult::Succeeded { output },
            (Err(error), _) => AttemptResult::Failed { error },
        }
    }

    fn outcome(&self, exited: &Exited, captured: &Captured) -> Result<Value, StepError> {
        let exit = match exited.exit {
            Exit::Code(code) => runner_sdk::Exit::Code(code),
            Exit::Signal(signal) => runner_sdk::Exit::Signal(signal),
        };
        let finished = self.rendered.instance.finish(&self.place, exit, captured).map_err(error::of_step)?;
        for file in &finished.files {
            self.publish(file)?;
        }
        for path in self.rendered.publishes.iter().chain(&self.publishes) {
            sync(&self.place.path(path))?;
            failpoint::hit(Point::FilesSynced);
        }
        Ok(finished.output)
    }

    /// What it left to be finished from; or why that does not open where it is sealed.
    fn captured(&self, exited: &Exited) -> Result<Result<Captured, Unopened>, StepError> {
        let ranges = exited.ranges;
        let log = LogRange { sealed: exited.data_sealed.then(SealedData::default), ..LogRange::from(ranges) };
        let stdout = match captured(&self.run, &log, || self.seals.keys()) {
            Ok(Ok(stdout)) => stdout,
            Ok(Err(unopened)) => return Ok(Err(unopened)),
            Err(error) => {
                let message = match error.kind() {
                    std::io::ErrorKind::FileTooLarge => error.to_string(),
                    _ => format!("its captured output cannot be read: {error}"),
                };
                return Err(StepError::new(ErrorKind::Permanent, message));
            }
        };
        let tail = if ranges.out.length() == 0 {
            String::new()
        } else {
            let from = ranges.out.to.saturating_sub(TAIL).max(ranges.out.from);
            let bytes = service::read(&lane::out_path(&self.run, ranges.lane), from, ranges.out.to);
            String::from_utf8_lossy(&bytes.unwrap_or_default()).into_owned()
        };
        Ok(Ok(Captured { stdout, tail }))
    }

    fn publish(&self, file: &Publish) -> Result<(), StepError> {
        let path = self.place.path(&file.path);
        self.files
            .write(&path, &file.bytes, file.mode)
            .map_err(|error| error::of_step(runner_sdk::Error::io("write", &path, &error)))
    }
}

/// What it means that a process was stopped, whatever it is that it did; none where it ended by itself.
fn stopped(exited: &Exited, timeout: Option<std::time::Duration>) -> Option<AttemptResult> {
    match exited.reason {
        Reason::Stopped | Reason::Killed => Some(AttemptResult::Stopped),
        Reason::TimedOut => Some(AttemptResult::Failed { error: task::timeout_error(timeout) }),
        Reason::Exited => None,
    }
}

/// The result of an attempt whose definition is not to be had any more: it has ended, and what its exit means is unknown.
pub(super) fn unfinished(exited: &Exited) -> AttemptResult {
    stopped(exited, None).unwrap_or_else(|| {
        let how = match exited.exit {
            Exit::Code(code) => format!("exit code {code}"),
            Exit::Signal(signal) => format!("signal {signal}"),
        };
        AttemptResult::InDoubt { why: format!("it ended with {how}, but its definition cannot be made again") }
    })
}

/// Makes a file, or a folder with all that is in it, durable, and its name, too.
fn sync(path: &File) -> Result<(), StepError> {
    let failed = |error: std::io::Error| {
        let message = format!("`{}`, which it publishes, cannot be synced: {error}", path.display());
        StepError::new(ErrorKind::Permanent, message)
    };
    sync_all(path).map_err(failed)?;
    if let Some(parent) = path.parent() {
        std::fs::File::open(parent).and_then(|folder| folder.sync_all()).map_err(failed)?;
    }
    Ok(())
}

fn sync_all(path: &File) -> std::io::Result<()> {
    let data = std::fs::symlink_metadata(path)?;
    if data.is_dir() {
        for entry in std::fs::read_dir(path)? {
            sync_all(&entry?.path())?;
        }
    }
    if data.is_dir() || data.is_file() { std::fs::File::open(path)?.sync_all() } else { Ok(()) }
}
