//! What became of an attempt that was found in flight.

use std::collections::BTreeSet;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use rustix::process::Pid;

use super::read::Trace;
use super::{Ended, Failed, KeeperStarted, Receipts};
use crate::lane::PROGRESS_VARIABLE;
use crate::orphan::Orphan;
use crate::platform::{self, Platform, Process};
use crate::protocol::Running;

/// What became of an attempt that a journal says was started and of which it has no end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// It was never started.
    NotStarted,
    /// The keeper holds it: its end will be reported.
    Running(Running),
    /// It ended, and this is how.
    Ended(Box<Ended>),
    /// It could not be started.
    Failed(Failed),
    /// Its processes live, but the keeper that started them does not: how they end will not be known. To be waited
    /// for until the attempt's timeout and then stopped, or stopped at once where [`Orphan::piped`] says so; then the
    /// attempt is in doubt.
    Orphaned(Orphan),
    /// It may have done anything, or nothing.
    InDoubt(Doubt),
}

/// Why an attempt is in doubt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Doubt {
    /// The machine went down, and nothing durable tells how the attempt ended.
    #[error("the machine was restarted while it ran")]
    OtherBoot,
    /// The keeper died while it was starting it.
    #[error("the keeper died while it was starting it")]
    KeeperDiedStarting,
    /// The keeper died, and the attempt ended without a witness.
    #[error("the keeper died, and it ended unseen")]
    EndedUnseen,
    /// Receipts are damaged, so that it is not told there does not mean that it was not.
    #[error("the receipts, which would tell, are damaged")]
    DamagedReceipts,
}

impl Receipts {
    /// What became of `attempt`, which was journaled as started in the boot `started_in` (see [`crate::boot_id`]).
    /// `running` is what the keeper said that it holds; empty where no keeper lives.
    pub fn classify(&self, run_dir: &Path, attempt: u64, started_in: &str, running: &[Running]) -> Found {
        if let Some(running) = running.iter().find(|running| running.started.attempt == attempt) {
            return Found::Running(running.clone());
        }
        let platform = platform::native();
        let boot_id = platform.boot_id();
        let trace = self.trace(attempt).cloned().unwrap_or_default();
        if let Some(ended) = trace.ended.as_ref().filter(|ended| ended.synced || ended.boot_id == boot_id) {
            return Found::Ended(Box::new(ended.clone()));
        }
        if let Some(failed) = trace.failed.as_ref().filter(|failed| failed.synced || failed.boot_id == boot_id) {
            return Found::Failed(failed.clone());
        }
        let begun_in = trace.spawning.as_ref().map_or(started_in, |spawning| &spawning.boot_id);
        if begun_in != boot_id {
            return Found::InDoubt(Doubt::OtherBoot);
        }
        let living = match &trace.spawned {
            Some(spawned) => group_of(platform, &trace, spawned.pid, spawned.start_time, self.damaged() > 0),
            None => self.nameless_group(platform, run_dir, &trace),
        };
        let Some(spawning) = &trace.spawning else {
            return match (self.damaged(), living.is_empty()) {
                (0, _) => Found::NotStarted,
                (_, true) => Found::InDoubt(Doubt::DamagedReceipts),
                // Whether its output was piped is not known: it is stopped, for nobody may be reading it.
                (_, false) => Found::Orphaned(Orphan::new(true, &living)),
            };
        };
        if !living.is_empty() {
            return Found::Orphaned(Orphan::new(spawning.piped || spawning.pty, &living));
        }
        Found::InDoubt(if trace.spawned.is_some() { Doubt::EndedUnseen } else { Doubt::KeeperDiedStarting })
    }

    /// What lives of an attempt whose process the keeper could not write down any more: what is in the keeper's
    /// session (or writes its progress to the attempt's lane) and belongs to no other attempt.
    fn nameless_group(&self, platform: &dyn Platform, run_dir: &Path, trace: &Trace) -> Vec<Process> {
        let Some((spawning, keeper)) = trace.spawning.as_ref().zip(trace.keeper.as_ref()) else { return Vec::new() };
        let others: BTreeSet<i32> = self
            .traces()
            .filter(|(_, other)| other.keeper.as_ref() == Some(keeper))
            .filter_map(|(_, other)| Some(other.spawned.as_ref()?.pid))
            .collect();
        let progress = crate::lane::progress_path(run_dir, spawning.lane, spawning.piped || spawning.pty);
        let processes = platform.processes();
        let reused = is_reused(&processes, keeper);
        // `None` where the system does not tell, or the process has cleaned its environment.
        let in_lane = |process: &Process| {
            let pid = Pid::from_raw(process.pid)?;
            Some(platform.variable(pid, PROGRESS_VARIABLE)? == progress.as_os_str().as_bytes())
        };
        let in_session = |process: &Process| !reused && process.session == Some(keeper.session);
        let ours = |process: &Process| match in_lane(process) {
            Some(in_lane) => in_lane && (spawning.pty || in_session(process)),
            None => in_session(process),
        };
        processes
            .iter()
            .filter(|process| process.pid != keeper.pid && !others.contains(&process.group))
            .filter(|process| ours(process))
            .cloned()
            .collect()
    }
}

