//! Steps and the deaths and wishes of their engine.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use runner_sdk::{Ability, Kind};
use rustix::process::Signal;

use super::excuse::{Claim, excused};
use super::{Bench, for_all, id, steps_of};
use crate::project;
use crate::support::await_that;

#[test]
fn a_process_step_is_finished_by_another_engine_life() {
    for_all(|step, example| {
        if step.kind != Kind::Process {
            return Ok(());
        }
        let Some(bench) = Bench::of(example, true) else { return Ok(()) };
        let project = &bench.project;
        let (steps, at) = steps_of(step, example);
        let id = id(&steps[at]);
        let life = project.spawn(&["run", "w"]);
        await_that("the step", || !project.runs().is_empty() && project.journal().attempts(id) > 0);
        let first = life.kill();
        if project.journal().end() == "succeeded" {
            return Ok(());
        }
        let ended = project.run(&["resume"]);
        let doubts = project.journal().doubts();
        if ended.code != 0 || doubts.iter().any(|path| path == id) {
            return Err(format!("in doubt: {doubts:?}; first {first}\nthen {ended}"));
        }
        Ok(())
    });
}

/// A step of each type that may take long: its `with` that makes it wait, and what else the step says. `PORT` listens and
/// never answers; `helm` and `vagrant` are programs that sleep.
pub(super) const LONG: &[(&str, &str, &str)] = &[
    ("exec.run", "{argv: [sleep, '100']}", ""),
    ("http.request", "{url: 'http://127.0.0.1:PORT/'}", ""),
    ("http.serve", "{folder: .}", "service: true, ready: 'false', "),
    ("kube.get", "{kubeconfig: kubeconfig, kind: Namespace, name: a}", ""),
    ("kube.list", "{kubeconfig: kubeconfig, kind: Namespace}", ""),
    ("tcp.wait", "{host: 127.0.0.1, port: 1}", ""),
    ("helm.install", "{release: web, chart: ./web}", ""),
    ("helm.rollback", "{release: web, revision: 1}", ""),
    ("helm.status", "{release: web}", ""),
    ("helm.template", "{release: web, chart: ./web}", ""),
    ("helm.uninstall", "{release: web}", ""),
    ("helm.upgrade", "{release: web, chart: ./web}", ""),
    ("ssh.copy", "{host: '127.0.0.1', port: PORT, from: workflows/w.yaml, to: x, connect_timeout: 100s}", ""),
    ("ssh.run", "{host: '127.0.0.1', port: PORT, argv: [x], connect_timeout: 100s}", ""),
    ("vagrant.destroy", "{dir: .}", ""),
    ("vagrant.halt", "{dir: .}", ""),
    ("vagrant.ssh_config", "{dir: .}", ""),
    ("vagrant.status", "{dir: .}", ""),
    ("vagrant.up", "{dir: .}", ""),
    ("vagrant.validate", "{dir: .}", ""),
];

#[test]
fn a_cancel_is_heard_within_the_grace() {
    for step in runner_steps::all() {
        let long = LONG.iter().any(|(name, ..)| *name == step.name);
        let runs = !step.can(Ability::Asks);
        assert!(long || !step.waits || !runs, "`{}` waits and is not interrupted here", step.name);
        assert!(long || excused(step, Claim::Cancel), "`{}` is not interrupted, and no reason is given", step.name);
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    std::thread::scope(|scope| {
        for (name, with, more) in LONG {
            let with = with.replace("PORT", &port);
            let port = &port;
            scope.spawn(move || cancelled(name, &with, more, port));
        }
    });
}

/// A step is interrupted in the middle of its attempt; it hears it, and leaves nothing behind.
fn cancelled(name: &str, with: &str, more: &str, port: &str) {
    let mut project = project(&format!("steps: [{{id: a, uses: {name}, grace: 2s, {more}with: {with}}}]"));
    let cluster = format!("{{name: c, cluster: {{server: 'http://127.0.0.1:{port}'}}}}");
    let context = "{name: c, context: {cluster: c, user: u}}";
    project.write(
        "kubeconfig",
        format!("{{current-context: c, clusters: [{cluster}], contexts: [{context}], users: [{{name: u, user: {{token: t}}}}]}}"),
    );
    for program in ["bin/helm", "bin/vagrant"] {
        project.program(program, "#!/bin/sh\nexec sleep 100\n");
    }
    let path = std::env::var("PATH").unwrap_or_default();
    project.env("PATH", format!("{}:{path}", project.path().join("bin").display()));
    let life = project.spawn(&["run", "w"]);
    project.await_fact("attempt_started", "a");
    let asked = Instant::now();
    life.signal_group(Signal::INT);
    let ended = life.end();
    assert_eq!(ended.code, 130, "{name}: {ended}");
    assert!(asked.elapsed() < Duration::from_secs(10), "{name} took {:?}", asked.elapsed());
    project.await_silence();
}
