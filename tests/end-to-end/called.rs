//! What a called workflow is given: secrets, and the environment.

use super::project;
use crate::support::Project;

/// A workflow that passes a secret through two others, whose inputs are plain texts.
fn passing() -> Project {
    let mut project = project(
        "name: w\nsecrets: {token: {env: THE_TOKEN}}\nsteps:\n  - {id: a, run: ./middle.yaml, with: {t: '{{secrets.token}}'}}\n",
    );
    project.workflow(
        "middle",
        "name: middle\ninputs: {t: {type: string}}\nload: {c: {file: c.yaml}}\nsteps:\n  - {id: x, uses: exec.run, with: {argv: ['true', '{{inputs.t}}']}}\n  - {id: b, run: ./inner.yaml, with: {u: 'x-{{inputs.t}}'}}\n",
    );
    project.workflow(
        "inner",
        "name: inner\ninputs: {u: {type: string}}\nsteps:\n  - {id: y, uses: exec.run, with: {argv: [test, '{{inputs.u}}', '!=', '']}}\n",
    );
    project.write("c.yaml", "a: 1\n");
    project.env("THE_TOKEN", "the-first-secret");
    project
}

fn fingerprints(project: &Project) -> Vec<serde_json::Value> {
    project.journal().of("attempt_started").map(|record| record.event["fingerprint"].clone()).collect()
}

#[test]
fn a_secret_is_passed_on_twice_and_its_rotation_changes_nothing() {
    let mut project = passing();
    project.run(&["run", "w"]).expect(0);
    let first = fingerprints(&project);
    assert_eq!(first.len(), 2);
    std::fs::remove_dir_all(project.path().join(".runner")).unwrap();
    project.env("THE_TOKEN", "the-second-secret");
    project.run(&["run", "w"]).expect(0);
    assert_eq!(fingerprints(&project), first);
    let journal = project.run_folder().join("journal");
    assert!(!String::from_utf8_lossy(&std::fs::read(journal).unwrap()).contains("the-second-secret"));
}

#[test]
fn a_secret_in_what_a_called_workflow_loads_is_refused() {
    let project = passing();
    project.write("c.yaml", "a: the-first-secret\n");
    project.run(&["run", "w"]).expect(20);
    let journal = project.run_folder().join("journal");
    assert!(!String::from_utf8_lossy(&std::fs::read(journal).unwrap()).contains("the-first-secret"));
}

#[test]
fn a_secret_in_a_program_or_folder_that_is_not_there_is_kept_nowhere() {
    let mut project = project(
        "name: w\nsecrets: {token: {env: THE_TOKEN}}\nsteps:\n  - {id: a, uses: exec.run, dir: '{{secrets.token}}', with: {argv: ['true']}}\n  - {id: b, needs: [], uses: exec.run, with: {argv: ['{{secrets.token}}']}}\n",
    );
    project.env("THE_TOKEN", "hunter2hunter2");
    project.run(&["run", "w"]).expect(20);
    for file in ["journal", "receipts"] {
        let text = std::fs::read(project.run_folder().join(file)).unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("hunter2hunter2"), "{file}");
    }
}

#[test]
fn a_secret_is_no_key_of_the_state() {
    let mut project = project(
        "name: w\nsecrets: {token: {env: THE_TOKEN}}\nsteps:\n  - {id: a, uses: state.set, with: {key: 'a.{{secrets.token}}', value: 1}}\n",
    );
    project.env("THE_TOKEN", "hunter2hunter2");
    let ended = project.run(&["run", "w"]).expect(20);
    assert!(ended.output().contains("the key holds the secret `token`"), "{}", ended.output());
}

#[test]
fn an_input_of_a_called_workflow_is_filled_from_its_environment_name() {
    let mut project = project("name: w\nsteps:\n  - {id: a, run: ./c.yaml}\n");
    project.workflow(
        "c",
        "name: c\ninputs: {t: {type: string, env: THE_NAME}}\nsteps:\n  - {id: x, uses: exec.run, with: {argv: [test, '{{inputs.t}}', '=', here]}}\n",
    );
    project.env("THE_NAME", "here");
    project.run(&["run", "w"]).expect(0);
}

#[test]
fn a_secret_given_again_may_be_a_reference() {
    let mut project = project(
        "name: w\ninputs: {token: {type: secret}}\nsteps:\n  - {id: x, uses: exec.run, with: {argv: [test, '{{inputs.token}}', '=', right-value]}}\n",
    );
    project.run(&["run", "w", "--input", "token=wrong-value"]).expect(20);
    project.env("THE_TOKEN", "right-value");
    project.run(&["resume", "--input", "token=env:THE_TOKEN"]).expect(0);
}

#[test]
fn the_secrets_of_a_called_workflow_are_told_by_its_own_inputs() {
    let mut project = project(
        "name: w\ninputs: {who: {default: nobody}}\nsteps:\n  - {id: each, foreach: '[\"one\", \"two\"]', max_parallel: 1, run: ./c.yaml, with: {who: '{{item}}'}}\n",
    );
    project.workflow(
        "c",
        "name: c
inputs: {who: {type: string}}
secrets: {token: {file: '{{inputs.who}}.key'}, fixed: {env: FIXED}}
steps:
  - {id: wait, uses: exec.run, with: {script: 'echo x >>begun; test {{inputs.who}} = one || while [ ! -e go ]; do sleep 0.02; done'}}
  - {id: use, uses: exec.run, env: {T: '{{secrets.token}}'}, with: {script: 'test \"$T\" = \"$(cat {{inputs.who}}.key)\"; echo \"$T $FIXED\"'}}
",
    );
    project.write("one.key", "the-key-of-the-first").write("two.key", "the-key-of-the-second");
    project.env("FIXED", "a-fixed-secret");
    let life = project.spawn(&["run", "w"]);
    project.await_fact("attempt_started", "each[two]/wait");
    let mut output = life.kill().output();
    project.write("go", "");
    output += &project.run(&["resume"]).expect(0).output();
    output += &project.run(&["logs"]).output();
    assert!(output.contains("each[two]/use | *** ***"), "{output}");
    let journal = String::from_utf8_lossy(&std::fs::read(project.run_folder().join("journal")).unwrap()).into_owned();
    assert!(journal.contains(r#""secrets":{"token":"file:two.key"}"#), "{journal}");
    for secret in ["the-key-of-the", "a-fixed-secret"] {
        assert!(!journal.contains(secret) && !output.contains(secret), "{secret}");
    }
}

#[test]
fn a_secret_that_a_called_workflow_cannot_have_fails_the_call_naming_it() {
    let project = project("name: w\nsteps:\n  - {id: a, run: ./c.yaml, with: {who: nobody}}\n");
    project.workflow(
        "c",
        "name: c\ninputs: {who: {type: string}}\nsecrets: {token: {file: '{{inputs.who}}.key'}}\nsteps:\n  - {id: x, uses: log.print, with: {message: '{{secrets.token}}'}}\n",
    );
    let ended = project.run(&["run", "w"]).expect(20);
    assert!(
        ended.output().contains("the secret `token` cannot be had") && ended.output().contains("nobody.key"),
        "{ended}"
    );
}
