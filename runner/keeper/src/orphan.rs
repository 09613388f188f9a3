//! Processes of an attempt whose keeper died.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::platform::{self, Process};

/// What lives of an attempt whose keeper died. There is no way to learn how it ends, only when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Orphan {
    /// Its output went through the keeper, so it writes into nothing: to be stopped at once.
    pub piped: bool,
    /// Its process groups; one as a rule.
    groups: Vec<i32>,
    /// Sessions that its members are in.
    sessions: Vec<Option<i32>>,
}

impl Orphan {
    pub(crate) fn new(piped: bool, processes: &[Process]) -> Self {
        let mut groups: Vec<i32> = processes.iter().map(|process| process.group).collect();
        let mut sessions: Vec<Option<i32>> = processes.iter().map(|process| process.session).collect();
        groups.sort_unstable();
        groups.dedup();
        sessions.sort_unstable();
        sessions.dedup();
        Self { piped, groups, sessions }
    }

    /// Its process groups.
    pub fn groups(&self) -> &[i32] {
        &self.groups
    }

    /// Process ids of what lives of it now.
    pub fn living(&self) -> Vec<i32> {
        let processes = platform::native().processes().into_iter();
        let ours = |process: &Process| self.groups.contains(&process.group) && self.sessions.contains(&process.session);
        processes.filter(ours).map(|process| process.pid).collect()
    }

    /// Waits until nothing of it lives, but no longer than `limit`; tells whether nothing does. Blocks.
    pub fn await_end(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        loop {
            let Some(pid) = self.living().first().and_then(|pid| Pid::from_raw(*pid)) else { return true };
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            platform::native().await_end(pid, left);
        }
    }

    /// Stops it: SIGTERM and, after `grace`, SIGKILL. Tells whether nothing of it lives any more. Blocks.
    pub fn stop(&self, grace: Duration) -> bool {
        self.signal(Signal::TERM);
        self.signal(Signal::CONT);
        if self.await_end(grace) {
            return true;
        }
        self.signal(Signal::KILL);
        self.await_end(Duration::from_secs(5))
    }

    fn signal(&self, signal: Signal) {
        // One by one: a process group could have come to be anew since it was looked at, with other members.
        for pid in self.living().into_iter().filter_map(Pid::from_raw) {
            // Who ended meanwhile needs no signal, and who may not be signalled is found alive afterwards.
            let _ = kill_process(pid, signal);
        }
    }
}
