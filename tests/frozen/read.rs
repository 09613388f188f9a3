//! Reading what every release has written.

use std::path::Path;

use serde_json::Value;

use crate::support::Project;
use crate::{sets, unpack};

/// The project of a set, as it was packed, and what is known of it.
fn project(folder: &Path) -> (Project, Value) {
    let project = Project::new();
    unpack(&folder.join("project.tar.zst"), project.path());
    let keys = project.base().join("config/runner/keys");
    std::fs::create_dir_all(keys.parent().unwrap()).unwrap();
    std::fs::copy(folder.join("keys"), &keys).unwrap();
    std::fs::set_permissions(keys, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let expected = std::fs::read_to_string(folder.join("expected.json")).unwrap();
    (project, serde_json::from_str(&expected).unwrap())
}

/// A run of the set by its name.
fn run<'a>(expected: &'a Value, name: &str) -> &'a Value {
    expected["runs"].as_array().unwrap().iter().find(|run| run["name"] == name).unwrap()
}

fn id<'a>(expected: &'a Value, name: &str) -> &'a str {
    run(expected, name)["id"].as_str().unwrap()
}

/// What the journal of a run says that it left.
fn outputs(project: &Project, id: &str) -> Value {
    crate::support::Journal::read(&project.path().join(".runner/runs").join(id)).outputs()
}

#[test]
fn every_run_is_shown_as_it_stood() {
    for (version, folder) in sets() {
        let (project, expected) = project(&folder);
        let told = project.run(&["runs", "-n", "99", "--output", "json"]).expect(0).stdout;
        let told: Vec<Value> = told.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for run in expected["runs"].as_array().unwrap() {
            let found = told.iter().find(|told| told["id"] == run["id"]).unwrap_or_else(|| panic!("{version}: {run}"));
            assert_eq!(found["state"], run["state"], "{version}");
            let id = run["id"].as_str().unwrap();
            for command in ["show", "status", "events", "logs"] {
                project.run(&[command, id]).expect(0);
            }
            assert_eq!(outputs(&project, id), run["outputs"], "{version}");
        }
        let logs = project.run(&["logs", id(&expected, "done")]).expect(0).stdout;
        assert!(logs.contains("hello eastus") && logs.contains("bye"), "{version}: {logs}");
        let large = project.run(&["logs", id(&expected, "done"), "large"]).expect(0).stdout;
        assert!(large.contains("\n20000\n"), "{version}");
    }
}

#[test]
fn every_run_goes_on_from_where_it_stood() {
    for (version, folder) in sets() {
        let (project, expected) = project(&folder);
        project.run(&["resume", id(&expected, "done")]).expect(2);
        project.write("good", "");
        for name in ["failed", "killed", "sealed", "many"] {
            let ended = project.run(&["resume", id(&expected, name)]);
            assert_eq!(ended.code, 0, "{version}: {name}: {ended}");
        }
        for calls in ["failed-calls", "killed-calls", "sealed-calls"] {
            assert_eq!(project.read(calls), "call\n", "{version}: what was finished ran again: {calls}");
        }
        assert_eq!(outputs(&project, id(&expected, "many"))["count"], 800, "{version}");
        let ended = project.run(&["resume", id(&expected, "doubt")]).expect(22);
        assert!(ended.stderr.contains("pay"), "{version}: {ended}");
        project.run(&["resume", id(&expected, "doubt"), "--done", "pay"]).expect(0);
        let asked = project.run(&["resume", id(&expected, "edited")]).expect(22);
        assert!(asked.stderr.contains("go on?"), "{version}: {asked}");
        project.run(&["approve", id(&expected, "edited")]).expect(0);
        assert_eq!(project.read("edited-calls"), "call\n", "{version}: an edit elsewhere keeps what was finished");
        assert!(!project.path().join("undone-page").exists(), "{version}");
        project.run(&["resume", id(&expected, "undone")]).expect(0);
        assert_eq!(
            (project.read("undone-base"), project.read("undone-page")),
            ("base".into(), "page".into()),
            "{version}"
        );
        project.run(&["run", "cached"]).expect(0);
        assert_eq!(project.read("cached-calls"), "call\n", "{version}: what is remembered holds");
    }
}

#[test]
fn every_state_is_read_and_written_on() {
    for (version, folder) in sets() {
        let (project, _) = project(&folder);
        let get = |key: &str| project.run(&["state", "get", key]).expect(0).stdout;
        assert_eq!(get("regions.eastus.version"), "1.2.3\n", "{version}");
        let events: Vec<u64> = serde_json::from_str(&get("events")).unwrap();
        assert_eq!(events.len(), 300, "{version}");
        let document = std::fs::read_to_string(folder.join("state.json")).unwrap();
        let document: Value = serde_json::from_str(&document).unwrap();
        let exported: Value = serde_json::from_str(&project.run(&["state", "export"]).expect(0).stdout).unwrap();
        assert_eq!(exported["state"], document["state"], "{version}");
        project.run(&["state", "set", "by.hand", "2"]).expect(0);
        assert_eq!(
            (get("by.hand"), get("regions.eastus.version")),
            ("2\n".to_owned(), "1.2.3\n".to_owned()),
            "{version}"
        );
        let other = Project::new();
        other.write("state.json", std::fs::read(folder.join("state.json")).unwrap());
        other.run(&["state", "import", "state.json"]).expect(0);
        assert_eq!(other.run(&["state", "get", "regions.eastus.version"]).expect(0).stdout, "1.2.3\n", "{version}");
    }
}

#[test]
fn every_exported_run_is_imported() {
    for (version, folder) in sets() {
        let (there, expected) = project(&folder);
        let project = Project::new();
        project.write("run.tar.zst", std::fs::read(folder.join("run.tar.zst")).unwrap());
        project.run(&["import", "run.tar.zst"]).expect(0);
        let id = id(&expected, "done");
        for command in ["show", "events", "logs"] {
            let words = [command, id];
            assert_eq!(
                project.run(&words).expect(0).stdout,
                there.run(&words).expect(0).stdout,
                "{version}: {command}"
            );
        }
    }
}
