//! Plain lines: one for each thing that matters.

use std::path::{Path, PathBuf};

use runner_core::{AttemptResult, End, Event, State, Status};
use runner_engine::driver::{Entry, Live, Observer, Outcome};
use runner_engine::ledger::Record;
use runner_engine::run::Run;

use crate::drive::Reporter;
use crate::output;

/// Plain lines.
pub(crate) struct Plain {
    id: String,
    folder: PathBuf,
    live: bool,
}

impl Plain {
    pub(crate) fn new(run: &Run, folder: &Path) -> Self {
        Self { id: run.record.id.clone(), folder: folder.to_path_buf(), live: false }
    }
}

impl Observer for Plain {
    fn fact(&mut self, record: &Record<Entry>, _: &State) {
        if let Event::LifeStarted { .. } = record.event.event {
            self.live = true;
        }
        let line = match &record.event.event {
            Event::AttemptStarted { path, attempt, .. } => format!("{path}: started (attempt {attempt})"),
            Event::AttemptEnded { path, result: AttemptResult::Failed { error }, .. } => {
                format!("{path}: {}", error.message)
            }
            Event::AttemptEnded { path, result: AttemptResult::InDoubt { why }, .. } => {
                format!("{path}: in doubt: {why}")
            }
            Event::StepSkipped { path, .. } => format!("{path}: skipped"),
            Event::StepFinished { path, status: Status::Succeeded, .. } if !path.is_root() => format!("{path}: done"),
            Event::StepFinished { path, status, .. } if !path.is_root() => format!("{path}: {status:?}"),
            _ => return,
        };
        if self.live {
            output::note(line);
        }
    }

    fn live(&mut self, live: Live<'_>) {
        if let Live::Notice(text) = live {
            output::note(text);
        }
    }
}

impl Reporter for Plain {
    fn end(&mut self, outcome: &Outcome) {
        let how = match outcome.end {
            End::Succeeded => "succeeded",
            End::Failed => "failed",
            End::TimedOut => "timed out",
            End::Paused => "paused",
            End::Interrupted => "interrupted",
            End::Cancelled => "cancelled",
        };
        output::note(format!("run {} {how}", self.id));
        if let Some(error) = &outcome.error {
            output::note(format!("  {}", error.message));
        }
        for (path, attempt) in &outcome.doubts {
            output::note(format!("  {path}: attempt {attempt} is in doubt"));
        }
        let _ = &self.folder;
    }
}
