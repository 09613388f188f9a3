//! Plans that are put away, and runs that do exactly that.

use crate::project;
use crate::support::Project;

const WORKFLOW: &str = "
inputs:
  who: {type: string, default: world}
  token: {type: secret}
steps:
  - {id: first, uses: file.write, with: {path: greeting, content: 'hello {{inputs.who}} {{env.MOOD}}'}}
  - {id: count, uses: exec.run, with: {script: 'echo 2', capture: json}}
  - {id: each, foreach: lists.range(steps.count.outputs.json), uses: log.print, with: {message: '{{item}} {{run.started}}'}}
";

fn planned() -> Project {
    let mut project = project(WORKFLOW);
    project.env("MOOD", "bright").env("TOKEN", "hunter2-hunter2");
    project.run(&["plan", "w", "--out", "plan.json", "-i", "who=you", "-i", "token=env:TOKEN"]).expect(0);
    project
}

#[test]
fn what_was_planned_is_done_with_its_inputs_and_its_environment() {
    let mut project = planned();
    assert!(!project.read("plan.json").contains("hunter2"), "no secret is put away");
    project.env("MOOD", "gloomy");
    project.run(&["run", "--plan", "plan.json"]).expect(0);
    assert_eq!(project.read("greeting"), "hello you bright");
}

#[test]
fn what_is_not_as_it_was_planned_stops_it_before_anything_starts() {
    let project = planned();
    project.write("greeting", "something else");
    let ended = project.run(&["run", "--plan", "plan.json"]).expect(22);
    assert!(ended.stderr.contains("what becomes of `first` differs"), "{ended}");
    std::fs::remove_file(project.path().join("greeting")).unwrap();
    project.workflow("w", &WORKFLOW.replace("echo 2", "echo 3"));
    let ended = project.run(&["run", "--plan", "plan.json"]).expect(22);
    assert!(ended.stderr.contains("`workflows/w.yaml` changed"), "{ended}");
    assert!(project.runs().is_empty());
}

#[test]
fn what_is_no_plan_is_refused() {
    let project = planned();
    for (text, told) in [("{", "is no plan"), ("{\"v\": 99}", "version 99"), ("[1]", "no version")] {
        project.write("bad.json", text);
        let ended = project.run(&["run", "--plan", "bad.json"]).expect(10);
        assert!(ended.stderr.contains(told), "{text}: {ended}");
    }
    project.run(&["run", "--plan", "nowhere.json"]).expect(10);
    project.run(&["run", "w", "--plan", "plan.json"]).expect(2);
    project.run(&["run"]).expect(2);
}

#[test]
fn a_plan_that_is_confined_makes_a_run_that_is() {
    let project = planned();
    project.run(&["plan", "w", "--skip", "first", "--out", "plan.json", "-i", "token=env:TOKEN"]).expect(0);
    project.run(&["run", "--plan", "plan.json"]).expect(0);
    assert!(!project.path().join("greeting").exists());
    assert_eq!(project.journal().attempts("count"), 1);
}
