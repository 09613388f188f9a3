//! The whole world, and short ways to run a step in it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};

use runner_sdk::world::Cancel;
use runner_sdk::{Captured, Context, DecodeError, Future, InProcess, Place, Result};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::render::TestRender;
use super::{MapFiles, MapState, TestClock, TestHttp, TestKube, TestLog, TestNet, TestProcesses};

/// A world in memory, and the handles with which a test prepares and inspects it.
pub(crate) struct World {
    pub(crate) files: Arc<MapFiles>,
    pub(crate) http: Arc<TestHttp>,
    pub(crate) kube: Arc<TestKube>,
    pub(crate) net: Arc<TestNet>,
    pub(crate) clock: Arc<TestClock>,
    pub(crate) processes: Arc<TestProcesses>,
    pub(crate) state: Arc<MapState>,
    pub(crate) log: Arc<TestLog>,
    cancel: Arc<TestCancel>,
}

impl World {
    /// An empty world with the folder `/project`.
    pub(crate) fn new() -> Self {
        let files = MapFiles::default();
        files.put_kind("/project", runner_sdk::world::FileKind::Folder);
        Self {
            files: Arc::new(files),
            http: Arc::default(),
            kube: Arc::default(),
            net: Arc::default(),
            clock: Arc::new(TestClock::new()),
            processes: Arc::default(),
            state: Arc::default(),
            log: Arc::default(),
            cancel: Arc::default(),
        }
    }

    /// What a step is given in this world.
    pub(crate) fn context(&self) -> Context {
        Context {
            place: place(),
            files: self.files.clone(),
            http: self.http.clone(),
            kube: self.kube.clone(),
            net: self.net.clone(),
            clock: self.clock.clone(),
            processes: self.processes.clone(),
            state: self.state.clone(),
            log: self.log.clone(),
            render: Arc::new(TestRender),
            cancel: self.cancel.clone(),
        }
    }

    /// Decodes and runs a step.
    pub(crate) async fn run<T: InProcess>(&self, with: Value) -> Result<T::Output> {
        let step: T = decode(with).unwrap();
        step.validate()?;
        step.run(&self.context()).await
    }

    /// Asks what runs in this world to stop.
    pub(crate) fn cancel(&self) {
        self.cancel.0.store(true, Ordering::SeqCst);
        for waker in self.cancel.1.lock().unwrap().drain(..) {
            waker.wake();
        }
    }
}

#[derive(Default)]
struct TestCancel(AtomicBool, std::sync::Mutex<Vec<Waker>>);

impl Cancel for TestCancel {
    fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }

    fn cancelled(&self) -> Future<'_, ()> {
        Box::pin(std::future::poll_fn(|poll| {
            self.1.lock().unwrap().push(poll.waker().clone());
            if self.is_cancelled() { Poll::Ready(()) } else { Poll::Pending }
        }))
    }
}

/// The place of a step in `/project`, whose workflow lies in `/project/workflows`.
pub(crate) fn place() -> Place {
    Place {
        project: PathBuf::from("/project"),
        dir: PathBuf::from("/project"),
        source: PathBuf::from("/project/workflows"),
        run: "run-1".to_owned(),
        step: "step".to_owned(),
        attempt: 1,
    }
}

/// Decodes a `with:` as the engine does.
pub(crate) fn decode<T: DeserializeOwned>(with: Value) -> Result<T, DecodeError> {
    serde_json::from_value(with).map_err(|e| DecodeError { path: ".".to_owned(), message: e.to_string() })
}

/// What a process left behind.
pub(crate) fn captured(stdout: &str, tail: &str) -> Captured {
    Captured { stdout: stdout.into(), tail: tail.to_owned() }
}
