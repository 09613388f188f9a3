//! Making the set of this release.

use std::path::Path;

use serde_json::{Value, json};

use crate::support::{Journal, Project, await_that};
use crate::{message, pack};

/// Everything that a short run writes: captured output, a large one, items, attempts, groups, calls, a skip, and what it
/// leaves behind.
const DONE: &str = "
name: done
inputs: {region: {type: string, default: eastus}}
steps:
  - {id: list, uses: exec.run, with: {argv: [echo, '[\"a\", \"b\"]'], capture: json}}
  - {id: large, uses: exec.run, with: {argv: [seq, '20000'], capture: text}}
  - id: each
    foreach: steps.list.outputs.json
    uses: exec.run
    interrupted: repeat
    retry: {attempts: 2, delay: 1ms}
    with: {script: \"echo {{item}}; test -e {{item}} || { touch {{item}}; exit 3; }\", capture: text}
  - {id: skipped, when: inputs.region == 'westus', uses: log.print, with: {message: not said}}
  - id: group
    steps:
      - {id: called, run: called, with: {name: '{{inputs.region}}'}}
      - {id: keep, uses: state.set, with: {key: 'regions.{{inputs.region}}.version', value: 1.2.3}}
    finally:
      - {id: bye, uses: log.print, with: {message: bye}}
    outputs: {said: '{{steps.called.outputs.said}}'}
outputs: {said: '{{steps.group.outputs.said}}', length: '{{length steps.large.outputs.stdout}}', items: '{{steps.each.succeeded}}'}
";

const CALLED: &str = "
inputs: {name: {type: string}}
steps: [{id: say, uses: log.print, with: {message: 'hello {{inputs.name}}'}}]
outputs: {said: 'hello {{inputs.name}}'}
";

/// One that has failed, and can be resumed.
const FAILED: &str = "
steps:
  - {id: first, uses: exec.run, with: {script: 'echo call >>failed-calls', capture: text}}
  - {id: second, uses: exec.run, interrupted: repeat, with: {argv: [test, -e, good]}}
";

/// One whose step is in doubt after it was killed: the run pauses.
const DOUBT: &str = "
steps:
  - {id: first, uses: exec.run, with: {argv: [echo, first], capture: text}}
  - {id: pay, uses: exec.run, interrupted: stop, with: {script: 'touch doubt-begun; sleep 600'}}
  - {id: last, uses: log.print, with: {message: '{{steps.first.outputs.stdout}}'}}
";

/// One that was killed with everything it had started.
const KILLED: &str = "
steps:
  - {id: first, uses: exec.run, with: {script: 'echo call >>killed-calls', capture: text}}
  - id: long
    uses: exec.run
    interrupted: repeat
    with: {script: 'touch killed-begun; test -e good || sleep 600'}
";

/// One that is long enough for a checkpoint; what it leaves behind is long enough for an index.
const MANY: &str = "
steps:
  - {id: kept, foreach: 'lists.range(300)', uses: state.append, with: {key: events, value: '{{item}}'}}
  - {id: each, foreach: 'lists.range(800)', uses: assert.that, with: {that: item >= 0}}
  - {id: last, uses: exec.run, interrupted: repeat, with: {argv: [test, -e, good]}}
outputs: {count: '{{length steps.each.succeeded}}'}
";

/// One whose first step has made a secret, which is sealed.
const SEALED: &str = "
steps:
  - {id: login, uses: exec.run, with: {script: 'echo call >>sealed-calls; cat token', capture: text, secret: true}}
  - id: use
    uses: exec.run
    interrupted: repeat
    env: {TOKEN: '{{steps.login.outputs.stdout}}'}
    with: {script: 'test \"$TOKEN\" = \"$(cat token)\" && test -e good'}
";

/// One that was undone up to a step; what cannot be undone stands.
const UNDONE: &str = "
steps:
  - {id: base, uses: file.write, with: {path: undone-base, content: base}}
  - {id: page, uses: file.write, with: {path: undone-page, content: page}, undo: {uses: file.remove, with: {path: undone-page}}}
  - {id: call, uses: exec.run, with: {script: 'echo call >>undone-calls'}}
";

/// One that was edited after its first step, and then waits for a person.
const EDITED: &str = "
steps:
  - {id: first, uses: exec.run, with: {script: 'echo call >>edited-calls'}}
  - {id: second, uses: exec.run, with: {argv: ['false']}}
  - {id: ask, uses: approval.wait, with: {message: go on?}}
  - {id: last, uses: log.print, with: {message: 'by {{steps.ask.outputs.who}}'}}
";

/// One whose step the cache has.
const CACHED: &str = "
steps:
  - id: make
    uses: exec.run
    with: {script: 'echo call >>cached-calls; echo made >made', capture: text}
    cache: {inputs: [token], outputs: [made]}
";

/// The run of a workflow, as `runner runs` tells it.
fn run_of(project: &Project, workflow: &str) -> Value {
    let told = project.run(&["runs", "-n", "99", "--output", "json"]).expect(0).stdout;
    let mut runs = told.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    runs.find(|run| run["workflow"] == workflow).unwrap()
}

/// Runs everything, and packs what it has written.
pub(crate) fn make(folder: &Path) {
    let project = Project::new();
    project.workflow("called", CALLED);
    let mut runs = Vec::new();
    let mut note = |project: &Project, name: &str, code: i32| {
        let run = run_of(project, name);
        let folder = project.path().join(".runner/runs").join(run["id"].as_str().unwrap());
        let outputs = Journal::read(&folder).outputs();
        runs.push(json!({"name": name, "id": run["id"], "state": run["state"], "code": code, "outputs": outputs}));
    };
    project.workflow("done", DONE).run(&["run", "done"]).expect(0);
    note(&project, "done", 0);
    project.workflow("failed", FAILED).run(&["run", "failed"]).expect(20);
    note(&project, "failed", 20);
    project.write("token", "a-token-that-a-step-made");
    project.workflow("sealed", SEALED).run(&["run", "sealed"]).expect(20);
    note(&project, "sealed", 20);
    project.workflow("many", MANY).run(&["run", "many"]).expect(20);
    note(&project, "many", 20);
    for (name, text, code) in [("doubt", DOUBT, 22), ("killed", KILLED, 137)] {
        let life = project.workflow(name, text).spawn(&["run", name]);
        await_that("the step", || project.path().join(format!("{name}-begun")).exists());
        life.kill();
        project.kill_all();
        project.await_silence();
        if code == 22 {
            project.run(&["resume"]).expect(22);
        }
        note(&project, name, code);
    }
    project.workflow("undone", UNDONE).run(&["run", "undone"]).expect(0);
    let undone = run_of(&project, "undone")["id"].as_str().unwrap().to_owned();
    project.run(&["undo", &undone, "--to", "base"]).expect(0);
    note(&project, "undone", 0);
    project.workflow("edited", EDITED).run(&["run", "edited"]).expect(20);
    project.workflow("edited", &EDITED.replace("'false'", "'true'")).run(&["resume"]).expect(22);
    note(&project, "edited", 22);
    project.workflow("cached", CACHED).run(&["run", "cached"]).expect(0);
    note(&project, "cached", 0);
    project.run(&["state", "set", "by.hand", "[1, null]"]).expect(0);
    let exported = project.run(&["state", "export"]).expect(0).stdout;
    let done = runs[0]["id"].as_str().unwrap().to_owned();
    project.run(&["export", &done, "--to", "run.tar.zst"]).expect(0);
    let checkpoints = runs.iter().filter(|run| {
        project.path().join(".runner/runs").join(run["id"].as_str().unwrap()).join("checkpoint").exists()
    });
    assert!(checkpoints.count() > 0 && project.path().join(".runner/state/index").exists());

    // Whole or not at all: a half of a set would be taken for one.
    let (set, folder) = (folder, &folder.with_extension("new"));
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    std::fs::copy(project.path().join("run.tar.zst"), folder.join("run.tar.zst")).unwrap();
    std::fs::remove_file(project.path().join("run.tar.zst")).unwrap();
    std::fs::copy(project.base().join("config/runner/keys"), folder.join("keys")).unwrap();
    for file in ["good", "doubt-begun", "killed-begun"] {
        let _ = std::fs::remove_file(project.path().join(file));
    }
    pack(project.path(), &folder.join("project.tar.zst"));
    std::fs::write(folder.join("state.json"), exported).unwrap();
    std::fs::write(folder.join("messages.jsonl"), message::frozen()).unwrap();
    let expected = json!({"runs": runs});
    std::fs::write(folder.join("expected.json"), serde_json::to_string_pretty(&expected).unwrap() + "\n").unwrap();
    std::fs::rename(folder, set).unwrap();
}
