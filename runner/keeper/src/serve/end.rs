//! How attempts end.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rustix::process::{Pid, test_kill_process_group};

use super::Keeper;
use super::attempt::{Attempt, Outcome};
use crate::failpoint::{self, Point};
use crate::lane::{Kind, PROGRESS_VARIABLE, progress_path};
use crate::platform::reap;
use crate::protocol::{Exit, Exited, Leftover, Reason, Reply};
use crate::receipts::{Ended, Record};

/// The shortest and the longest pause between two looks at a process group that should be empty.
const PAUSE: (Duration, Duration) = (Duration::from_millis(2), Duration::from_millis(100));

impl Keeper {
    /// Collects every child that ended: leaders, and orphans that came to us.
    pub(super) fn collect_children(&mut self) {
        self.quiet_signals();
        let mut ended = Vec::new();
        let childless = loop {
            match reap() {
                Ok(Some((pid, exit, max_rss))) => ended.extend(self.led_by(pid).map(|number| (number, exit, max_rss))),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        if childless {
            // Somebody else collected it, which nobody should. Better an unknown end than a wait for ever.
            let told = |number: &u64| ended.iter().any(|(known, ..)| known == number);
            let running = self.attempts.iter().filter(|(_, attempt)| attempt.outcome.is_none());
            let lost: Vec<_> = running.map(|(number, _)| *number).filter(|number| !told(number)).collect();
            ended.extend(lost.into_iter().map(|number| (number, Exit::Code(-1), 0)));
        }
        self.childless = childless;
        for (number, exit, max_rss) in ended {
            self.leader_ended(number, exit, max_rss);
        }
        let sweeping = self.attempts.iter().filter(|(_, attempt)| attempt.outcome.is_some());
        for number in sweeping.map(|(number, _)| *number).collect::<Vec<_>>() {
            self.look_after(number);
        }
    }

    /// The attempt that this process leads and whose end was not collected.
    fn led_by(&self, pid: Pid) -> Option<u64> {
        let leads = |attempt: &Attempt| attempt.outcome.is_none() && attempt.pid == pid;
        self.attempts.iter().find(|(_, attempt)| leads(attempt)).map(|(number, _)| *number)
    }

    /// Notes how the leader ended and where its output lies, and stops what is left in its group: it did not leave
    /// the group on purpose.
    fn leader_ended(&mut self, number: u64, exit: Exit, max_rss: u64) {
        failpoint::hit(Point::Reaped);
        let Some(attempt) = self.attempts.get_mut(&number) else { return };
        let begin = attempt.started.begin;
        let mut outcome = Outcome {
            exit,
            reason: attempt.told.unwrap_or(Reason::Exited),
            ranges: crate::protocol::Ranges::between(attempt.started.lane, begin, begin),
            duration: attempt.since.elapsed(),
            max_rss,
            data_secrets: Vec::new(),
            data_lost: false,
            look_at: Instant::now() + PAUSE.0,
            pause: PAUSE.0,
            give_up_at: None,
        };
        if let Some(lane) = self.lanes.of(number) {
            lane.release_fifo();
            for tap in &mut lane.taps {
                tap.settle(&mut self.buffer);
                if tap.kind == Kind::Data {
                    outcome.data_secrets.extend(tap.seen().iter().cloned());
                    outcome.data_lost |= tap.has_lost();
                }
            }
            outcome.ranges = lane.since(begin);
        }
        attempt.outcome = Some(outcome);
        if is_empty(attempt.pid) {
            self.finish(number);
        } else {
            attempt.stop(Reason::Exited);
        }
    }

    /// Reports the attempt if nothing of its group is left; else looks again later.
    pub(super) fn look_after(&mut self, number: u64) {
        let now = Instant::now();
        let Some(attempt) = self.attempts.get_mut(&number) else { return };
        let Some(outcome) = &mut attempt.outcome else { return };
        let group = attempt.pid;
        let given_up = outcome.give_up_at.is_some_and(|at| at <= now);
        outcome.pause = (outcome.pause * 2).min(PAUSE.1);
        outcome.look_at = now + outcome.pause;
        // The dead whom nobody collects count to the system; the living are looked for only where it says so.
        let empty =
            is_empty(group) || !self.platform.processes().iter().any(|process| process.group == group.as_raw_pid());
        if empty || given_up {
            self.finish(number);
        }
    }

    /// Writes the attempt's end down and reports it.
    fn finish(&mut self, number: u64) {
        let leftovers = self.leftovers(number);
        let Some(attempt) = self.attempts.get(&number) else { return };
        let Some(outcome) = &attempt.outcome else { return };
        let exited = Exited {
            attempt: number,
            exit: outcome.exit,
            reason: outcome.reason,
            ranges: outcome.ranges,
            duration_ms: u64::try_from(outcome.duration.as_millis()).unwrap_or(u64::MAX),
            max_rss: outcome.max_rss,
            leftovers,
            data_secrets: outcome.data_secrets.clone(),
            data_sealed: attempt.sealed,
            data_lost: outcome.data_lost,
        };
        let alone = self.engine.is_none();
        let synced = alone && self.lanes.of(number).is_some_and(|lane| lane.sync_data().is_ok());
        let boot_id = self.holder.boot_id.clone();
        let ended = Ended { exited: exited.clone(), boot_id, synced };
        let written = self.receipts.append(&Record::Ended(ended));
        if written.is_err() && alone {
            // Nobody knows of it yet: the disk may have room again, or an engine may come.
            return;
        }
        if synced {
            // The record says only that its data was made durable before it. If it is read, it is true.
            let _ = self.receipts.sync();
        }
        self.named.extend(exited.leftovers.iter().map(|leftover| leftover.pid));
        let ended = self.attempts.remove(&number);
        if let Some(lane) = self.lanes.of(number) {
            lane.occupant = None;
            lane.taps.retain(|tap| !tap.ended());
        }
        self.say(&Reply::Exited(Box::new(exited)));
        if let Some(ended) = ended {
            self.followed(&ended);
        }
    }

    /// Processes that left the attempt's group on purpose and live on: they came to us when their parent ended. Also
    /// what is left in the group, if it could not be killed.
    fn leftovers(&mut self, number: u64) -> Vec<Leftover> {
        // Most attempts leave nothing, and where no child is left nobody need be asked.
        let children = if self.childless { Vec::new() } else { self.platform.children() };
        self.named.retain(|pid| children.iter().any(|child| child.as_raw_pid() == *pid));
        let Some(attempt) = self.attempts.get(&number) else { return Vec::new() };
        let group = attempt.started.pid;
        let lane = attempt.started.lane;
        let paths = [false, true].map(|piped| progress_path(&self.run_dir, lane, piped));
        let of_others = |of: i32| self.attempts.values().any(|other| other.started.pid == of && of != group);
        let leaders: BTreeSet<_> = self.attempts.values().map(|attempt| attempt.pid.as_raw_pid()).collect();
        let mut leftovers = Vec::new();
        for pid in children.into_iter().filter(|child| !leaders.contains(&child.as_raw_pid())) {
            let Some(process) = self.platform.process(pid).filter(|process| process.alive) else { continue };
            let is_new = !self.named.contains(&process.pid) && process.start_time >= attempt.started.start_time;
            // The lane that its environment names is its attempt's. Where it has cleaned its environment, it is
            // counted to the first attempt that ends.
            let variable = self.platform.variable(pid, PROGRESS_VARIABLE);
            let ours =
                variable.is_none_or(|value| paths.iter().any(|path| path.as_os_str().as_encoded_bytes() == value));
            if is_new && ours && !of_others(process.group) {
                // It may have named itself after what it was given, and receipts are kept. Long names are cut.
                leftovers.push(Leftover { pid: process.pid, name: self.masker.mask_cut(&process.name) });
            }
        }
        leftovers
    }
}

/// Whether nothing at all is left of a process group.
fn is_empty(group: Pid) -> bool {
    test_kill_process_group(group) == Err(rustix::io::Errno::SRCH)
}
