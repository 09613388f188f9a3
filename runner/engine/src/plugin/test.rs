//! What plugins say, and what they do instead.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use runner_sdk::{Captured, ErrorKind, Exit, Place};
use serde_json::json;

use super::{Description, Places, PluginRecord, Plugins, ask};

fn program(folder: &tempfile::TempDir, text: &str) -> PathBuf {
    let path = folder.path().join("runner-step-x");
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
    path
}

fn record(steps: &serde_json::Value) -> PluginRecord {
    let said = json!({"protocol": 1, "steps": steps}).to_string();
    PluginRecord {
        namespace: "x".to_owned(),
        folder: None,
        path: "/plugins/runner-step-x".into(),
        digest: String::new(),
        description: Description::read(said.as_bytes(), "runner-step-x", "x").unwrap(),
    }
}

fn place() -> Place {
    let folder = PathBuf::from("/project");
    Place {
        project: folder.clone(),
        dir: folder.clone(),
        source: folder,
        run: "r".to_owned(),
        step: "s".to_owned(),
        attempt: 2,
    }
}

#[test]
fn one_that_hangs_is_ended_with_all_that_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let alive = folder.path().join("alive");
    let script = format!("#!/bin/sh\n(while :; do echo >>{0}; sleep 0.01; done) &\nsleep 600\n", alive.display());
    let path = program(&folder, &script);
    let began = Instant::now();
    let error = ask::ask_within(&path, folder.path(), Duration::from_secs(1)).unwrap_err();
    assert!(error.message.ends_with("did not describe itself within 1 s"), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(20), "{:?}", began.elapsed());
    let length = || std::fs::metadata(&alive).map_or(0, |data| data.len());
    // What was killed writes no more: two looks, with time for many lines between them.
    let before = length();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(length(), before, "what it started lives on");
}

#[test]
fn what_it_leaves_behind_is_not_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let path = program(&folder, "#!/bin/sh\nsleep 600 &\necho '{}'\n");
    let began = Instant::now();
    assert_eq!(ask::ask_within(&path, folder.path(), Duration::from_secs(60)).unwrap(), b"{}\n");
    assert!(began.elapsed() < Duration::from_secs(30), "{:?}", began.elapsed());
}

#[test]
fn fields_are_completed_and_checked_by_the_schema() {
    let with = json!({
        "properties": {
            "name": {"type": "string"},
            "size": {"type": "integer", "default": 3},
            "deep": {"type": "object", "default": {}, "properties": {"a": {"type": "integer", "default": 1}}},
            "list": {"type": "array", "items": {"type": "integer"}},
        },
        "required": ["name"],
    });
    let step = json!([{"name": "a", "description": "A.", "idempotent": false, "version": 4, "with": with}]);
    let plugins = Plugins::new(Places::default()).recorded(&[record(&step)]);
    let plugin = plugins.plugin("x", None).unwrap().unwrap();
    let step = plugin.find("a").unwrap();
    assert_eq!((step.name, step.idempotent, step.behaviour, step.namespace()), ("x.a", false, 4, "x"));
    let command = step.decode(json!({"name": "n", "deep": {}})).unwrap().command(&place()).unwrap();
    assert_eq!(command.args, ["run", "a"]);
    let given: serde_json::Value = serde_json::from_slice(&command.stdin).unwrap();
    assert_eq!(given["with"], json!({"name": "n", "size": 3, "deep": {"a": 1}}));
    assert_eq!((&given["place"]["attempt"], &given["protocol"]), (&json!(2), &json!(1)));
    for (with, path) in [
        (json!({}), "."),
        (json!({"name": 1}), "name"),
        (json!({"name": "n", "list": [1, "2"]}), "list[1]"),
        (json!({"name": "n", "deep": {"a": "b"}}), "deep.a"),
        (json!({"name": "n", "more": 1}), "."),
    ] {
        let wrong = step.decode(with.clone()).err().unwrap();
        assert_eq!(wrong.path, path, "{with}: {}", wrong.message);
    }
}

#[test]
fn an_answer_is_outputs_or_an_error_of_a_kind() {
    let outputs = json!({"properties": {"n": {"type": "integer"}}, "required": ["n"]});
    let step = json!([{"name": "a", "description": "A.", "idempotent": true, "outputs": outputs}]);
    let plugins = Plugins::new(Places::default()).recorded(&[record(&step)]);
    let step = plugins.plugin("x", None).unwrap().unwrap().find("a").unwrap();
    let attempt = step.decode(json!({})).unwrap();
    let finish = |exit, stdout: &str, tail: &str| {
        let captured = Captured { stdout: stdout.into(), tail: tail.to_owned() };
        attempt.finish(&place(), exit, &captured).map(|finished| finished.output)
    };
    assert_eq!(finish(Exit::Code(0), " {\"outputs\": {\"n\": 1}}\n", ""), Ok(json!({"n": 1})));
    for (exit, stdout, kind, message) in [
        (Exit::Code(0), "{\"error\": {\"kind\": \"transient\", \"message\": \"m\"}}", ErrorKind::Transient, "m"),
        (Exit::Code(9), "{\"error\": {\"kind\": \"input\", \"message\": \"m\"}}", ErrorKind::Input, "m"),
        (Exit::Code(9), "{\"outputs\": {\"n\": 1}}", ErrorKind::Transient, "`runner-step-x` exited with code 9: last"),
        (Exit::Signal(9), "", ErrorKind::Transient, "`runner-step-x` was ended by signal 9: last"),
        (Exit::Code(0), "\u{1b}[2J", ErrorKind::Permanent, "`runner-step-x` printed `\\u{1b}[2J`, which is no answer"),
        (Exit::Code(0), "", ErrorKind::Permanent, "the outputs of `runner-step-x` are not what it said they would be"),
    ] {
        let error = finish(exit, stdout, "first\nlast\n").unwrap_err();
        assert!(error.kind == kind && error.message.starts_with(message), "{error:?}");
    }
    assert_eq!(step.decode_output(json!({"n": 1})), Ok(json!({"n": 1})));
    assert_eq!(step.decode_output(json!({"n": "1"})).unwrap_err().path, "n");
}
