//! The commands, through the real binary.

#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod cancel;
mod complete;
mod configuration;
mod graph;
mod look;
mod machine;
mod manual;
mod plan;
mod plugin;
mod prune;
mod schema;
mod state;
mod test;
mod transfer;
mod why;
mod workflow;

use support::Project;

/// A project with a workflow that says things and fails once.
fn project() -> Project {
    let project = Project::new();
    project.workflow(
        "demo",
        "name: demo
description: |
  Shows what commands show
  in two lines
inputs:
  region: {type: string, enum: [east, west], default: east, description: Where it goes, env: [REGION, OLD_REGION]}
  size: {type: size, min: 1Gi}
secrets:
  hook: {env: HOOK}
steps:
  - id: hello
    uses: exec.run
    with: {script: \"echo hello; echo oops >&2\"}
  - id: kept
    uses: exec.run
    with: {script: \"echo noise >&2; echo '[1]'\", capture: json}
  - id: each
    needs: [hello]
    foreach: \"['x', 'y']\"
    uses: exec.run
    retry: {attempts: 2, delay: 1ms}
    with: {script: \"echo {{item}}; test -e {{item}} || { touch {{item}}; exit 3; }; printf 'no break'\"}
  - id: group
    when: inputs.region == 'east'
    needs: all
    steps:
      - {id: note, uses: state.set, with: {key: regions.east.version, value: \"1.2\"}}
finally:
  - {id: bye, uses: log.print, with: {message: bye}}
",
    );
    project
}

/// The same, after a run.
fn after_a_run() -> Project {
    let mut project = project();
    project.env("HOOK", "s3cret-value");
    project.run(&["run", "demo", "-i", "size=2Gi", "--parallel", "1"]).expect(0);
    project
}
