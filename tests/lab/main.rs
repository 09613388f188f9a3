//! The shipped workflows on real machines, through the real `vagrant`. `tests/run lab` runs these within `tests/lab/inside`.

#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod site;

use rustix::process::Signal;
use site::Site;
use support::await_that;

#[test]
#[ignore = "needs the lab"]
fn one_controller_and_one_worker_come_up_and_go() {
    let site = Site::new(1, 1);
    site.up().end().expect(0);
    assert_eq!(site.inventory(), [("controllers", vec!["control-plane-1"]), ("workers", vec!["worker-1"])]);
    for name in ["control-plane-1", "worker-1"] {
        assert_eq!(site.ssh(name, "hostname"), name, "the written configuration reaches the machine");
    }
    let journal = site.project.journal();
    let when = |kind: &str, path: &str| journal.about(kind, path).next().unwrap().seq;
    let (controllers, workers) = ("controllers", "workers[worker-1]");
    assert!(when("step_finished", controllers) < when("attempt_started", workers), "workers come after controllers");

    site.run("vagrant-status").end().expect(0);
    let machines = site.project.journal().outputs()["machines"].clone();
    assert!(machines.as_array().unwrap().iter().all(|machine| machine["state"] == "running"), "{machines}");

    site.run("vagrant-destroy").end().expect(0);
    assert!(site.machines().is_empty(), "nothing is left: {:?}", site.machines());
}

#[test]
#[ignore = "needs the lab"]
fn three_controllers_and_two_workers_come_up_once_each() {
    let site = Site::new(3, 2);
    site.up().end().expect(0);
    let names = ["control-plane-1", "control-plane-2", "control-plane-3", "worker-1", "worker-2"];
    let (controllers, workers) = names.split_at(3);
    assert_eq!(site.inventory(), [("controllers", controllers.to_vec()), ("workers", workers.to_vec())]);
    for name in names {
        assert_eq!((site.ups(name), site.boots(name)), (1, 1), "{name}");
    }

    // Once more: everything runs already, and stays as it is.
    let first = names.map(|name| site.started(name));
    site.up().end().expect(0);
    assert_eq!(names.map(|name| site.started(name)), first, "no machine was booted again");
}

#[test]
#[ignore = "needs the lab"]
fn machines_that_are_named_are_the_only_ones() {
    let site = Site::new(2, 2);
    let inputs = ["-i", r#"controllers=["control-plane-2"]"#, "-i", r#"workers=["worker-1"]"#];
    site.run_with("vagrant-up", &inputs).end().expect(0);
    assert_eq!(site.machines(), ["control-plane-2", "worker-1"]);
    assert_eq!(site.inventory(), [("controllers", vec!["control-plane-2"]), ("workers", vec!["worker-1"])]);
}

#[test]
#[ignore = "needs the lab"]
fn machines_of_other_names_are_left_alone_and_that_is_said() {
    let site = Site::new(0, 0);
    let ended = site.up().end().expect(20);
    assert!(ended.output().contains("no machine is called control-plane-* or worker-*"), "{ended}");
    assert!(site.machines().is_empty());
}

#[test]
#[ignore = "needs the lab"]
fn controllers_alone_will_do() {
    let site = Site::new(1, 0);
    site.up().end().expect(0);
    assert_eq!(site.inventory(), [("controllers", vec!["control-plane-1"]), ("workers", vec![])]);
}

/// Kills the engine while the second controller boots and the first is done.
fn kill_amid_the_second_controller(site: &Site) {
    site.fault("control-plane-2", "boot-slow=8");
    let engine = site.up();
    await_that("the second controller to boot and the first to be up", || {
        site.boots("control-plane-2") == 1
            && site.project.journal().status("controllers[control-plane-1]") == "succeeded"
    });
    assert!(site.project.journal().status("controllers[control-plane-2]").is_empty(), "it still boots");
    engine.signal(Signal::KILL);
    engine.end();
}

#[test]
#[ignore = "needs the lab"]
fn an_engine_killed_amid_the_second_controller_is_resumed_without_the_first() {
    let site = Site::new(2, 1);
    kill_amid_the_second_controller(&site);
    let first = site.started("control-plane-1");
    site.project.run(&["resume"]).expect(0);
    let journal = site.project.journal();
    for name in ["control-plane-1", "control-plane-2"] {
        let path = format!("controllers[{name}]");
        assert_eq!((journal.attempts(&path), site.ups(name), site.boots(name)), (1, 1, 1), "{name} is brought up once");
    }
    assert!(journal.doubts().is_empty(), "the keeper lived, so nothing is in doubt: {:?}", journal.doubts());
    assert_eq!(site.started("control-plane-1"), first, "the first machine runs on");
    assert_eq!(site.ssh("worker-1", "hostname"), "worker-1");
}

#[test]
#[ignore = "needs the lab"]
fn a_keeper_killed_as_well_leaves_the_second_controller_in_doubt_and_no_other() {
    let site = Site::new(2, 1);
    kill_amid_the_second_controller(&site);
    assert!(site.project.kill_keeper());
    let first = site.started("control-plane-1");
    site.project.run(&["resume"]).expect(0);
    let journal = site.project.journal();
    assert_eq!(journal.doubts(), ["controllers[control-plane-2]"]);
    assert_eq!((journal.attempts("controllers[control-plane-1]"), site.ups("control-plane-1")), (1, 1));
    assert_eq!(site.started("control-plane-1"), first, "the first machine runs on");
    // `vagrant up` of what already runs does not wait for it: the workflow does.
    assert_eq!(site.ssh("control-plane-2", "hostname"), "control-plane-2");
}

#[test]
#[ignore = "needs the lab"]
fn a_boot_that_fails_once_is_named_and_tried_again() {
    let site = Site::new(1, 1);
    site.fault("worker-1", "boot-fails=1");
    let ended = site.up().end().expect(0);
    let journal = site.project.journal();
    assert_eq!((journal.attempts("workers[worker-1]"), site.boots("worker-1")), (2, 2));
    assert_eq!((journal.attempts("controllers[control-plane-1]"), site.boots("control-plane-1")), (1, 1));
    assert!(ended.output().contains("workers[worker-1]"), "{ended}");
    assert_eq!(site.ssh("worker-1", "hostname"), "worker-1");
}

#[test]
#[ignore = "needs the lab"]
fn a_machine_that_never_starts_fails_the_run_by_its_name() {
    let site = Site::new(1, 2);
    site.fault("worker-2", "start-fails");
    let ended = site.up().end().expect(20);
    assert!(ended.output().contains("workers[worker-2]"), "{ended}");
    assert_eq!(site.project.journal().attempts("workers[worker-2]"), 3);
    // Mended, it goes on with the machine that was missing, and with no other.
    site.fault("worker-2", "");
    site.project.run(&["resume"]).expect(0);
    for name in ["control-plane-1", "worker-1"] {
        assert_eq!((site.ups(name), site.boots(name)), (1, 1), "{name}");
    }
    assert_eq!(site.ssh("worker-2", "hostname"), "worker-2");
}
