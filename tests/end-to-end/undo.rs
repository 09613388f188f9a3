//! What was done is taken back: backwards, whatever is killed meanwhile.

use serde_json::json;

use crate::project;
use crate::support::Project;

/// Three steps that note what they do and what is undone, and one that fails where `fail` is there.
const WORKFLOW: &str = r#"
on_error: undo
steps:
  - id: first
    uses: exec.run
    with: {script: 'echo first >>done; echo one', capture: text}
    undo: {uses: exec.run, with: {script: 'echo "first {{trim output.stdout}}" >>undone'}}
  - id: each
    foreach: "['x', 'y']"
    max_parallel: 1
    uses: exec.run
    with: {script: 'echo {{item}} >>done', capture: text}
    undo: {uses: exec.run, with: {script: 'echo "{{item}} {{steps.each.status}}" >>undone; [ ! -e slow ] || { touch undoing; sleep 0.3; }'}}
  - {id: folder, uses: file.directory, with: {path: made}}
  - id: stands
    uses: exec.run
    with: {script: 'echo stands >>done'}
  - {id: look, uses: assert.that, with: {that: "true"}}
  - {id: last, uses: exec.run, with: {script: '[ ! -e fail ]'}}
finally:
  - {id: clean, uses: exec.run, with: {script: 'echo clean >>undone'}}
"#;

const UNDONE: &str = "y succeeded\nx succeeded\nfirst one\nclean\n";

fn failing() -> Project {
    let project = project(WORKFLOW);
    project.write("fail", "");
    project
}

#[test]
fn a_run_that_fails_is_undone_backwards_and_what_stands_is_named() {
    let project = failing();
    let ended = project.run(&["run", "w"]).expect(20);
    assert_eq!(project.read("undone"), UNDONE);
    assert!(!project.path().join("made").exists(), "the type's own undo");
    let journal = project.journal();
    let undone: Vec<_> = journal.of("step_undone").map(|fact| fact.path().to_owned()).collect();
    assert_eq!(undone, ["look", "folder", "each[y]", "each[x]", "first"]);
    let stands: Vec<_> = journal.of("step_stands").map(|fact| fact.event.clone()).collect();
    assert_eq!(stands, [json!({"event": "step_stands", "path": "stands", "why": "no_undo"})]);
    for said in ["5 steps undone", "stands stands: it has no `undo`", "each[y]: undone"] {
        assert!(ended.stderr.contains(said), "`{said}`: {ended}");
    }
}

#[test]
fn resume_does_again_what_was_undone_and_keeps_what_stands() {
    let project = failing();
    project.run(&["run", "w"]).expect(20);
    std::fs::remove_file(project.path().join("fail")).unwrap();
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("done"), "first\nx\ny\nstands\nfirst\nx\ny\n");
    assert!(project.path().join("made").exists());
}

#[test]
fn undoing_goes_on_after_the_engine_was_killed_in_its_middle_and_takes_nothing_back_twice() {
    let project = failing();
    project.write("slow", "");
    let life = project.spawn(&["run", "w"]);
    project.await_fact("undo_started", "");
    crate::support::await_that("undoing", || project.path().join("undoing").exists());
    life.kill();
    let ended = project.run(&["resume"]).expect(20);
    assert_eq!(project.read("undone"), UNDONE, "{ended}");
    assert_eq!(
        project.journal().of("attempt_ended").filter(|fact| fact.event["result"].get("in_doubt").is_some()).count(),
        0
    );
    project.await_silence();
}

#[test]
fn undoing_in_doubt_waits_for_a_person_and_goes_on_as_they_say() {
    for (word, undone) in [("--done", 1), ("--repeat", 2)] {
        let project = failing();
        project.write("slow", "");
        let life = project.spawn(&["run", "w"]);
        project.await_fact("undo_started", "");
        crate::support::await_that("undoing", || project.path().join("undoing").exists());
        assert!(project.kill_keeper());
        life.kill();
        let ended = project.run(&["resume"]).expect(22);
        assert!(ended.stderr.contains("each[y] may or may not be undone"), "{ended}");
        std::fs::remove_file(project.path().join("slow")).unwrap();
        project.run(&["resume", word, "each[y]"]).expect(20);
        assert_eq!(project.read("undone").matches("y succeeded").count(), undone);
        assert!(project.read("undone").ends_with("x succeeded\nfirst one\nclean\n"));
    }
}

#[test]
fn what_cannot_be_undone_is_retried_then_pauses_and_is_undone_by_a_later_resume() {
    let workflow = r#"
steps:
  - id: group
    on_error: undo
    steps:
      - id: made
        uses: exec.run
        retry: {attempts: 1, delay: 1ms}
        with: {argv: ["true"]}
        undo: {uses: exec.run, with: {script: 'echo x >>tries; [ -e may ] || { echo "it is held" >&2; exit 3; }'}}
      - {id: breaks, uses: exec.run, with: {argv: ["false"]}}
"#;
    let project = project(workflow);
    let ended = project.run(&["run", "w"]).expect(22);
    assert_eq!(project.read("tries"), "x\nx\nx\n");
    assert!(
        ended.stderr.contains("group/made could not be undone: the script (`/bin/sh`) exited with code 3"),
        "{ended}"
    );
    let status = project.run(&["status"]).expect(0);
    assert!(status.stdout.contains("group/made cannot be undone"), "{status}");
    project.write("may", "");
    project.run(&["resume"]).expect(20);
    assert_eq!(project.journal().of("step_undone").count(), 1);
}

