//! Engines and `helm` itself are killed in the middle.

use rustix::process::Signal;

use super::{Site, with_both};
use crate::support::{Life, await_that};

const MORE: &str = "chart: ./web, wait: true, timeout: 60s, values: {more: true}";

/// A step that is in the middle: `helm` waits for the Pod.
fn waiting(site: &Site, verb: &str) -> Life {
    let life = site.step(verb, MORE).project.spawn(&["run", "w"]);
    await_that("the Pod", || site.pod());
    life
}

/// Goes on with the run, and says that the Pod is ready as often as there is one.
fn resume(site: &Site) {
    let mut life = site.project.spawn(&["resume"]);
    await_that("the end", || {
        site.ready();
        !life.is_alive()
    });
    life.end().expect(0);
}

#[test]
#[ignore = "needs the control plane"]
fn a_killed_engine_does_not_end_helm_and_another_life_takes_it_up() {
    with_both(|site, major| {
        site.done("install", "chart: ./web");
        waiting(site, "upgrade").kill();
        assert_eq!(site.statuses(major), ["deployed", "pending-upgrade"]);
        resume(site);
        let journal = site.project.journal();
        assert_eq!((journal.attempts("a"), journal.outputs_of("a")["revision"].clone()), (1, 2.into()));
        assert_eq!(site.statuses(major), ["superseded", "deployed"]);
    });
}

#[test]
#[ignore = "needs the control plane"]
fn what_a_killed_helm_leaves_pending_goes_back_and_then_on() {
    with_both(|site, major| {
        site.done("install", "chart: ./web");
        let life = waiting(site, "upgrade");
        assert!(site.project.kill_all() > 1);
        drop(life);
        assert_eq!(site.statuses(major), ["deployed", "pending-upgrade"]);
        resume(site);
        let logs = site.project.run(&["logs"]).output();
        assert!(logs.contains("is `pending-upgrade`") && logs.contains("back to revision 1"), "{logs}");
        assert_eq!(site.statuses(major).last().unwrap(), "deployed");
        assert_eq!(site.project.journal().outputs_of("a")["revision"], 4);
    });
}

#[test]
#[ignore = "needs the control plane"]
fn what_a_killed_helm_never_installed_is_removed_and_installed() {
    with_both(|site, major| {
        let life = waiting(site, "install");
        site.project.kill_all();
        drop(life);
        assert_eq!(site.statuses(major), ["pending-install"]);
        let said = site.failed("install", "chart: ./web, pending: fail");
        assert!(said.contains("is in progress") && said.contains("pending: mend"), "{said}");
        assert_eq!(site.done("install", "chart: ./web")["revision"], 1);
        assert_eq!(site.statuses(major), ["deployed"]);
    });
}

#[test]
#[ignore = "needs the control plane"]
fn who_is_asked_to_stop_leaves_nothing_pending() {
    with_both(|site, major| {
        site.done("install", "chart: ./web");
        let life = waiting(site, "upgrade");
        life.signal(Signal::INT);
        life.end().expect(130);
        site.project.await_silence();
        assert_eq!(site.statuses(major), ["deployed", "failed"]);
        resume(site);
        assert_eq!(site.statuses(major), ["superseded", "failed", "deployed"]);
    });
}
