//! The steps of `vagrant` over the real program, with machines that are only names (`Vagrantfile` beside this file).
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a panic is a failed test; a skipped one says so")]

mod recorded;
#[path = "../shared/mod.rs"]
mod shared;

use std::path::Path;

use runner_sdk::{ErrorKind, Result};
use serde_json::{Value, json};

/// A folder with the Vagrantfile; `None` without Vagrant.
struct Lab(tempfile::TempDir);

impl Lab {
    fn new() -> Option<Self> {
        shared::program(&["/usr/bin/vagrant", "/usr/local/bin/vagrant"])?;
        let folder = tempfile::tempdir().unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vagrant/Vagrantfile");
        std::fs::copy(source, folder.path().join("Vagrantfile")).unwrap();
        Some(Self(folder))
    }

    fn run(&self, step: &str, with: Value) -> Result<Value> {
        self.run_with(step, with, &[])
    }

    fn run_with(&self, step: &str, with: Value, env: &[(&str, &str)]) -> Result<Value> {
        let home = self.0.path().join("home");
        let mut paths = vec![("VAGRANT_HOME", home.as_path())];
        paths.extend(env.iter().map(|(name, value)| (*name, Path::new(*value))));
        shared::run(self.0.path(), &paths, &format!("vagrant.{step}"), with)
    }

    fn states(&self) -> Vec<String> {
        let output = self.run("status", json!({})).unwrap();
        let machines = output["machines"].as_array().unwrap();
        machines.iter().map(|machine| format!("{} {}", machine["name"], machine["state"]).replace('"', "")).collect()
    }
}

#[test]
fn machines_live_from_up_to_destroy() {
    let Some(lab) = Lab::new() else { return };
    lab.run("validate", json!({})).unwrap();
    let output = lab.run("status", json!({"machines": ["worker-1"]})).unwrap();
    assert_eq!(output, json!({"machines": [{"name": "worker-1", "state": "not_created", "provider": "names"}]}));
    assert_eq!(
        lab.run("up", json!({"machines": ["control-plane-1"]})).unwrap(),
        json!({"machines": ["control-plane-1"]})
    );
    assert_eq!(lab.states(), ["control-plane-1 running", "worker-1 not_created"]);
    lab.run("up", json!({"parallel": false})).unwrap();
    let output = lab.run("ssh_config", json!({})).unwrap();
    let expected = json!({"host": "worker-1", "hostname": "127.0.0.1", "user": "vagrant", "port": 2222, "identity_file": "/keys, all/id"});
    assert_eq!(output["machines"][1], expected);
    assert_eq!(output["text"].as_str().unwrap().matches("Host ").count(), 2);
    lab.run("halt", json!({"machines": ["worker-1"]})).unwrap();
    assert_eq!(lab.states(), ["control-plane-1 running", "worker-1 poweroff"]);
    lab.run("destroy", json!({})).unwrap();
    assert_eq!(lab.states(), ["control-plane-1 not_created", "worker-1 not_created"]);
}

#[test]
fn failures_say_what_vagrant_says_and_what_can_be_done() {
    let Some(lab) = Lab::new() else { return };
    let error = lab.run("up", json!({"machines": ["nope"]})).unwrap_err();
    assert_eq!(
        error.message,
        "`vagrant up` failed: the machine with the name 'nope' was not found configured for this Vagrant environment"
    );
    assert_eq!((error.kind, error.exit_code), (ErrorKind::Input, Some(1)));
    assert_eq!(lab.run("status", json!({"machines": ["nope"]})).unwrap_err().kind, ErrorKind::Input);
    let error = lab.run_with("up", json!({}), &[("SLOW", "control-plane-1"), ("FAIL", "worker-1")]).unwrap_err();
    assert_eq!(
        error.message,
        "`vagrant up` failed: `control-plane-1`: timed out while waiting for the machine to boot; `worker-1`: no, not worker-1"
    );
    assert_eq!(error.kind, ErrorKind::Transient);
    let error = lab.run("ssh_config", json!({})).unwrap_err();
    assert!(error.kind == ErrorKind::Transient && error.message.contains("not yet ready for SSH"), "{error}");
}

#[test]
fn a_vagrantfile_that_is_wrong_or_missing_is_an_input_error() {
    let Some(lab) = Lab::new() else { return };
    let with = |text: &str| std::fs::write(lab.0.path().join("Vagrantfile"), text).unwrap();
    with("Vagrant.configure(\"2\") do |config|\n");
    let error = lab.run("validate", json!({})).unwrap_err();
    assert!(error.kind == ErrorKind::Input && error.message.contains("Vagrantfile:1: syntax error"), "{error}");
    with("Vagrant.configure(\"2\") { |config| config.vm.boxx = 1 }\n");
    let error = lab.run("validate", json!({"ignore_provider": true})).unwrap_err();
    assert!(error.kind == ErrorKind::Input && error.message.contains("shouldn't exist: boxx"), "{error}");
    std::fs::remove_file(lab.0.path().join("Vagrantfile")).unwrap();
    let error = lab.run("up", json!({})).unwrap_err();
    assert!(error.kind == ErrorKind::Input && error.hint.as_deref().unwrap().contains("`dir`"), "{error}");
}
