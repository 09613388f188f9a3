//! Ctrl-C and its like: the first asks, the second kills.

use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::project;

/// A step that takes long, and says so once it has begun.
const LONG: &str = "
name: w
defaults: {grace: 20s}
steps:
  - {id: first, uses: exec.run, with: {script: 'echo x >>first'}}
  - id: long
    uses: exec.run
    interrupted: repeat
    with: {script: 'echo $$ >>begun; [ ! -e quick ] || exit 0; sleep 100'}
finally:
  - {id: last, uses: exec.run, with: {script: 'echo x >>last'}}
";

#[test]
fn the_first_signal_asks_and_the_run_can_be_resumed() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
        let project = project(LONG);
        let life = project.spawn(&["run", "w"]);
        project.await_file("begun");
        life.signal_group(signal);
        life.end().expect(130);
        project.await_silence();
        assert_eq!(project.journal().end(), "interrupted", "{signal:?}");
        assert_eq!(project.read("last"), "", "`finally` is not run when a run is interrupted");
        project.write("quick", "");
        project.run(&["resume"]).expect(0);
        assert_eq!((project.read("first").as_str(), project.read("last").as_str()), ("x\n", "x\n"));
        assert_eq!(project.read("begun").lines().count(), 2);
    }
}

#[test]
fn the_second_signal_kills_what_does_not_listen() {
    let project = project(
        "
steps:
  - id: deaf
    uses: exec.run
    grace: 1h
    with: {script: 'trap \"\" TERM INT HUP; echo $$ >begun; while :; do sleep 0.05; done'}
",
    );
    let mut life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.signal_group(Signal::INT);
    project.await_fact("interrupt_requested", "");
    assert!(life.is_alive());
    assert!(!project.processes().is_empty());
    life.signal_group(Signal::INT);
    let asked = Instant::now();
    life.end().expect(130);
    assert!(asked.elapsed() < Duration::from_secs(10), "it waited for the grace");
    project.await_silence();
    assert_eq!(project.journal().end(), "interrupted");
}

#[test]
fn a_step_that_ends_well_though_it_was_asked_to_stop_is_in_doubt() {
    let project = project(
        "
steps:
  - id: polite
    uses: exec.run
    with: {script: 'trap \"exit 0\" TERM; echo $$ >begun; while :; do sleep 0.02; done'}
",
    );
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.signal_group(Signal::INT);
    life.end().expect(130);
    assert_eq!(project.journal().doubts(), ["polite"]);
    let ended = project.run(&["resume"]).expect(22);
    assert!(ended.stderr.contains("polite"), "{ended}");
}

#[test]
fn children_of_a_step_are_stopped_with_it() {
    let project =
        project("steps: [{id: a, uses: exec.run, with: {script: 'sleep 100 & sleep 100 & echo x >begun; wait'}}]");
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.signal_group(Signal::INT);
    life.end().expect(130);
    project.await_silence();
}

#[test]
fn an_interrupt_during_retry_delays_and_polls_ends_at_once() {
    let project = project(
        "
steps:
  - {id: retried, uses: exec.run, needs: [], retry: {attempts: 3, delay: 1h, max_delay: 1h}, with: {argv: ['false']}}
  - {id: polled, uses: exec.run, needs: [], until: {that: 'false', every: 1h}, with: {argv: ['true']}}
",
    );
    let life = project.spawn(&["run", "w"]);
    project.await_fact("timer_set", "retried");
    project.await_fact("timer_set", "polled");
    life.signal_group(Signal::INT);
    life.end().expect(130);
    project.await_silence();
}

#[test]
fn an_engine_that_is_killed_while_it_stops_is_resumed_all_the_same() {
    let project = project(
        "
steps:
  - id: slow
    uses: exec.run
    interrupted: repeat
    with: {script: 'echo $$ >>begun; [ ! -e quick ] || exit 0; trap \"sleep 0.5; exit 1\" TERM; sleep 100 & wait'}
",
    );
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.signal_group(Signal::INT);
    project.await_fact("interrupt_requested", "");
    life.kill();
    project.write("quick", "");
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("begun").lines().count(), 2);
}