/// What lives of the process group of a leader that is known.
/// Which keeper's it was is not believed where receipts are `damaged`.
fn group_of(
    platform: &dyn Platform,
    trace: &Trace,
    leader: i32,
    start_time: Option<u64>,
    damaged: bool,
) -> Vec<Process> {
    let pty = trace.spawning.as_ref().is_some_and(|spawning| spawning.pty);
    let session = if pty { Some(leader) } else { trace.keeper.as_ref().map(|keeper| keeper.session) };
    let session = session.filter(|_| !damaged);
    let processes = platform.processes();
    // The number of a group is not given to another process while a member lives. So if a process has the leader's
    // number but is not the leader, then nothing of the group is left.
    let reused = processes
        .iter()
        .any(|process| process.pid == leader && start_time.is_some() && process.start_time != start_time);
    processes
        .into_iter()
        .filter(|process| !reused && process.group == leader && (session.is_none() || process.session == session))
        .collect()
}

/// Whether the number of the keeper's session now belongs to another session.
fn is_reused(processes: &[Process], keeper: &KeeperStarted) -> bool {
    processes.iter().any(|process| {
        process.pid == keeper.pid && keeper.start_time.is_some() && process.start_time != keeper.start_time
    })
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};

    use super::*;
    use crate::protocol::{Exit, Exited, FailureKind, Marks, Ranges, Reason, SpawnFailure};
    use crate::receipts::{Record, Spawned, Spawning, Writer, read};

    const OTHER: &str = "another boot";

    fn keeper(session: i32, pid: i32, start_time: Option<u64>) -> Record {
        let boot_id = platform::native().boot_id();
        Record::Keeper(KeeperStarted { protocol: 1, pid, session, boot_id, start_time })
    }

    fn spawning(boot_id: &str, pty: bool) -> Record {
        let begin = Marks::default();
        let (boot_id, piped, sealed) = (boot_id.into(), false, false);
        Record::Spawning(Spawning { attempt: 1, epoch: 1, boot_id, lane: 0, begin, piped, pty, sealed })
    }

    fn ended(boot_id: &str, synced: bool) -> Record {
        let exited = Exited {
            attempt: 1,
            exit: Exit::Code(0),
            reason: Reason::Exited,
            ranges: Ranges::default(),
            duration_ms: 1,
            max_rss: 1,
            leftovers: Vec::new(),
            data_secrets: Vec::new(),
            data_sealed: false,
            data_lost: false,
        };
        Record::Ended(Ended { exited, boot_id: boot_id.into(), synced })
    }

    fn failed(boot_id: &str, synced: bool) -> Record {
        let failure = SpawnFailure { kind: FailureKind::NotFound, message: String::new() };
        Record::Failed(Failed { attempt: 1, failure, boot_id: boot_id.into(), synced })
    }

    fn classify(records: &[Record], started_in: &str) -> Found {
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(folder.path()).unwrap();
        for record in records {
            writer.append(record).unwrap();
        }
        read(folder.path()).unwrap().classify(folder.path(), 1, started_in, &[])
    }

    /// A process that leads its own group in this session.
    struct Sleeper(Child);

    impl Sleeper {
        fn new() -> Self {
            Self(Command::new("sleep").arg("100").process_group(0).spawn().unwrap())
        }

        fn process(&self) -> Process {
            platform::native().process(Pid::from_child(&self.0)).unwrap()
        }
    }

    impl Drop for Sleeper {
        fn drop(&mut self) {
            let _ = self.0.kill().and_then(|()| self.0.wait());
        }
    }

    #[test]
    fn only_a_synced_end_outlives_the_machine() {
        for (record, synced) in [(ended(OTHER, true), true), (ended(OTHER, false), false)] {
            let found = classify(&[spawning(OTHER, false), record], OTHER);
            assert_eq!(matches!(found, Found::Ended(_)), synced, "{found:?}");
            assert_eq!(found == Found::InDoubt(Doubt::OtherBoot), !synced);
        }
        assert!(matches!(classify(&[failed(OTHER, true)], OTHER), Found::Failed(_)));
        assert_eq!(classify(&[failed(OTHER, false)], OTHER), Found::InDoubt(Doubt::OtherBoot));
    }

    /// A receipt that is not there any more must not become another answer than "nobody knows".
    #[test]
    fn receipts_damaged_at_any_byte_give_a_doubt_or_the_truth() {
        let boot_id = platform::native().boot_id();
        let folder = tempfile::tempdir().unwrap();
        let mut writer = Writer::open(folder.path()).unwrap();
        let spawned = Record::Spawned(Spawned { attempt: 1, pid: 1 << 22, start_time: Some(1) });
        for record in [keeper(1 << 22, 1 << 22, Some(1)), spawning(&boot_id, false), spawned, ended(&boot_id, false)] {
            writer.append(&record).unwrap();
        }
        let look = || read(folder.path()).unwrap().classify(folder.path(), 1, &boot_id, &[]);
        let truth = look();
        assert!(matches!(truth, Found::Ended(_)));
        let file = super::super::path(folder.path());
        let bytes = fs::read(&file).unwrap();
        let (mut doubts, mut truths) = (0, 0);
        for place in 0..bytes.len() {
            for change in [0x01, 0x80, bytes[place], bytes[place] ^ b'\n'] {
                let mut damaged = bytes.clone();
                damaged[place] ^= change;
                fs::write(&file, damaged).unwrap();
                match look() {
                    Found::InDoubt(_) => doubts += 1,
                    found => {
                        assert_eq!(found, truth, "byte {place}");
                        truths += 1;
                    }
                }
            }
            // All but the last receipt may be gone, too: one that begins an attempt is never taken for its absence.
            let mut torn = bytes[..place].to_vec();
            torn.extend_from_slice(b"\n");
            fs::write(&file, torn).unwrap();
            let begun = bytes[..place].split(|byte| *byte == b'\n').count() - 1;
            let found = look();
            let fits = match begun {
                0 | 1 => matches!(found, Found::InDoubt(_) | Found::NotStarted),
                _ => matches!(found, Found::InDoubt(_)) || place + 1 == bytes.len(),
            };
            assert!(fits, "cut at {place}: {found:?}");
        }
        assert!(doubts > 100 && truths > 100, "{doubts} doubts, {truths} truths");
    }

    #[test]
    fn in_one_boot_every_end_counts() {
        let boot_id = platform::native().boot_id();
        assert!(matches!(classify(&[ended(&boot_id, false)], &boot_id), Found::Ended(_)));
        assert!(matches!(classify(&[failed(&boot_id, false)], &boot_id), Found::Failed(_)));
        assert_eq!(classify(&[], &boot_id), Found::NotStarted);
    }

    #[test]
    fn nothing_written_in_another_boot_is_a_doubt() {
        assert_eq!(classify(&[], OTHER), Found::InDoubt(Doubt::OtherBoot));
        assert_eq!(classify(&[spawning(OTHER, false)], OTHER), Found::InDoubt(Doubt::OtherBoot));
    }

    #[test]
    fn another_process_with_the_same_number_is_not_taken_for_the_attempt() {
        let boot_id = platform::native().boot_id();
        let sleeper = Sleeper::new();
        let Process { pid, session, start_time, .. } = sleeper.process();
        let records = |start_time, session| {
            let spawned = Record::Spawned(Spawned { attempt: 1, pid, start_time });
            [keeper(session, 1 << 22, None), spawning(&boot_id, false), spawned]
        };
        let same = classify(&records(start_time, session.unwrap()), &boot_id);
        assert!(matches!(same, Found::Orphaned(orphan) if orphan.living() == [pid]));
        let unseen = Found::InDoubt(Doubt::EndedUnseen);
        assert_eq!(classify(&records(start_time.map(|start| start + 1), session.unwrap()), &boot_id), unseen);
        assert_eq!(classify(&records(start_time, session.unwrap() + 1), &boot_id), unseen, "not its keeper's session");
    }

    #[test]
    fn another_session_with_the_same_number_is_not_searched() {
        let boot_id = platform::native().boot_id();
        let sleeper = Sleeper::new();
        let Process { pid, session, start_time, .. } = sleeper.process();
        let records = |start_time| [keeper(session.unwrap(), pid, start_time), spawning(&boot_id, false)];
        let reused = classify(&records(start_time.map(|start| start + 1)), &boot_id);
        assert_eq!(reused, Found::InDoubt(Doubt::KeeperDiedStarting));
        let unused = [keeper(1 << 22, 1 << 22, None), spawning(&boot_id, false)];
        assert_eq!(classify(&unused, &boot_id), Found::InDoubt(Doubt::KeeperDiedStarting));
    }
}
