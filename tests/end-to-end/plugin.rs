//! Steps in other languages live and die like any process.

use crate::project;
use crate::support::Project;

/// A plugin in sh with one step, which does `run`.
fn plugin(project: &Project, name: &str, idempotent: bool, run: &str) {
    let described = format!(
        r#"{{"protocol": 1, "steps": [{{"name": "work", "description": "Works.", "idempotent": {idempotent},
            "with": {{"properties": {{"text": {{"type": "string", "description": "Anything.", "default": ""}}}}}},
            "outputs": {{"properties": {{"said": {{"type": "string", "description": "Anything."}}}}}}}}]}}"#
    );
    let script = format!("#!/bin/sh\nif [ \"$1\" = describe ]; then cat <<'END'\n{described}\nEND\nexit; fi\n{run}\n");
    project.program(&format!("plugins/runner-step-{name}"), &script);
}

const WAITS: &str = "cat >given; echo call >>calls; echo begun >&2; touch begun
while ! test -e go; do sleep 0.01; done; printf '{\"outputs\": {\"said\": \"done\"}}'";

const WORKFLOW: &str = "steps:
  - {id: first, uses: slow.work, with: {text: hi}}
  - {id: after, uses: assert.that, with: {that: steps.first.outputs.said == 'done'}}
";

#[test]
fn an_attempt_outlives_its_engine_and_is_taken_up() {
    let project = project(WORKFLOW);
    plugin(&project, "slow", false, WAITS);
    let life = project.spawn(&["run", "w"]);
    project.await_fact("attempt_started", "first");
    crate::support::await_that("the plugin", || project.path().join("begun").exists());
    life.kill();
    project.write("go", "");
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("calls"), "call\n", "it was taken up, and not started again");
    assert_eq!(project.journal().attempts("first"), 1);
    let given: serde_json::Value = serde_json::from_str(&project.read("given")).unwrap();
    assert_eq!((&given["step"], &given["with"]["text"], &given["protocol"]), (&"work".into(), &"hi".into(), &1.into()));
    assert_eq!((&given["place"]["step"], &given["place"]["attempt"]), (&"first".into(), &1.into()));
    assert_eq!(project.run(&["logs", "first"]).expect(0).stdout, "begun\ndata:\n{\"outputs\": {\"said\": \"done\"}}\n");
}

#[test]
fn what_died_with_its_keeper_follows_what_the_plugin_said_of_itself() {
    for (idempotent, code, calls) in [(true, 0, "call\ncall\n"), (false, 22, "call\n")] {
        let project = project(WORKFLOW);
        plugin(&project, "slow", idempotent, WAITS);
        let life = project.spawn(&["run", "w"]);
        crate::support::await_that("the plugin", || project.path().join("begun").exists());
        life.kill();
        project.kill_all();
        project.await_silence();
        project.write("go", "");
        let ended = project.run(&["resume"]).expect(code);
        assert_eq!(project.read("calls"), calls, "idempotent: {idempotent}: {ended}");
    }
}

#[test]
fn a_secret_that_a_plugin_prints_is_masked_in_its_log_and_sealed_among_its_outputs() {
    let mut project = project(
        "secrets: {token: {env: TOKEN}}
steps:
  - {id: logs, uses: loud.work, with: {text: '{{secrets.token}}'}}
  - {id: gives, uses: gives.work, with: {text: '{{secrets.token}}'}}
",
    );
    let token = "hunter2-hunter2";
    project.env("TOKEN", token);
    plugin(&project, "loud", true, "read -r given; echo \"I was given $given\" >&2; echo '{\"outputs\": {}}'");
    plugin(
        &project,
        "gives",
        true,
        "echo '{\"outputs\": {\"said\": \"'$(sed 's/.*\"text\":\"\\([^\"]*\\)\".*/\\1/')'\"}}'",
    );
    let ended = project.run(&["run", "w"]).expect(0);
    let logs = project.run(&["logs"]).expect(0);
    assert!(logs.stdout.contains("I was given"), "{logs}");
    for text in [ended.output(), logs.output(), project.run(&["events"]).output()] {
        assert!(!text.contains(token), "{text}");
    }
    assert!(project.journal().outputs_of("gives")["said"]["$runner.sealed"].is_object());
    assert!(!project.read_run().contains(token));
}

#[test]
fn a_run_is_shown_without_its_plugin_and_resumed_once_it_is_back() {
    let project = project("steps: [{id: a, uses: odd.work, with: {text: hi}}]");
    plugin(&project, "odd", true, "test -e good && echo '{}' || exit 3");
    let ended = project.run(&["run", "w"]).expect(20);
    assert!(ended.stderr.contains("`runner-step-odd` exited with code 3"), "{ended}");
    let (here, away) = (project.path().join("plugins"), project.path().join("elsewhere"));
    std::fs::rename(&here, &away).unwrap();
    for command in ["show", "status", "logs"] {
        project.run(&[command]).expect(0);
    }
    let ended = project.run(&["resume"]).expect(22);
    assert!(ended.stderr.contains("the plugin `runner-step-odd` of the run is not there any more"), "{ended}");
    std::fs::rename(&away, &here).unwrap();
    project.write("good", "");
    project.run(&["resume"]).expect(0);
}
