//! `cancel`: a live engine is asked; where none lives, this process ends the run.

use crate::support::{Life, Project, await_that};

const WORKFLOW: &str = "steps:
  - {id: done, uses: exec.run, with: {argv: [touch, done]}}
  - {id: long, uses: exec.run, with: {script: \"touch begun; sleep 60\"}}
  - {id: later, uses: exec.run, with: {argv: [touch, later]}}
finally:
  - {id: tidy, uses: exec.run, with: {argv: [touch, tidied]}}
";

fn begun() -> (Project, Life) {
    let project = Project::new();
    project.workflow("long", WORKFLOW);
    let life = project.spawn(&["run", "long"]);
    await_that("the step", || project.path().join("begun").exists());
    (project, life)
}

fn is_cancelled(project: &Project) {
    let there = |name: &str| project.path().join(name).exists();
    assert!(there("tidied") && !there("later"));
    assert_eq!(project.journal().end(), "cancelled");
    await_that("the processes", || project.processes().is_empty());
    let ended = project.run(&["resume", &project.runs()[0]]).expect(2);
    assert!(ended.stderr.contains("was cancelled"), "{ended}");
    let ended = project.run(&["cancel", &project.runs()[0]]).expect(2);
    assert!(ended.stderr.contains("is cancelled already"), "{ended}");
}

#[test]
fn a_live_engine_is_asked_and_its_end_awaited() {
    let (project, life) = begun();
    let ended = project.run(&["cancel"]).expect(0);
    assert_eq!(
        project.redact(&ended.stderr),
        "the engine of the run RUN-long was asked to cancel it; waiting for its end\nrun RUN-long cancelled\n"
    );
    life.end().expect(130);
    is_cancelled(&project);
}

#[test]
fn where_no_engine_lives_this_process_ends_the_run() {
    let (project, life) = begun();
    life.kill();
    project.run(&["cancel"]).expect(0);
    is_cancelled(&project);
}

#[test]
fn a_cancel_that_is_only_noted_is_done_by_the_next_who_resumes() {
    let (project, life) = begun();
    life.kill();
    project.run(&["cancel", "--no-resume"]).expect(0);
    assert!(!project.path().join("tidied").exists());
    project.run(&["resume"]).expect(130);
    is_cancelled(&project);
}

#[test]
fn changed_files_do_not_hinder_a_cancel() {
    let (project, life) = begun();
    life.kill();
    project.workflow("long", "steps: nonsense");
    project.run(&["cancel"]).expect(0);
    assert_eq!(project.journal().end(), "cancelled");
}

#[test]
fn a_run_that_succeeded_is_not_cancelled() {
    let project = Project::new();
    project.workflow("quick", "steps: [{id: a, uses: log.print, with: {message: hi}}]");
    project.run(&["run", "quick"]).expect(0);
    let ended = project.run(&["cancel", &project.runs()[0]]).expect(2);
    assert!(ended.stderr.contains("has succeeded; there is nothing to cancel"), "{ended}");
    project.run(&["cancel"]).expect(2);
}
