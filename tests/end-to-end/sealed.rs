//! Outputs that are secret: sealed where they are kept, masked where they are printed, and used like any other.

use std::path::PathBuf;

use serde_json::Value;

use super::project;
use super::secret::places;
use crate::support::{Project, await_that};

const MADE: &str = "a-token-that-a-step-made";

/// A step makes a secret, and others use it.
const WORKFLOW: &str = r#"
steps:
  - {id: login, uses: exec.run, with: {argv: [cat, token], capture: text, secret: true}}
  - id: wait
    uses: exec.run
    with: {script: 'echo begun >begun; while [ ! -e go ]; do sleep 0.02; done; cat token; cat token >&2; cat token >>"$RUNNER_PROGRESS"'}
  - id: use
    uses: exec.run
    env: {TOKEN: "{{steps.login.outputs.stdout}}"}
    with: {script: 'test "$TOKEN" = "$(cat token)"; echo "it is $TOKEN"; echo "$TOKEN" | base64'}
  - id: more
    uses: exec.run
    with: {argv: [printf, '{"token": "%s", "port": 80}', "{{steps.login.outputs.stdout}}"], capture: json}
  - {id: said, uses: log.print, with: {message: "{{steps.more.outputs.json.token}} on {{steps.more.outputs.json.port}}"}}
  - {id: check, uses: assert.that, with: {that: "steps.more.outputs.json.token == steps.login.outputs.stdout"}}
outputs: {token: "{{steps.login.outputs.stdout}}", port: "{{steps.said.status}}"}
"#;

fn making() -> Project {
    let project = project(WORKFLOW);
    project.write("token", MADE);
    project
}

/// The token is in no file of the run, nor in what was printed.
fn nowhere(project: &Project, output: &str) {
    for needle in [MADE, "YS10b2tlbi10aGF0LWEtc3RlcC1tYWRl", "a-token"] {
        assert!(!output.contains(needle), "printed: `{needle}`\n{output}");
        for folder in [project.path().join(".runner"), project.base().join("state"), project.base().join("runtime")] {
            let mut found = Vec::new();
            places(&folder, needle, &mut found);
            assert!(found.is_empty(), "`{needle}` stands in {found:?}");
        }
    }
}

fn looks(project: &Project) -> String {
    let looks =
        [&["logs"][..], &["events"], &["status"], &["show"], &["status", "--output", "json"], &["state", "list"]];
    looks.iter().map(|look| project.run(look).output()).collect()
}

fn keys(project: &Project) -> PathBuf {
    project.base().join("config/runner/keys")
}

