//! `runs --prune`: what is over goes, what is not stays.

use serde_json::Value;

use crate::support::Project;

/// A project with a run in each of these states, the oldest first.
fn runs() -> Project {
    let project = Project::new();
    project.workflow("good", "steps: [{id: a, uses: log.print, with: {message: hi}}]");
    project.workflow("bad", "steps: [{id: a, uses: exec.run, with: {argv: ['false']}}]");
    project.workflow("paused", "steps: [{id: a, uses: exec.run, with: {script: 'touch begun; sleep 600'}}]");
    project.run(&["run", "good"]).expect(0);
    project.run(&["run", "bad"]).expect(20);
    let life = project.spawn(&["run", "paused"]);
    crate::support::await_that("the step", || project.path().join("begun").exists());
    life.kill();
    project.kill_all();
    project.await_silence();
    project.run(&["run", "good"]).expect(0);
    project
}

/// The workflows of the runs that are left, the oldest first.
fn left(project: &Project) -> Vec<String> {
    let lines = project.run(&["runs", "--output", "json"]).expect(0).stdout;
    let names =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["workflow"].as_str().unwrap().to_owned());
    let mut names: Vec<_> = names.collect();
    names.reverse();
    names
}

#[test]
fn all_but_the_newest_are_removed_and_what_can_be_resumed_stays() {
    let project = runs();
    let prune = |more: &[&str]| project.run(&[&["runs", "--prune", "--keep", "1"], more].concat()).expect(0);
    let told = prune(&["--dry-run"]);
    assert!(told.stdout.contains("kept: it is killed (`--force` removes it all the same)"), "{told}");
    assert_eq!(told.stdout.matches("would be removed").count(), 2, "{told}");
    assert_eq!(left(&project).len(), 4, "nothing was removed");
    let lines = prune(&["--dry-run", "--output", "json"]).stdout;
    assert!(lines.lines().all(|line| serde_json::from_str::<Value>(line).unwrap()["removed"] == false), "{lines}");
    let told = prune(&[]);
    assert!(told.stderr.starts_with("2 runs removed, "), "{told}");
    assert_eq!(left(&project), ["paused", "good"]);
    prune(&["--force"]);
    assert_eq!(left(&project), ["good"]);
    let folder = std::fs::read_dir(project.path().join(".runner/runs")).unwrap();
    assert_eq!(folder.count(), 1, "nothing is left beside");
}

#[test]
fn runs_are_removed_by_age_and_by_size() {
    let project = runs();
    project.run(&["runs", "--prune", "--older-than", "1h", "--max-size", "1Gi"]).expect(0);
    assert_eq!(left(&project).len(), 4);
    project.run(&["runs", "--prune", "--max-size", "0Mi"]).expect(0);
    assert_eq!(left(&project), ["paused"]);
    project.run(&["runs", "--prune", "--older-than", "0s", "--force"]).expect(0);
    assert!(left(&project).is_empty());
}

#[test]
fn one_that_is_under_way_is_never_removed() {
    let project = Project::new();
    project.workflow(
        "w",
        "steps: [{id: a, uses: exec.run, with: {script: 'touch begun; while ! test -e go; do sleep 0.01; done'}}]",
    );
    let life = project.spawn(&["run", "w"]);
    crate::support::await_that("the step", || project.path().join("begun").exists());
    let told = project.run(&["runs", "--prune", "--keep", "0", "--force"]).expect(0);
    assert!(told.stdout.contains("kept: an engine is at it"), "{told}");
    life.kill();
    let told = project.run(&["runs", "--prune", "--keep", "0", "--force"]).expect(0);
    assert!(told.stdout.contains("live on without an engine"), "{told}");
    project.write("go", "");
    project.run(&["resume"]).expect(0);
}

#[test]
fn a_rule_is_needed() {
    let project = Project::new();
    let ended = project.run(&["runs", "--prune"]).expect(2);
    assert!(ended.stderr.contains("needs to know which") && ended.stderr.contains("--older-than 30d"), "{ended}");
    project.run(&["runs", "--keep", "3"]).expect(2);
    project.run(&["runs", "--prune", "--older-than", "30"]).expect(2);
}
