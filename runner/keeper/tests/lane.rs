//! Who writes where, and when a lane goes to the next attempt.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "each test program needs a part of it")]
mod common;

use std::collections::BTreeSet;
use std::fs;

use common::{Run, eventually, is_alive, signal};
use runner_keeper::protocol::{Exit, Reply, Request, Start, Started};
use rustix::process::{Pid, Signal, kill_process_group, test_kill_process_group};

both!(
    attempts_one_after_another_share_a_lane,
    attempts_at_once_have_a_lane_each,
    a_lane_with_a_background_writer_goes_to_nobody,
    a_lane_whose_progress_is_held_open_goes_to_nobody,
    a_new_keeper_leaves_the_lanes_of_the_living_alone,
    a_daemon_on_pipes_goes_on_writing,
    output_without_end_does_not_hold_up_the_end,
    a_full_disk_fails_the_start_and_keeps_the_end,
);

/// Starts a daemon that left its group, then ends.
fn daemon(script: &str) -> String {
    format!("setsid sh -c 'echo $$ > daemon; {script}' & while ! [ -s daemon ]; do sleep 0.01; done; echo mine")
}

fn pid_of_daemon(run: &mut Run) -> i32 {
    let path = run.dir().join("daemon");
    let pid = fs::read_to_string(&path).unwrap().trim().parse().unwrap();
    fs::remove_file(path).unwrap();
    run.clean_up(pid);
    pid
}

fn attempts_one_after_another_share_a_lane(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    for attempt in 1..=6 {
        let start = engine.script(attempt, "echo $RUNNER_PROGRESS >> $RUNNER_PROGRESS; echo out");
        let exited = engine.run(Start { masked: attempt % 2 == 0, pty: attempt % 3 == 0, ..start });
        assert_eq!(exited.ranges.lane, if portable { attempt - 1 } else { 0 });
        assert_eq!(run.out(&exited), "out\n");
        assert!(run.progress(&exited).contains("/lanes/"));
    }
}

fn attempts_at_once_have_a_lane_each(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = "i=0; while [ $i -lt 200 ]; do echo $0 $i; i=$((i+1)); done";
    for attempt in 1..=20 {
        let argv = ["sh", "-c", script, &attempt.to_string()];
        let start = engine.program(attempt, &argv);
        engine.send(&Request::Start(Box::new(Start { masked: attempt % 2 == 0, ..start })));
    }
    let mut ended = BTreeSet::new();
    for _ in 1..=20 {
        let exited = engine.exited();
        let expected: Vec<String> = (0..200).map(|line| format!("{} {line}", exited.attempt)).collect();
        assert_eq!(run.out(&exited).lines().collect::<Vec<_>>(), expected);
        ended.insert(exited.attempt);
    }
    assert_eq!(ended.len(), 20);
}

fn a_lane_with_a_background_writer_goes_to_nobody(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let first = engine.run(engine.script(1, &daemon("trap \"echo late\" USR1; while :; do sleep 0.01; done")));
    let daemon = pid_of_daemon(&mut run);
    assert_eq!((first.ranges.lane, run.out(&first).as_str()), (0, "mine\n"));
    let second = engine.run(engine.script(2, "kill -USR1 $0; sleep 0.1; echo second").with_argument(daemon));
    assert_eq!((second.ranges.lane, run.out(&second).as_str()), (1, "second\n"));
    let whole = fs::read_to_string(run.dir().join("lanes/0.out")).unwrap();
    assert_eq!(whole, "mine\nlate\n", "what it writes later stands in its lane, outside the range");
    let group = Pid::from_raw(daemon).unwrap();
    kill_process_group(group, Signal::KILL).unwrap();
    eventually("the daemon is gone", || test_kill_process_group(group).is_err());
    let third = engine.run(engine.program(3, &["true"]));
    assert_eq!(third.ranges.lane, if portable { 2 } else { 0 });
    assert_eq!(third.ranges.out.from, if portable { 0 } else { whole.len() as u64 });
}

fn a_lane_whose_progress_is_held_open_goes_to_nobody(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    for (attempt, masked) in [(1, false), (3, true)] {
        let script = daemon("exec >/dev/null 2>&1 9>>$RUNNER_PROGRESS; echo > open; exec sleep 100");
        let script = format!("{script}; while ! [ -e open ]; do sleep 0.01; done; rm open");
        let held = engine.run(Start { masked, ..engine.script(attempt, &script) });
        pid_of_daemon(&mut run);
        let next = engine.run(engine.program(attempt + 1, &["true"]));
        assert_ne!(next.ranges.lane, held.ranges.lane);
    }
}