/// The sealed outputs in the journal: what they are called, and by which keys.
fn sealed(project: &Project) -> Vec<(String, String)> {
    fn walk(value: &Value, found: &mut Vec<(String, String)>) {
        match value {
            Value::Object(fields) => {
                if let Some(sealed) = fields.get("$runner.sealed") {
                    let text = |key: &str| sealed[key].as_str().unwrap().to_owned();
                    found.push((text("name"), text("key")));
                }
                fields.values().for_each(|value| walk(value, found));
            }
            Value::Array(items) => items.iter().for_each(|item| walk(item, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    project.journal().records.iter().for_each(|record| walk(&record.event, &mut found));
    found.sort();
    found.dedup();
    found
}

#[test]
fn a_secret_output_is_sealed_masked_and_used() {
    let project = making();
    project.write("go", "");
    let ended = project.run(&["run", "w"]).expect(0);
    let said = ended.output();
    assert!(said.contains("*** on 80") && said.contains("token: (sealed)"), "{ended}");
    let looks = looks(&project);
    assert!(
        looks.contains("it is ***")
            && looks.contains("what `login` captured (attempt 1) is sealed and not shown: it is secret"),
        "{looks}"
    );
    nowhere(&project, &(ended.output() + &looks));
    let names: Vec<_> = sealed(&project).into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["login.stdout", "more.json", "outputs.token"]);
}

#[test]
fn the_stream_of_events_shows_no_secret_output() {
    let project = making();
    project.write("go", "");
    let ended = project.run(&["run", "w", "--output", "json"]).expect(0);
    nowhere(&project, &ended.output());
}

#[test]
fn a_secret_output_outlives_engine_and_keeper() {
    for keeper_too in [false, true] {
        let project = making();
        let life = project.spawn(&["run", "w"]);
        project.await_file("begun");
        let mut output = life.kill().output();
        if keeper_too {
            project.kill_keeper();
        }
        project.write("go", "");
        let resumed: &[&str] = if keeper_too { &["resume", "--repeat", "wait"] } else { &["resume"] };
        output += &project.run(resumed).expect(0).output();
        output += &looks(&project);
        nowhere(&project, &output);
        assert_eq!(project.journal().about("attempt_started", "login").count(), 1);
    }
}

#[test]
fn a_secret_output_that_is_another_changes_nothing_that_uses_it() {
    let project = making();
    project.write("go", "");
    let fingerprints = |token: &str| {
        project.write("token", token);
        project.run(&["run", "w"]).expect(0);
        let journal = project.journal();
        std::fs::remove_dir_all(project.path().join(".runner")).unwrap();
        let started = journal.of("attempt_started");
        started.map(|record| record.event["fingerprint"].clone()).collect::<Vec<_>>()
    };
    let first = fingerprints(MADE);
    assert_eq!(first.len(), 6);
    assert_eq!(fingerprints("another-token"), first);
}

#[test]
fn a_rotated_key_seals_and_the_older_one_opens() {
    let project = making();
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.kill();
    let old = std::fs::read_to_string(keys(&project)).unwrap();
    std::fs::write(keys(&project), format!("{}=\n{old}", "A".repeat(43))).unwrap();
    project.write("go", "");
    project.run(&["resume"]).expect(0);
    let sealed = sealed(&project);
    let key = |name: &str| sealed.iter().find(|(of, _)| of == name).map(|(_, key)| key.clone()).unwrap();
    assert_ne!(key("login.stdout"), key("more.json"));
    assert_eq!(key("more.json"), key("outputs.token"));
    nowhere(&project, "");
}

#[test]
fn a_secret_output_goes_to_a_called_workflow_but_not_into_items_or_the_state() {
    let project = project(
        "
steps:
  - {id: login, uses: exec.run, with: {argv: [cat, token], capture: text, secret: true}}
  - {id: call, run: ./inner.yaml, with: {t: '{{steps.login.outputs.stdout}}'}}
  - {id: kept, on_error: ignore, uses: state.set, with: {key: k, value: 'x{{steps.login.outputs.stdout}}'}}
  - {id: each, on_error: ignore, foreach: '[steps.login.outputs.stdout]', uses: log.print, with: {message: '{{item}}'}}
outputs: {back: '{{steps.call.outputs.back}}'}
",
    );
    project.workflow(
        "inner",
        "
inputs: {t: {type: string}}
steps:
  - {id: a, uses: exec.run, with: {script: 'test \"$T\" = \"$(cat token)\"', env: {T: '{{inputs.t}}'}}}
outputs: {back: '{{inputs.t}}'}
",
    );
    project.write("token", MADE);
    let ended = project.run(&["run", "w"]).expect(0);
    nowhere(&project, &(ended.output() + &looks(&project)));
    let errors: Vec<_> = project
        .journal()
        .of("step_finished")
        .filter_map(|fact| fact.event["error"]["message"].as_str().map(str::to_owned))
        .collect();
    assert!(errors.iter().any(|error| error.contains("the value holds the secret `login.stdout`")), "{errors:?}");
    assert!(
        errors.iter().any(|error| error.contains("an item of `foreach` holds the secret `login.stdout`")),
        "{errors:?}"
    );
}

#[test]
fn other_steps_make_secrets_too() {
    let project = project(
        "
steps:
  - {id: read, uses: file.read, with: {path: token, secret: true}}
  - {id: server, uses: http.serve, service: true, ready: output.port > 0, with: {folder: site}}
  - {id: get, interrupted: repeat, uses: http.request, with: {url: '{{steps.server.outputs.url}}token.json', secret: true}}
  - {id: use, uses: exec.run, with: {argv: [echo, '{{steps.read.outputs.text}} {{steps.get.outputs.json.token}}']}}
",
    );
    project.write("token", MADE).write("site/token.json", "{\"token\": \"from-a-server-far-away\"}");
    let ended = project.run(&["run", "w"]).expect(0);
    let logs = project.run(&["logs", "use"]).output();
    assert_eq!(logs, "*** ***\n");
    let output = ended.output() + &looks(&project);
    nowhere(&project, &output);
    let mut found = Vec::new();
    places(&project.path().join(".runner"), "from-a-server", &mut found);
    assert!(found.is_empty() && !output.contains("from-a-server"), "{found:?}\n{output}");
}

#[test]
fn a_service_may_announce_a_secret() {
    let project = project(
        "
steps:
  - id: server
    uses: exec.run
    service: true
    ready: output.json.port > 0
    with: {script: 'printf \"{\\\"port\\\": 80, \\\"token\\\": \\\"%s\\\"}\" \"$(cat token)\"; exec sleep 100', capture: json, secret: true}
  - {id: use, uses: exec.run, with: {argv: [echo, '{{steps.server.outputs.json.token}} {{steps.server.outputs.json.port}}']}}
",
    );
    project.write("token", MADE);
    let ended = project.run(&["run", "w"]).expect(0);
    assert_eq!(project.run(&["logs", "use"]).stdout, "*** 80\n");
    nowhere(&project, &(ended.output() + &looks(&project)));
}

#[test]
fn a_key_that_others_can_read_is_refused_before_the_step_starts() {
    let project = making();
    project.write("go", "");
    std::fs::create_dir(project.base().join("config/runner")).unwrap();
    std::fs::write(keys(&project), format!("{}=\n", "A".repeat(43))).unwrap();
    let mode = |mode| {
        use std::os::unix::fs::PermissionsExt;
        std::fs::set_permissions(keys(&project), std::fs::Permissions::from_mode(mode)).unwrap();
    };
    mode(0o644);
    let ended = project.run(&["run", "w"]).expect(20);
    assert!(ended.output().contains("can be read by others") && ended.output().contains("chmod 600"), "{ended}");
    assert_eq!(project.journal().about("attempt_started", "wait").count(), 0);
    mode(0o600);
    project.run(&["resume"]).expect(0);
    await_that("nothing lives on", || project.keeper().is_none());
}

/// The run whose secret is made is killed after that, and its key is gone.
fn without_key(rule: &str) -> Project {
    let project = project(&WORKFLOW.replace("{id: login,", &format!("{{id: login, interrupted: {rule},")));
    project.write("token", MADE);
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.kill();
    std::fs::rename(keys(&project), project.base().join("the-key")).unwrap();
    project.write("go", "");
    project
}

fn attempts(project: &Project, path: &str) -> usize {
    project.journal().about("attempt_started", path).count()
}

#[test]
fn without_its_key_a_secret_that_may_be_made_again_is() {
    let project = without_key("repeat");
    let ended = project.run(&["resume"]).expect(0);
    assert!(ended.output().contains("login: in doubt: its output `login.stdout` cannot be opened: the key"), "{ended}");
    assert_eq!((attempts(&project, "login"), attempts(&project, "wait"), attempts(&project, "use")), (2, 1, 1));
    nowhere(&project, &(ended.output() + &looks(&project)));
}

#[test]
fn without_its_key_a_secret_that_may_not_be_made_again_waits_for_a_person() {
    let project = without_key("stop");
    let doctor = project.run(&["doctor", "w"]).expect(1);
    let run = project.runs().pop().unwrap();
    assert!(doctor.stdout.contains(&format!("{run}  outputs of it are sealed with the key `")), "{doctor}");
    let ended = project.run(&["resume"]).expect(22);
    assert!(ended.output().contains("login") && ended.output().contains("cannot be opened: the key"), "{ended}");
    assert_eq!((attempts(&project, "login"), attempts(&project, "use")), (1, 0));
    let given = format!("login={{\"exit_code\": 0, \"stdout\": \"{MADE}\"}}");
    let ended = project.run(&["resume", "--done", &given]).expect(0);
    assert_eq!((attempts(&project, "login"), attempts(&project, "use")), (1, 1));
    nowhere(&project, &(ended.output() + &looks(&project)));
}

#[test]
fn a_key_that_is_put_back_opens_again_whatever_was_said_meanwhile() {
    let project = without_key("stop");
    project.run(&["resume"]).expect(22);
    std::fs::rename(project.base().join("the-key"), keys(&project)).unwrap();
    project.run(&["doctor", "w"]).expect(0);
    let ended = project.run(&["resume"]).expect(0);
    assert_eq!((attempts(&project, "login"), attempts(&project, "use")), (1, 1));
    nowhere(&project, &(ended.output() + &looks(&project)));
}

#[test]
fn without_its_key_a_secret_that_nothing_looks_at_any_more_is_left_alone() {
    let project = project(
        "
steps:
  - {id: login, interrupted: repeat, uses: exec.run, with: {argv: [cat, token], capture: text, secret: true}}
  - {id: use, uses: exec.run, with: {argv: [echo, '{{steps.login.outputs.stdout}}']}}
  - {id: wait, uses: exec.run, with: {script: 'echo begun >begun; while [ ! -e go ]; do sleep 0.02; done'}}
",
    );
    project.write("token", MADE);
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.kill();
    std::fs::remove_file(keys(&project)).unwrap();
    project.write("go", "");
    project.run(&["resume"]).expect(0);
    assert_eq!((attempts(&project, "login"), attempts(&project, "use")), (1, 1));
}

#[test]
fn without_its_key_a_group_gives_its_secrets_again() {
    let project = project(
        "
steps:
  - id: group
    steps:
      - {id: other, uses: exec.run, with: {script: 'echo x >>other'}}
      - {id: login, interrupted: repeat, uses: exec.run, with: {argv: [cat, token], capture: text, secret: true}}
    outputs: {token: '{{steps.login.outputs.stdout}}'}
  - id: each
    foreach: '[1, 2]'
    interrupted: repeat
    uses: exec.run
    with: {script: 'cat token; echo {{item}}', capture: text, secret: true}
  - {id: wait, uses: exec.run, with: {script: 'echo begun >begun; while [ ! -e go ]; do sleep 0.02; done'}}
  - id: later
    steps:
      - {id: use, uses: exec.run, with: {argv: [test, '{{steps.group.outputs.token}}', '=', a-new-token-of-another]}}
    finally:
      - {id: last, uses: log.print, with: {message: '{{steps.each.items.[1].outputs.stdout}}'}}
",
    );
    project.write("token", MADE);
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.kill();
    std::fs::remove_file(keys(&project)).unwrap();
    project.write("go", "").write("token", "a-new-token-of-another");
    project.run(&["resume"]).expect(0);
    assert_eq!(
        (attempts(&project, "group/login"), attempts(&project, "each[1]"), project.read("other").as_str()),
        (2, 2, "x\n")
    );
}
