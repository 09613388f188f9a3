//! What a running step is given.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::error::{Error, Result};
use crate::kube::Kube;
use crate::world::{Cancel, Clock, Files, Http, Log, Net, Processes, Render, State};

/// Where a step stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The project's folder, absolute.
    pub project: PathBuf,
    /// The step's working directory, absolute: `dir:`, or the project.
    pub dir: PathBuf,
    /// The folder of the workflow's file, where templates stand; the embedded files' root for a built-in workflow.
    pub source: PathBuf,
    /// The run's id.
    pub run: String,
    /// The step's path in the run.
    pub step: String,
    /// The attempt's number, from 1.
    pub attempt: u32,
}

impl Place {
    /// `path` made absolute against the step's directory. A leading `~/` is the caller's home.
    pub fn path(&self, path: impl AsRef<Path>) -> PathBuf {
        let path = path.as_ref();
        match (path.strip_prefix("~"), std::env::home_dir()) {
            (Ok(rest), Some(home)) => home.join(rest),
            _ => self.dir.join(path),
        }
    }
}

/// The world as a step sees it. Cheap to clone.
#[derive(Clone)]
pub struct Context {
    /// Where the step stands.
    pub place: Place,
    /// Files and folders.
    pub files: Arc<dyn Files>,
    /// HTTP, as a client and as a server.
    pub http: Arc<dyn Http>,
    /// Kubernetes clusters.
    pub kube: Arc<dyn Kube>,
    /// Plain connections.
    pub net: Arc<dyn Net>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// Helper processes of in-process steps.
    pub processes: Arc<dyn Processes>,
    /// What deployments leave behind.
    pub state: Arc<dyn State>,
    /// The step's log and progress.
    pub log: Arc<dyn Log>,
    /// Strict Handlebars.
    pub render: Arc<dyn Render>,
    /// Whether the step was asked to stop.
    pub cancel: Arc<dyn Cancel>,
}

impl Context {
    /// Writes a line to the step's log.
    pub fn log(&self, line: impl AsRef<str>) {
        self.log.line(line.as_ref());
    }

    /// Writes one JSON line to standard output, for the serving half of a built-in service.
    pub fn announce(&self, value: &serde_json::Value) {
        self.log.data(format!("{value}\n").as_bytes());
    }

    /// Reports progress: `done` of `total`, with a message.
    pub fn progress(&self, done: u64, total: u64, message: &str) {
        self.log.progress(done, total, message);
    }

    /// Resolves once the step was asked to stop.
    pub async fn cancelled(&self) {
        self.cancel.cancelled().await;
    }

    /// Waits, or fails with [`Error::cancelled`] when asked to stop meanwhile.
    pub async fn sleep(&self, duration: Duration) -> Result<()> {
        self.unless_cancelled(async {
            self.clock.sleep(duration).await;
            Ok(())
        })
        .await
    }

    /// Runs `work` unless the step is asked to stop first; then `work` is dropped.
    pub async fn unless_cancelled<T>(&self, work: impl Future<Output = Result<T>> + Send) -> Result<T> {
        let mut work = std::pin::pin!(work);
        let mut cancelled = self.cancel.cancelled();
        std::future::poll_fn(|poll| {
            if let std::task::Poll::Ready(result) = work.as_mut().poll(poll) {
                return std::task::Poll::Ready(result);
            }
            cancelled.as_mut().poll(poll).map(|()| Err(Error::cancelled()))
        })
        .await
    }
}
