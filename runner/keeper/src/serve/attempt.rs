//! One attempt that runs, or ends.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use crate::protocol::{Exit, Ranges, Reason, Running, Started};

/// One attempt, from its start until nothing of its process group is left.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) started: Started,
    pub(super) pid: Pid,
    pub(super) since: Instant,
    pub(super) service: bool,
    /// Whether its data is sealed.
    pub(super) sealed: bool,
    /// The exit codes by which it is known to have succeeded.
    pub(super) codes: Option<Vec<i32>>,
    pub(super) takes_place: bool,
    pub(super) grace: Duration,
    /// When it has taken too long.
    pub(super) timeout: Option<Instant>,
    /// Why it was told to end, if it was.
    pub(super) told: Option<Reason>,
    /// When SIGKILL follows.
    pub(super) kill_at: Option<Instant>,
    /// What is known since its leader ended.
    pub(super) outcome: Option<Outcome>,
}

/// How a leader ended, kept while the rest of its process group is stopped.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) exit: Exit,
    pub(super) reason: Reason,
    pub(super) ranges: Ranges,
    pub(super) duration: Duration,
    pub(super) max_rss: u64,
    pub(super) data_secrets: Vec<String>,
    pub(super) data_lost: bool,
    /// When to look again whether anything is left. (There is no event for the end of a process that is no child.)
    pub(super) look_at: Instant,
    pub(super) pause: Duration,
    /// When not to wait any longer: something is left that cannot be killed.
    pub(super) give_up_at: Option<Instant>,
}

impl Attempt {
    /// Tells it to end: SIGTERM, and after its grace SIGKILL.
    pub(super) fn stop(&mut self, reason: Reason) {
        if self.told.is_none() {
            self.told = Some(reason);
        }
        if self.kill_at.is_none() {
            self.kill_at = Some(Instant::now() + self.grace);
            self.signal(Signal::TERM);
            // What is stopped does not hear it otherwise.
            self.signal(Signal::CONT);
        }
    }

    /// Ends it without grace.
    pub(super) fn kill(&mut self, reason: Reason) {
        if self.told.is_none_or(|told| told == Reason::Stopped) {
            self.told = Some(reason);
        }
        self.kill_at = Some(Instant::now());
    }

    pub(super) fn signal(&self, signal: Signal) {
        // Nothing to do about a group that is gone, or that may not be signalled.
        let _ = kill_process_group(self.pid, signal);
    }

    pub(super) fn running(&self) -> Running {
        Running {
            started: self.started.clone(),
            age_ms: u64::try_from(self.since.elapsed().as_millis()).unwrap_or(u64::MAX),
            service: self.service,
        }
    }
}
