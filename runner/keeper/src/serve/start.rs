//! Starting an attempt.

use std::io;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use rustix::process::Pid;

use super::program::{explain, failure, find};
use super::{Attempt, Keeper, wire};
use crate::lane::{PROGRESS_VARIABLE, progress_path};
use crate::protocol::{FailureKind, Reply, SpawnFailure, Start, Started};
use crate::receipts::{Failed, Record, Spawned, Spawning};

impl Keeper {
    /// Starts an attempt, now or when its turn comes, and reports it; or reports why not.
    pub(super) fn start(&mut self, start: Start) {
        let attempt = start.attempt;
        if start.epoch < self.newest_epoch {
            let reason = format!("epoch `{}` is older than `{}`, which was here", start.epoch, self.newest_epoch);
            return self.refuse(Some(attempt), reason);
        }
        if self.ending {
            return self.refuse(Some(attempt), "the run has ended".to_owned());
        }
        if !self.known.insert(attempt) {
            return self.refuse(Some(attempt), format!("attempt `{attempt}` was started before"));
        }
        match start.behind.clone() {
            Some(behind) => self.enqueue(start, &behind),
            None => self.start_now(&start),
        }
    }

    pub(super) fn start_now(&mut self, start: &Start) {
        let attempt = start.attempt;
        match self.spawn(start) {
            Ok(started) if start.service => self.say(&Reply::Started(started)),
            Ok(started) => self.mention(&Reply::Started(started)),
            Err(failure) => self.report_failure(attempt, failure),
        }
    }

    fn spawn(&mut self, start: &Start) -> Result<Started, SpawnFailure> {
        let environment = self.environment_with(&start.env);
        let Some(name) = start.argv.first() else {
            return Err(failure(FailureKind::NotFound, "there is no program to start".to_owned()));
        };
        let program = find(&name.0, start.dir.as_path(), &environment)?;
        let mut command = Command::new(&program);
        command.arg0(name).args(&start.argv[1..]).current_dir(start.dir.as_path());
        command.env_clear().envs(environment);
        let result = self.spawn_in_lane(start, &program, command);
        if result.is_err()
            && let Some(lane) = self.lanes.of(start.attempt)
        {
            lane.occupant = None;
            lane.taps.clear();
            lane.release_fifo();
        }
        result
    }

    fn spawn_in_lane(&mut self, start: &Start, program: &Path, mut command: Command) -> Result<Started, SpawnFailure> {
        let attempt = start.attempt;
        let piped = start.masked || start.pty;
        let lane = self.lanes.take(attempt, self.platform).map_err(|error| lacking("a lane", &error))?;
        let begin = lane.marks().map_err(|error| lacking("a lane", &error))?;
        wire::connect(&mut command, start, lane, &self.masker, self.platform, &self.run_dir, &self.nothing)
            .map_err(|error| lacking("streams", &error))?;
        let number = lane.number;
        command.env(PROGRESS_VARIABLE, progress_path(&self.run_dir, number, piped));
        if !start.pty {
            // A terminal needs a session, whose leader leads a process group anyway.
            command.process_group(0);
        }
        self.receipts
            .append(&Record::Spawning(Spawning {
                attempt,
                epoch: start.epoch,
                boot_id: self.holder.boot_id.clone(),
                lane: number,
                begin,
                piped,
                pty: start.pty,
                sealed: start.seals(),
            }))
            .map_err(|error| lacking("a receipt", &error))?;
        let since = Instant::now();
        let before = self.platform.ticks();
        let child = command.spawn().map_err(|error| explain(program, &error))?;
        let pid = Pid::from_child(&child);
        // As a rule one tick has seen all of it, which saves asking.
        let start_time = before
            .filter(|before| self.platform.ticks() == Some(*before))
            .or_else(|| self.platform.process(pid).and_then(|process| process.start_time));
        // Without this record the attempt is found by its session, so it need not fail.
        let _ = self.receipts.append(&Record::Spawned(Spawned { attempt, pid: pid.as_raw_pid(), start_time }));
        let started = Started { attempt, pid: pid.as_raw_pid(), start_time, lane: number, begin };
        self.attempts.insert(
            attempt,
            Attempt {
                started: started.clone(),
                pid,
                since,
                service: start.service,
                sealed: start.seals(),
                codes: start.codes.clone(),
                takes_place: start.takes_place,
                grace: Duration::from_millis(start.grace_ms),
                timeout: start.timeout_ms.and_then(|limit| since.checked_add(Duration::from_millis(limit))),
                told: None,
                kill_at: None,
                outcome: None,
            },
        );
        Ok(started)
    }

    fn report_failure(&mut self, attempt: u64, mut failure: SpawnFailure) {
        // It names what could not be executed or entered, which may hold a secret, and receipts are kept.
        failure.message = self.masker.mask(&failure.message);
        let synced = self.engine.is_none();
        let boot_id = self.holder.boot_id.clone();
        let failed = Failed { attempt, failure: failure.clone(), boot_id, synced };
        if self.receipts.append(&Record::Failed(failed)).is_ok() && synced {
            // Where the disk does not take it, the receipt holds in this boot only.
            let _ = self.receipts.sync();
        }
        self.say(&Reply::SpawnFailed { attempt, failure });
        self.take_back();
    }
}

fn lacking(what: &str, error: &io::Error) -> SpawnFailure {
    failure(FailureKind::Exhausted, format!("the keeper could not prepare {what} for it: {error}"))
}
