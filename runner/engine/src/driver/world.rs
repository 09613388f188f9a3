//! What the driver needs of the machine besides the keeper: the command line gives it the host.

use std::sync::Arc;
use std::time::Duration;

use runner_sdk::world::{Files, Render, State};
use runner_sdk::{Context, Future, Place};

use super::double::Doubles;
use super::lane::LaneFile;
use crate::when;

/// What belongs to one in-process attempt.
pub struct Attempt {
    /// Where the step stands.
    pub place: Place,
    /// The environment of its helper processes beyond the engine's own.
    pub env: Vec<(String, Option<String>)>,
    /// What deployments leave behind.
    pub state: Arc<dyn State>,
    /// Strict Handlebars.
    pub render: Arc<dyn Render>,
    /// Its log: its files, and what hides secrets.
    pub log: LogFiles,
}

/// The files of a log.
pub struct LogFiles {
    /// Lines, data and progress.
    pub files: [Arc<LaneFile>; 3],
    /// Hides secrets.
    pub mask: Option<Mask>,
}

/// Hides secrets in a text.
pub type Mask = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// Asks an in-process attempt to stop.
pub type Stopper = Box<dyn Fn() + Send + Sync>;

/// The machine.
pub trait World: Send + Sync {
    /// The context of an attempt, and what asks it to stop.
    fn context(&self, attempt: Attempt) -> (Context, Stopper);
    /// Files and folders.
    fn files(&self) -> Arc<dyn Files>;
    /// Now, in milliseconds since 1970.
    fn now(&self) -> u64 {
        when::now()
    }
    /// Resolves when so much time has passed.
    fn sleep(&self, duration: Duration) -> Future<'static, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
    /// What stands in for attempts, where nothing real is to be started. Then all work is done on the loop's own thread.
    fn doubles(&self) -> Option<&dyn Doubles> {
        None
    }
}
