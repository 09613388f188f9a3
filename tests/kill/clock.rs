//! A clock that is set back or forward by a year: nothing waits for it, and nothing comes too soon but what waited already.
//!
//! Nobody touches the machine's clock: a build with fail points can be told that it is wrong.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::support::{Project, await_that};

const YEAR: i64 = 365 * 24 * 3600 * 1000;

/// Pretences of one project: how wrong the clock is, and which boot it is.
pub(crate) struct Pretence(PathBuf);

impl Pretence {
    /// A project that can be told what is not so; nothing in a build that does not listen.
    pub(crate) fn of(workflow: &str) -> Option<(Project, Self)> {
        if !cfg!(feature = "failpoints") {
            return None;
        }
        let mut project = Project::new();
        project.workflow("w", workflow);
        let place = project.base().join("pretence");
        project.env("RUNNER_PRETENCE", &place);
        Some((project, Self(place)))
    }

    pub(crate) fn say(&self, shift: i64, boot: &str) {
        // Whole or not at all: it is read at any moment.
        let beside = self.0.with_extension("new");
        std::fs::write(&beside, format!("{shift} {boot}")).unwrap();
        std::fs::rename(beside, &self.0).unwrap();
    }
}

/// Every way to look at a run says something, whatever its times are.
fn look(project: &Project) {
    for words in [&["status"][..], &["show"], &["runs"], &["logs"], &["events"]] {
        project.run(words).expect(0);
    }
}

#[test]
fn a_clock_set_in_the_middle_of_a_run_moves_no_timer() {
    let workflow = "
timeout: 5m
steps:
  - id: flaky
    uses: exec.run
    retry: {attempts: 3, delay: 400ms, factor: 1}
    with: {script: 'echo x >>flaky; [ $(wc -l <flaky) -ge 3 ]'}
  - id: poll
    uses: exec.run
    interrupted: repeat
    until: {that: output.exit_code == 0, every: 20ms, within: 1m}
    with: {argv: [test, -e, go], success_codes: [0, 1]}
  - id: group
    timeout: 1m
    steps:
      - {id: last, timeout: 30s, uses: exec.run, with: {script: 'echo x >>last'}}
";
    let Some((project, clock)) = Pretence::of(workflow) else { return };
    let life = project.spawn(&["run", "w"]);
    project.await_fact("timer_set", "flaky");
    clock.say(-YEAR, "");
    await_that("the second try", || project.journal().attempts("flaky") >= 2);
    clock.say(YEAR, "");
    await_that("a poll", || project.journal().attempts("poll") >= 2);
    clock.say(-YEAR, "");
    look(&project);
    project.write("go", "");
    // A timer that was moved would come in a year, or have ended it before.
    life.end().expect(0);
    assert_eq!((project.read("flaky").as_str(), project.read("last").as_str()), ("x\nx\nx\n", "x\n"));
    look(&project);
}

#[test]
fn a_clock_set_between_two_lives_never_makes_a_wait_longer_than_it_was() {
    let workflow = "
steps:
  - id: flaky
    uses: exec.run
    retry: {attempts: 2, delay: 8s}
    with: {script: 'echo x >>flaky; [ $(wc -l <flaky) -ge 2 ]'}
";
    for (shift, least, most) in [(-YEAR, 7000, 30_000), (YEAR, 0, 7000)] {
        let Some((project, clock)) = Pretence::of(workflow) else { return };
        let life = project.spawn(&["run", "w"]);
        project.await_fact("timer_set", "flaky");
        life.kill();
        clock.say(shift, "");
        let taken_up = Instant::now();
        let life = project.spawn(&["resume"]);
        await_that("the second try", || project.journal().attempts("flaky") == 2);
        let waited = taken_up.elapsed();
        life.end().expect(0);
        assert!(waited >= Duration::from_millis(least), "{waited:?} with the clock {shift} ms off");
        assert!(waited <= Duration::from_millis(most), "{waited:?} with the clock {shift} ms off");
        assert_eq!(project.read("flaky"), "x\nx\n");
        look(&project);
    }
}
