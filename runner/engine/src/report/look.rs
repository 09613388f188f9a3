//! What can be said of a step, or of many.

use runner_core::{Reason, Standing, Status};

/// How a step looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Look {
    /// Its turn has not come.
    Pending,
    /// A group, callee, foreach or run under way.
    Open,
    /// An attempt runs.
    Running {
        /// Whether it looks if an earlier one did the work.
        checking: bool,
        /// Whether it is being stopped.
        stopping: bool,
    },
    /// It could go on but for the run's or its foreach's parallelism.
    Queued,
    /// A failed attempt is tried again.
    Retry {
        /// When, in milliseconds since 1970.
        due: u64,
    },
    /// Its `until` does not hold yet.
    Poll {
        /// When it is looked at again, in milliseconds since 1970.
        due: u64,
    },
    /// Nobody knows what an attempt did.
    Doubt {
        /// Why nobody knows.
        why: String,
    },
    /// It waits for a person's answer.
    Asks {
        /// What is asked.
        asked: serde_json::Value,
    },
    /// What it did is being taken back.
    Undoing {
        /// When a failed attempt to do so is tried again, in milliseconds since 1970.
        due: Option<u64>,
    },
    /// What it did could not be taken back: a person is needed.
    Stuck {
        /// Why.
        why: String,
    },
    /// What it did was taken back.
    Undone,
    /// What it did was not taken back when all around it was.
    Stands(Standing),
    /// A service that is ready and lives.
    Serving,
    /// Ended well.
    Succeeded,
    /// Failed.
    Failed {
        /// Whether that counts as succeeded.
        ignored: bool,
    },
    /// Did not run.
    Skipped(Reason),
    /// Was stopped for good.
    Cancelled,
}

/// How many steps of a list or items of a foreach are how far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// All.
    pub all: usize,
    /// Under way.
    pub active: usize,
    /// Ended well.
    pub succeeded: usize,
    /// Failed.
    pub failed: usize,
    /// Did not run.
    pub skipped: usize,
    /// Were stopped for good.
    pub cancelled: usize,
    /// Were taken back.
    pub undone: usize,
}

impl Counts {
    /// Those that have ended, however.
    pub fn ended(&self) -> usize {
        self.succeeded + self.failed + self.skipped + self.cancelled + self.undone
    }

    pub(super) fn count(&mut self, status: Status) {
        self.all += 1;
        match status {
            Status::Pending => {}
            Status::Active => self.active += 1,
            Status::Succeeded => self.succeeded += 1,
            Status::Failed => self.failed += 1,
            Status::Skipped => self.skipped += 1,
            Status::Cancelled => self.cancelled += 1,
            Status::Undone => self.undone += 1,
        }
    }
}
