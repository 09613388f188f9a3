//! The host as the engine's driver sees it.

use std::sync::Arc;

use runner_engine::driver::{Attempt, LaneFile, Stopper, World};
use runner_host::{Append, CancelToken, Host, LaneLog, RealFiles};
use runner_sdk::Context;
use runner_sdk::world::Files;

/// What appends to a file of a lane.
fn append(file: Arc<LaneFile>) -> Append {
    Box::new(move |bytes| file.append(bytes))
}

/// The machine.
pub(crate) struct Machine {
    host: Host,
}

impl Machine {
    pub(crate) fn new() -> Self {
        Self { host: Host::new() }
    }
}

impl World for Machine {
    fn context(&self, attempt: Attempt) -> (Context, Stopper) {
        let (canceller, cancel) = CancelToken::new();
        let log = attempt.log;
        let context = self.host.context(runner_host::Attempt {
            place: attempt.place,
            env: attempt.env,
            state: attempt.state,
            render: attempt.render,
            log: Arc::new(LaneLog::new(log.files.map(append), log.mask)),
            cancel,
        });
        (context, Box::new(move || canceller.cancel()))
    }

    fn files(&self) -> Arc<dyn Files> {
        Arc::new(RealFiles)
    }
}