fn a_new_keeper_leaves_the_lanes_of_the_living_alone(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let mut living = BTreeSet::new();
    for (attempt, masked) in [(1, false), (2, true)] {
        let Started { pid, lane, .. } = engine.start(Start { masked, ..engine.program(attempt, &["sleep", "100"]) });
        run.clean_up(pid);
        // On pipes it cannot write to the lane any more once its keeper is dead.
        if !masked {
            living.insert(lane);
        }
    }
    engine.run(engine.program(3, &["true"]));
    run.kill_keeper();
    run.spawn();
    let mut engine = run.connect(2).unwrap();
    let mut taken = BTreeSet::new();
    for attempt in 4..=6 {
        taken.insert(engine.start(engine.program(attempt, &["sleep", "100"])).lane);
    }
    assert!(taken.is_disjoint(&living) && taken.len() == 3, "{taken:?} and {living:?}");
    if !portable {
        assert!(taken.contains(&2), "a lane that nobody has is used again");
    }
}

fn a_daemon_on_pipes_goes_on_writing(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = daemon("trap \"echo late; echo > said\" USR1; while :; do sleep 0.01; done");
    let first = engine.run(Start { masked: true, ..engine.script(1, &script) });
    assert_eq!(run.out(&first), "mine\n");
    let daemon = pid_of_daemon(&mut run);
    signal(daemon, Signal::USR1);
    eventually("it could write", || run.dir().join("said").exists());
    assert!(is_alive(daemon), "it was not killed by writing into a closed pipe");
    let second = engine.run(Start { masked: true, ..engine.script(2, "echo second") });
    assert_eq!((second.ranges.lane, run.out(&second).as_str()), (1, "second\n"));
    eventually("its output is in its lane", || {
        fs::read_to_string(run.dir().join("lanes/0.out")).unwrap() == "mine\nlate\n"
    });
}

fn output_without_end_does_not_hold_up_the_end(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = daemon("exec yes");
    let exited = engine.run(Start { masked: true, ..engine.script(1, &script) });
    assert_eq!(exited.exit, Exit::Code(0));
    let daemon = pid_of_daemon(&mut run);
    assert_eq!(engine.run(engine.program(2, &["true"])).exit, Exit::Code(0), "others have their turn");
    signal(daemon, Signal::KILL);
}

/// Needs a small file system of its own, and so root.
fn a_full_disk_fails_the_start_and_keeps_the_end(portable: bool) {
    let mut run = Run::new(portable);
    let Some(_mounted) = small_disk(&run) else { return };
    let mut engine = run.begin();
    engine.start(engine.script(1, "while ! [ -e go ]; do sleep 0.01; done; exit 5"));
    let filler = run.dir().join("filler");
    let _ = fs::write(&filler, vec![0; 4 << 20]).unwrap_err();
    let fill_last_page = |path: &std::path::Path| {
        let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
        while std::io::Write::write_all(&mut file, b" \n").is_ok() {}
    };
    fill_last_page(&run.dir().join("receipts"));
    engine.send(&Request::Start(Box::new(engine.program(2, &["true"]))));
    match engine.next() {
        Reply::SpawnFailed { attempt: 2, failure } => {
            assert!(failure.message.contains("No space left"), "{}", failure.message);
        }
        other => panic!("{other:?}"),
    }
    drop(engine);
    let pid = runner_keeper::receipts::read(run.dir()).unwrap().spawned(1).unwrap().pid;
    std::os::unix::fs::symlink("/", run.dir().join("go")).unwrap();
    eventually("the first ended", || !is_alive(pid));
    fs::remove_file(&filler).unwrap();
    assert_eq!(run.await_keeper(), Some(0), "it waited until the end could be written");
    let read = runner_keeper::receipts::read(run.dir()).unwrap();
    let found = read.classify(run.dir(), 1, &runner_keeper::boot_id(), &[]);
    assert!(matches!(found, runner_keeper::receipts::Found::Ended(ended) if ended.synced), "its end is known");
}

struct Mounted(std::path::PathBuf);

impl Drop for Mounted {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[expect(clippy::print_stderr, reason = "says why a test did nothing")]
fn small_disk(run: &Run) -> Option<Mounted> {
    let mut mount = std::process::Command::new("mount");
    mount.args(["-t", "tmpfs", "-o", "size=1m", "none"]).arg(run.dir()).stderr(std::process::Stdio::null());
    if mount.status().is_ok_and(|status| status.success()) {
        return Some(Mounted(run.dir().to_owned()));
    }
    eprintln!("skipped: no file system can be mounted here");
    None
}

trait WithArgument {
    fn with_argument(self, argument: i32) -> Self;
}

impl WithArgument for Start {
    fn with_argument(mut self, argument: i32) -> Self {
        self.argv.push(argument.to_string().into());
        self
    }
}