#[test]
fn a_person_says_that_what_could_not_be_undone_is() {
    let project = project(
        "
on_error: undo
steps:
  - {id: before, uses: state.set, with: {key: a, value: 1}}
  - {id: made, uses: exec.run, with: {argv: ['true']}, undo: {uses: exec.run, with: {script: 'echo x >>tries; exit 1'}}, retry: {delay: 1ms}}
  - {id: breaks, uses: exec.run, with: {argv: ['false']}}
",
    );
    let ended = project.run(&["run", "w"]).expect(22);
    assert!(ended.stderr.contains("1 step still to be undone: before"), "{ended}");
    project.run(&["resume", "--done", "made"]).expect(20);
    assert_eq!(project.read("tries"), "x\nx\nx\n");
    assert_eq!(project.journal().of("step_undone").count(), 2);
}

#[test]
fn a_run_that_succeeded_is_undone_when_a_person_says_so_wholly_or_up_to_a_step() {
    let project = project(WORKFLOW);
    project.run(&["run", "w"]).expect(0);
    let id = project.runs().pop().unwrap();
    let refused = project.run(&["undo", &id, "--to", "nobody"]).expect(2);
    assert!(refused.stderr.contains("has no step `nobody`"), "{refused}");
    project.run(&["undo", &id, "--to", "each[x]"]).expect(0);
    assert_eq!(project.read("undone"), "clean\ny succeeded\nclean\n");
    assert_eq!(project.journal().end(), "undone");
    let status = project.run(&["status"]).expect(0);
    assert!(status.stdout.contains("undone, since"), "{status}");
    // What is undone is not gone on with unless it is named.
    project.run(&["resume"]).expect(2);
    project.run(&["undo", &id]).expect(0);
    assert!(project.read("undone").ends_with("clean\nx succeeded\nfirst one\nclean\n"));
    project.run(&["resume", &id]).expect(0);
    assert_eq!(project.read("done"), "first\nx\ny\nstands\nfirst\nx\ny\n");
}

#[test]
fn a_live_run_is_undone_by_its_own_engine_what_runs_may_finish() {
    let project = project(
        r"
steps:
  - id: slow
    uses: exec.run
    with: {script: 'touch begun; while [ ! -e go ]; do sleep 0.01; done; echo slow >>done'}
    undo: {uses: exec.run, with: {script: 'echo slow >>undone'}}
  - {id: never, uses: exec.run, with: {script: 'echo never >>done'}}
",
    );
    let life = project.spawn(&["run", "w"]);
    crate::support::await_that("the step", || project.path().join("begun").exists());
    let id = project.runs().pop().unwrap();
    let undo = project.spawn(&["undo", &id]);
    crate::support::await_that("the word", || project.journal().of("undo_requested").next().is_some());
    project.write("go", "");
    undo.end().expect(0);
    life.end().expect(0);
    assert_eq!((project.read("done").as_str(), project.read("undone").as_str()), ("slow\n", "slow\n"));
}

#[test]
fn what_a_cancelled_run_did_is_undone_too_and_it_stays_cancelled() {
    let project = project(
        "
steps:
  - {id: made, uses: state.set, with: {key: a, value: 1}}
  - {id: slow, uses: exec.run, with: {script: 'touch begun; sleep 100'}}
",
    );
    let life = project.spawn(&["run", "w"]);
    crate::support::await_that("the step", || project.path().join("begun").exists());
    project.run(&["cancel"]).expect(0);
    life.end().expect(130);
    project.run(&["state", "get", "a"]).expect(0);
    let id = project.runs().pop().unwrap();
    project.run(&["undo", &id]).expect(0);
    assert_ne!(project.run(&["state", "get", "a"]).code, 0);
    assert_eq!(project.journal().end(), "cancelled");
    project.run(&["resume", &id]).expect(2);
}

#[test]
fn a_service_is_started_anew_for_what_is_undone() {
    let project = project(
        r#"
steps:
  - id: tunnel
    steps:
      - {id: server, service: true, uses: exec.run, with: {script: 'echo up >>served; exec sleep 100'}}
      - id: made
        uses: exec.run
        with: {argv: ["true"]}
        undo: {uses: exec.run, with: {script: 'wc -l <served >>undone'}}
"#,
    );
    project.run(&["run", "w"]).expect(0);
    project.await_silence();
    let id = project.runs().pop().unwrap();
    project.run(&["undo", &id]).expect(0);
    assert_eq!(project.read("undone").trim(), "2");
    project.await_silence();
}
