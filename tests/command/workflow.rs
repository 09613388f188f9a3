//! Looking at workflows: `list`, `validate`, `run NAME --help`.

use serde_json::Value;

use crate::project;
use crate::support::Project;

#[test]
fn workflows_are_listed_with_where_they_are_from() {
    let project = project();
    let shown = project.run(&["list"]).expect(0).stdout;
    assert!(shown.contains("demo             workflows/demo.yaml  Shows what commands show\n"), "{shown}");
    assert!(shown.lines().any(|line| line.starts_with("quickstart       built in")), "{shown}");
    project.workflow("broken", "steps: [");
    let shown = project.run(&["list"]).expect(0).stdout;
    assert!(shown.contains("(has mistakes: `runner validate broken` tells them)"), "{shown}");
    let lines = project.run(&["list", "--output", "json"]).expect(0).stdout;
    let names: Vec<Value> =
        lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].take()).collect();
    assert!(names.contains(&"demo".into()) && names.contains(&"broken".into()));
}

#[test]
fn help_of_a_workflow_tells_what_it_takes() {
    let shown = project().run(&["run", "demo", "--help"]).expect(0).stdout;
    assert_eq!(
        shown,
        "Shows what commands show
in two lines

Usage: runner run demo [OPTIONS]

Inputs:
  region  string, default east, one of east, west, env REGION (deprecated: OLD_REGION)
          Where it goes
  size    size, required, at least 1Gi

Secrets:
  hook  env HOOK

Example:
  runner run demo --input size=4Gi

`runner run --help` shows the options
"
    );
}

#[test]
fn a_workflow_that_is_not_there_is_named_with_the_nearest() {
    let project = project();
    for command in [&["run", "demmo"][..], &["graph", "demmo"], &["validate", "demmo"], &["run", "demmo", "--help"]] {
        let ended = project.run(command).expect(10);
        assert_eq!(ended.stderr, "error: there is no workflow `demmo`\n  hint: did you mean `demo`?\n");
    }
}

#[test]
fn a_path_is_relative_to_the_working_directory() {
    let project = Project::new();
    project.write("elsewhere/own.yaml", "steps: [{id: a, uses: log.print, with: {message: hi}}]");
    let mut command = project.command(&["validate", "./own.yaml"]);
    command.current_dir(project.path().join("elsewhere"));
    let ended = crate::support::Life::start(command).end().expect(0);
    assert_eq!(ended.stdout, "elsewhere/own.yaml: valid\n");
}

#[test]
fn all_workflows_are_validated_and_one_mistake_is_enough() {
    let project = project();
    let shown = project.run(&["validate"]);
    assert!(shown.stdout.contains("workflows/demo.yaml: valid\n"), "{shown}");
    project.workflow("broken", "steps: [{id: a, uses: exec.rnu}]");
    let ended = project.run(&["validate", "demo", "broken"]).expect(10);
    assert_eq!(ended.stdout, "workflows/demo.yaml: valid\n");
    assert!(ended.stderr.contains("workflows/broken.yaml:1:23"), "{ended}");
    let ended = project.run(&["validate", "broken", "--json"]).expect(10);
    let first: Value = serde_json::from_str(ended.stdout.lines().next().unwrap()).unwrap();
    assert_eq!(first["severity"], "error", "{first}");
}

#[test]
fn a_file_that_cannot_be_read_shows_why_with_its_place() {
    let project = Project::new();
    project.write("workflows/latin.yaml", b"name: caf\xe9\nsteps: []\n");
    for command in ["validate", "run"] {
        let ended = project.run(&[command, "latin"]).expect(10);
        assert!(ended.stderr.contains("workflows/latin.yaml:1:10"), "{ended}");
    }
}
