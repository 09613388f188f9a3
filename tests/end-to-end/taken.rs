//! New runs that begin with what is finished in another.

use crate::project;
use crate::support::Project;

const WORKFLOW: &str = "
inputs:
  who: {type: string, default: world}
steps:
  - {id: first, uses: exec.run, with: {script: 'echo first >>ran; seq 20000', capture: text}}
  - {id: second, uses: exec.run, with: {script: 'echo second {{inputs.who}} >>ran'}}
  - {id: last, uses: exec.run, with: {script: 'echo {{length steps.first.outputs.stdout}} >>ran; test ! -e broken'}}
";

/// A run whose last step failed, and what ran in it is forgotten.
fn failed() -> Project {
    let project = project(WORKFLOW);
    project.write("broken", "");
    project.run(&["run", "w"]).expect(20);
    std::fs::remove_file(project.path().join("broken")).unwrap();
    std::fs::remove_file(project.path().join("ran")).unwrap();
    project
}

#[test]
fn what_is_finished_and_unchanged_is_taken_over_with_its_outputs() {
    let project = failed();
    let old = project.runs().remove(0);
    let before = std::fs::read(project.run_folder().join("journal")).unwrap();
    let ended = project.run(&["run", "w", "--from-run", &old]).expect(0);
    assert_eq!(project.read("ran"), "108893\n", "{ended}");
    assert_eq!(project.runs().len(), 2);
    let new = project.runs().into_iter().find(|id| *id != old).unwrap();
    // The other run stays what it was.
    let folder = project.path().join(".runner/runs").join(&old);
    assert_eq!(std::fs::read(folder.join("journal")).unwrap(), before);
    assert!(project.run(&["status", &new]).expect(0).stdout.contains("succeeded"));
    assert!(project.run(&["logs", &new, "first"]).expect(0).stdout.contains("20000"), "its logs come with it");
    let facts = project.run(&["events", &new]).expect(0).stdout;
    assert!(facts.contains(&format!("\"taken_from\":\"{old}\"")), "{facts}");
}

#[test]
fn what_changed_runs_again_if_somebody_agrees() {
    let project = failed();
    let old = project.runs().remove(0);
    let asked = project.run(&["run", "w", "--from-run", &old, "--input", "who=you"]).expect(22);
    assert!(asked.stderr.contains("`second` has finished"), "{asked}");
    assert_eq!(project.runs().len(), 1, "nothing was begun");
    project.run(&["run", "w", "--from-run", &old, "--input", "who=you", "--yes"]).expect(0);
    assert_eq!(project.read("ran"), "second you\n108893\n");
}

#[test]
fn a_run_that_succeeded_is_a_beginning_too() {
    let project = failed();
    project.run(&["resume"]).expect(0);
    let old = project.runs().remove(0);
    let nothing = project.run(&["run", "w", "--from-run", &old]).expect(0);
    assert!(nothing.stderr.contains("nothing to do"), "{nothing}");
    assert_eq!(project.runs().len(), 1);
    let more = format!("{WORKFLOW}  - {{id: more, uses: exec.run, with: {{script: 'echo more >>ran'}}}}\n");
    project.workflow("w", &more);
    project.run(&["run", "w", "--from-run", &old]).expect(0);
    assert_eq!(project.read("ran"), "108893\nmore\n");
}

#[test]
fn what_is_no_beginning_is_refused() {
    let project = failed();
    let old = project.runs().remove(0);
    project.workflow("other", "steps: [{id: a, uses: log.print, with: {message: x}}]");
    let ended = project.run(&["run", "other", "--from-run", &old]).expect(2);
    assert!(ended.stderr.contains("is one of `w`"), "{ended}");
    project.run(&["run", "w", "--from-run", "nowhere"]).expect(2);
    project.run(&["undo", &old]).expect(0);
    let ended = project.run(&["run", "w", "--from-run", &old]).expect(2);
    assert!(ended.stderr.contains("undone"), "{ended}");
    assert_eq!(project.runs().len(), 1);
}

#[test]
fn it_is_killed_and_resumed_like_any_other() {
    let project = failed();
    let old = project.runs().remove(0);
    project.workflow("w", &WORKFLOW.replace("test ! -e broken", "while test -e hold; do sleep 0.02; done"));
    project.write("hold", "");
    let life = project.spawn(&["run", "w", "--from-run", &old]);
    crate::support::await_that("the last step", || project.path().join("ran").exists());
    life.kill();
    std::fs::remove_file(project.path().join("hold")).unwrap();
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("ran"), "108893\n");
}
