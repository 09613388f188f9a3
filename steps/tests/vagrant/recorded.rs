//! What the real Vagrant printed in the lab (`tests/fixture/vagrant`), understood without it.

use std::path::Path;

use runner_sdk::{Captured, ErrorKind, Exit, Result};
use serde_json::{Value, json};

use crate::shared;

/// What the step makes of a recorded run.
fn finish(step: &str, recorded: &str) -> Result<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixture/vagrant");
    let text = std::fs::read_to_string(folder.join(format!("{recorded}.txt"))).unwrap();
    let (head, printed) = text.split_once("--- stdout\n").unwrap();
    let (stdout, stderr) = printed.split_once("--- stderr\n").unwrap();
    let code = head.lines().find_map(|line| line.strip_prefix("exit ")).unwrap().parse().unwrap();
    let place = shared::place(Path::new("/project"));
    let step = runner_steps::find(step).unwrap().decode(json!({})).unwrap();
    let captured = if step.command(&place)?.capture {
        Captured { stdout: stdout.into(), tail: stderr.to_owned() }
    } else {
        Captured { stdout: Vec::new(), tail: format!("{stdout}{stderr}") }
    };
    step.finish(&place, Exit::Code(code), &captured).map(|finished| finished.output)
}

#[test]
fn states_are_read_from_what_vagrant_printed() {
    let state = |recorded| {
        let output = finish("vagrant.status", recorded).unwrap();
        let machines = output["machines"].as_array().unwrap();
        machines.iter().map(|m| m["state"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(state("status-before"), ["not_created", "not_created"]);
    assert_eq!(state("status-running"), ["running", "running"]);
    assert_eq!(state("status-poweroff").last().unwrap(), "poweroff");
    for fine in ["up", "up-running", "up-after-kill", "up-boot-slow"] {
        assert!(finish("vagrant.up", fine).is_ok(), "{fine}");
    }
    for fine in ["destroy", "destroy-before"] {
        assert!(finish("vagrant.destroy", fine).is_ok(), "{fine}");
    }
}

#[test]
fn failures_are_classed_by_what_vagrant_printed() {
    use ErrorKind::{Input, Permanent, Transient};
    for (step, recorded, kind, says) in [
        ("vagrant.up", "up-unknown", Input, "the machine with the name 'nope' was not found"),
        ("vagrant.up", "up-unknown-key", Input, "shouldn't exist: boot_time"),
        ("vagrant.up", "up-locked", Transient, "another process is already executing an action on the machine"),
        ("vagrant.up", "up-ssh-refuses", Transient, "timed out while waiting for the machine to boot"),
        ("vagrant.up", "up-ssh-denies", Transient, "timed out while waiting for the machine to boot"),
        ("vagrant.up", "up-boot-hangs", Transient, "timed out while waiting for the machine to boot"),
        ("vagrant.up", "up-start-fails", Transient, "did not start"),
        ("vagrant.up", "up-machine-readable-failed", Transient, "did not start"),
        ("vagrant.validate", "validate-unknown-key", Input, "shouldn't exist: boot_time"),
        ("vagrant.validate", "validate-syntax", Input, "syntax error"),
        ("vagrant.status", "status-syntax", Input, "syntax error"),
        ("vagrant.status", "status-no-file", Input, "a Vagrant environment or target machine is required"),
        ("vagrant.destroy", "destroy-asks", Permanent, "requires a TTY"),
        ("vagrant.ssh_config", "ssh-config-before", Transient, "not yet ready for SSH"),
    ] {
        let error = finish(step, recorded).unwrap_err();
        assert!(error.kind == kind && error.message.contains(says), "{recorded}: {:?} {error}", error.kind);
    }
}
