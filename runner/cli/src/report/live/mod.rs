//! The live view of a terminal.
//!
//! The driver's loop only folds facts into a shared [`View`]. A thread of its own draws it, twelve times a second: it
//! takes what it needs under the lock, lets go, and then reads lanes and writes to the terminal, so a slow terminal delays
//! the picture and not the run.
//!
//! `painter` decides what the picture is, `screen` puts it over the one before.

mod painter;
mod screen;

use std::collections::BTreeMap;
use std::path::{Path as File, PathBuf};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;

use runner_core::{Event, Path, State};
use runner_engine::driver::{Entry, Live, LogRange, Observer, Outcome};
use runner_engine::ledger::Record;
use runner_engine::report::{Outline, View};
use runner_engine::run::Run;

use super::Begin;
use super::draw::text::clean;
use crate::drive::Reporter;

/// What the driver's loop and the painter share.
pub(super) struct Shared {
    pub(super) view: View,
    /// Where the attempts under way write.
    pub(super) lanes: BTreeMap<Path, (u32, LogRange)>,
    /// Lines that are to stand above the picture.
    pub(super) notices: Vec<String>,
    pub(super) stage: Stage,
}

/// How far the painter is to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Facts of earlier lives come in.
    Replaying,
    /// Draws.
    Drawing,
    /// Draws the end and leaves.
    Ended,
    /// Clears the picture and leaves.
    Gone,
}

/// The live view of a terminal.
pub(crate) struct Terminal {
    shared: Arc<(Mutex<Shared>, Condvar)>,
    painter: Option<JoinHandle<()>>,
}

/// What the painter knows from the begin.
pub(super) struct Scene {
    pub(super) id: String,
    pub(super) folder: PathBuf,
    pub(super) workflow: String,
}

impl Terminal {
    pub(crate) fn new(run: &Run, folder: &File, begin: Begin) -> Self {
        let view = View::new(Outline::of(&run.program, run.record.inputs.clone()).began_as(run.origin.as_ref()));
        let stage = if begin == Begin::Again { Stage::Replaying } else { Stage::Drawing };
        let shared = Shared { view, lanes: BTreeMap::new(), notices: Vec::new(), stage };
        let shared = Arc::new((Mutex::new(shared), Condvar::new()));
        let scene =
            Scene { id: run.record.id.clone(), folder: folder.to_path_buf(), workflow: run.record.workflow.clone() };
        let painter = {
            let shared = Arc::clone(&shared);
            let thread = std::thread::Builder::new().name("painter".to_owned());
            thread.spawn(move || painter::paint(&shared.0, &shared.1, &scene)).ok()
        };
        Self { shared, painter }
    }

    fn with<T>(&self, change: impl FnOnce(&mut Shared) -> T) -> T {
        change(&mut self.shared.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn leave(&mut self, stage: Stage) {
        if let Some(painter) = self.painter.take() {
            self.with(|shared| shared.stage = stage);
            self.shared.1.notify_all();
            let _ = painter.join();
        }
    }
}

impl Observer for Terminal {
    fn fact(&mut self, record: &Record<Entry>, _: &State) {
        self.with(|shared| {
            shared.view.apply(record);
            if let Event::AttemptEnded { path, .. } = &record.event.event {
                shared.lanes.remove(path);
            }
        });
    }

    fn durable(&mut self) {
        self.with(|shared| {
            if shared.stage == Stage::Replaying {
                shared.stage = Stage::Drawing;
                let kept = super::draw::counted(shared.view.succeeded(), "finished step", " kept");
                shared.notices.push(kept);
            }
        });
    }

    fn live(&mut self, live: Live<'_>) {
        self.with(|shared| match live {
            Live::Writes { path, attempt, log } => {
                shared.lanes.insert(path.clone(), (attempt, log.clone()));
            }
            Live::Notice(text) => shared.notices.push(clean(text, 1000)),
            Live::Said { path, text } => {
                shared.notices.extend(text.lines().map(|line| format!("{path} | {}", clean(line, 1000))));
            }
        });
    }
}

impl Reporter for Terminal {
    fn end(&mut self, _: &Outcome) {
        self.leave(Stage::Ended);
    }
}

impl Drop for Terminal {
    /// A drive that could not go on leaves no half picture under what is told of it.
    fn drop(&mut self) {
        self.leave(Stage::Gone);
    }
}
