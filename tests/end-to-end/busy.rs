//! Several engines at one run, and what an engine leaves behind that died.

use std::os::unix::process::CommandExt;

use rustix::process::Signal;

use crate::project;
use crate::support::{Project, await_that};

const LONG: &str = "steps: [{id: a, uses: exec.run, with: {script: 'echo $$ >>begun; while [ ! -e go ]; do sleep 0.02; done; echo x >>done'}}]";

#[test]
fn a_second_engine_on_one_run_is_refused_and_the_holder_named() {
    let project = project(LONG);
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    let run = project.runs().pop().unwrap();
    let ended = project.run(&["resume", &run]).expect(31);
    assert!(ended.stderr.contains(&format!("process {}", life.pid())), "{ended}");
    let facts = project.journal().of("life_started").count();
    assert_eq!(facts, 1, "the one who is refused writes nothing");
    project.write("go", "");
    life.end().expect(0);
    assert_eq!(project.read("begun").lines().count(), 1);
}

#[test]
fn many_engines_at_once_resume_a_run_only_once() {
    let project = project(LONG);
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.kill();
    project.write("go", "");
    let run = project.runs().pop().unwrap();
    let lives: Vec<_> = (0..8).map(|_| project.spawn(&["resume", &run])).collect();
    let codes: Vec<_> = lives.into_iter().map(|life| life.end().code).collect();
    assert!(codes.contains(&0), "{codes:?}");
    // Who comes after its end finds nothing to do.
    assert!(codes.iter().all(|code| [0, 2, 31].contains(code)), "{codes:?}");
    assert_eq!((project.read("begun").lines().count(), project.read("done").as_str()), (1, "x\n"));
}

#[test]
fn an_engine_that_is_stopped_is_not_presumed_dead() {
    let project = project(LONG);
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.signal(Signal::STOP);
    let run = project.runs().pop().unwrap();
    let ended = project.run(&["resume", &run]).expect(31);
    assert!(ended.stderr.contains("stopped"), "{ended}");
    life.signal(Signal::CONT);
    project.write("go", "");
    life.end().expect(0);
}

#[test]
fn a_keeper_that_does_not_answer_is_not_presumed_dead() {
    let project = project(LONG);
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    let keeper = project.keeper().unwrap();
    let pid = rustix::process::Pid::from_raw(i32::try_from(keeper).unwrap()).unwrap();
    rustix::process::kill_process(pid, Signal::STOP).unwrap();
    life.kill();
    let ended = project.run(&["resume"]).expect(31);
    assert!(ended.stderr.contains(&keeper.to_string()), "{ended}");
    rustix::process::kill_process(pid, Signal::CONT).unwrap();
    project.write("go", "");
    project.run(&["resume"]).expect(0);
    assert_eq!((project.read("begun").lines().count(), project.read("done").as_str()), (1, "x\n"));
}

#[test]
fn a_start_that_an_engine_sent_before_it_died_is_carried_out_once() {
    let project = project(
        "
steps:
  - {id: first, uses: exec.run, with: {script: 'echo x >>first; while [ ! -e go ]; do sleep 0.02; done'}}
  - {id: second, uses: exec.run, with: {script: 'echo x >>second'}}
  - {id: other, needs: [], uses: exec.run, retry: {attempts: 2, delay: 300ms}, with: {script: 'echo x >>other; [ $(wc -l <other) = 2 ]'}}
",
    );
    let life = project.spawn(&["run", "w"]);
    project.await_file("first");
    project.await_fact("timer_set", "other");
    // The keeper hears nothing while the engine writes down that it starts `other` again and tells it so.
    let keeper = rustix::process::Pid::from_raw(i32::try_from(project.keeper().unwrap()).unwrap()).unwrap();
    rustix::process::kill_process(keeper, Signal::STOP).unwrap();
    await_that("the second attempt", || project.journal().attempts("other") == 2);
    // The message follows the fact: it is in the keeper's socket once the engine sleeps again.
    await_that("the engine to be idle", || is_idle(life.pid()));
    life.kill();
    rustix::process::kill_process(keeper, Signal::CONT).unwrap();
    project.write("go", "");
    project.run(&["resume"]).expect(0);
    assert_eq!((project.read("first").as_str(), project.read("other").as_str()), ("x\n", "x\nx\n"));
    assert_eq!(project.read("second"), "x\n");
    assert!(project.journal().doubts().is_empty());
}

/// Whether a process waits in `epoll`, with nothing to do.
fn is_idle(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/wchan")).is_ok_and(|place| place.contains("ep_poll"))
        || std::fs::read_to_string(format!("/proc/{pid}/syscall"))
            .is_ok_and(|call| call.starts_with("232 ") || call.starts_with("281 "))
}

