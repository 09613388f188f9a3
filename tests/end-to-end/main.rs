//! End to end: the real binary, killed, stopped, resumed, and given what it must refuse.

#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]
#![expect(clippy::print_stderr, reason = "what a test says")]

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod approval;
mod archive;
mod busy;
mod cached;
mod called;
mod checkpoint;
mod conformance;
mod disk;
mod doubt;
mod durable;
mod edit;
mod ending;
mod house;
mod large;
mod loaded;
mod odd;
mod orphan;
mod planted;
mod plugin;
mod repair;
mod saved;
mod sealed;
mod secret;
mod select;
mod served;
mod signal;
mod taken;
mod template;
mod turn;
mod undo;

use support::Project;

/// A project with one workflow, `w`.
fn project(workflow: &str) -> Project {
    let project = Project::new();
    project.workflow("w", workflow);
    project
}