#[test]
fn no_lock_is_inherited_by_what_a_run_starts() {
    let project = project(
        "
concurrency: {group: shared}
steps:
  - {id: a, uses: exec.run, with: {script: 'ls -l /proc/self/fd >fds; setsid sh -c \"echo x >left; exec sleep 100\" >/dev/null 2>&1 & while [ ! -s left ]; do sleep 0.01; done'}}
",
    );
    project.run(&["run", "w"]).expect(0);
    let left: Vec<_> = project.processes();
    assert_eq!(left.len(), 1, "what left its group on purpose lives on: {left:?}");
    // It holds neither the run's lock, nor the keeper's, nor the group's.
    project.write("left", "");
    project.run(&["run", "w"]).expect(0);
    let fds = project.read("fds");
    assert!(!fds.contains("lock") && !fds.contains("journal") && !fds.contains("socket"), "{fds}");
}

#[test]
fn a_lock_held_by_a_child_of_a_dead_engine_is_named() {
    let project = project(LONG);
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.kill();
    let run = project.run_folder();
    // A process that somehow got the descriptor, as a fork of another thread would.
    let mut holder = std::process::Command::new("flock");
    holder.arg("-x").arg(run.join("lock")).args(["-c", "echo x >held; sleep 100"]).current_dir(project.path());
    holder.env("RUNNER_TEST_PROJECT", project.base()).process_group(0);
    let mut holder = holder.spawn().unwrap();
    project.await_file("held");
    let ended = project.run(&["resume"]).expect(31);
    assert!(ended.stderr.contains("has ended, but one that it started still holds the lock"), "{ended}");
    for process in project.processes() {
        if process.args.iter().any(|word| word.contains("sleep") || word.contains("flock")) && !process.is_keeper() {
            crate::support::process::kill(process.pid);
        }
    }
    holder.wait().unwrap();
}

/// Two projects whose user is one, with a group in common.
fn pair() -> (Project, Project) {
    let text = "
concurrency: {group: deploy}
steps: [{id: a, uses: exec.run, with: {script: 'echo $$ >>begun; while [ ! -e go ]; do sleep 0.02; done'}}]
";
    let (one, mut other) = (project(text), project(text));
    other.env("XDG_STATE_HOME", one.base().join("state"));
    (one, other)
}

#[test]
fn a_group_that_is_busy_is_refused_and_free_again_after_the_end() {
    let (one, other) = pair();
    let life = one.spawn(&["run", "w"]);
    one.await_file("begun");
    let ended = other.run(&["run", "w"]).expect(31);
    assert!(ended.stderr.contains("deploy") && ended.stderr.contains(&one.runs()[0]), "{ended}");
    assert_eq!(other.read("begun"), "");
    one.write("go", "");
    life.end().expect(0);
    other.write("go", "");
    other.run(&["run", "w"]).expect(0);
}

#[test]
fn a_group_is_busy_while_the_keeper_of_a_killed_run_lives_and_its_own_resume_is_let_in() {
    let (one, other) = pair();
    let life = one.spawn(&["run", "w"]);
    one.await_file("begun");
    life.kill();
    other.run(&["run", "w"]).expect(31);
    one.write("go", "");
    one.run(&["resume"]).expect(0);
    other.write("go", "");
    other.run(&["run", "w"]).expect(0);
    assert_eq!(one.read("begun").lines().count(), 1);
}

#[test]
fn a_run_that_is_cancelled_runs_finally_and_is_over() {
    let project = project(
        "
steps: [{id: a, uses: exec.run, with: {script: 'echo $$ >>begun; sleep 100'}}]
finally: [{id: last, uses: exec.run, with: {script: 'echo x >>last'}}]
",
    );
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    let asked = project.run(&["cancel"]);
    assert!([0, 130].contains(&asked.code), "{asked}");
    life.end().expect(130);
    assert_eq!((project.journal().end(), project.read("last").as_str()), ("cancelled", "x\n"));
    project.run(&["resume"]).expect(2);
    let run = project.runs().pop().unwrap();
    project.run(&["resume", &run]).expect(2);
    project.await_silence();
}

#[test]
fn a_killed_run_is_cancelled_by_whoever_asks() {
    let project = project(
        "
steps: [{id: a, uses: exec.run, with: {script: 'echo $$ >>begun; sleep 100'}}]
finally: [{id: last, uses: exec.run, with: {script: 'echo x >>last'}}]
",
    );
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.kill();
    let asked = project.run(&["cancel"]);
    assert!([0, 130].contains(&asked.code), "{asked}");
    assert_eq!((project.journal().end(), project.read("last").as_str()), ("cancelled", "x\n"));
    project.await_silence();
}
