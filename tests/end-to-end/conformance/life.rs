//! Steps and the deaths and wishes of their engine.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use runner_sdk::Kind;
use rustix::process::Signal;

use super::{Bench, for_all};
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
        let steps: serde_json::Value = serde_yaml::from_str(example.steps).map_err(|error| error.to_string())?;
        let ours = steps.as_array().into_iter().flatten().find(|one| one["uses"] == step.name);
        let Some(id) = ours.and_then(|one| one["id"].as_str()) else { return Err("no step of the type".to_owned()) };
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

/// A step of each type that may take long, with what makes it wait; `PORT` listens and never answers.
const LONG: &[(&str, &str)] = &[
    ("exec.run", "{argv: [sleep, '100']}"),
    ("http.request", "{url: 'http://127.0.0.1:PORT/'}"),
    ("tcp.wait", "{host: 127.0.0.1, port: 1}"),
    ("ssh.run", "{host: '127.0.0.1', port: PORT, argv: [x], connect_timeout: 100s}"),
];

#[test]
fn a_cancel_is_heard_within_the_grace() {
    let waiting = runner_steps::all().into_iter().filter(|step| step.waits);
    for step in waiting {
        assert!(LONG.iter().any(|(name, _)| *name == step.name), "`{}` waits and is not interrupted here", step.name);
    }
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port().to_string();
    for (name, with) in LONG {
        let with = with.replace("PORT", &port);
        let project = project(&format!("steps: [{{id: a, uses: {name}, grace: 2s, with: {with}}}]"));
        let life = project.spawn(&["run", "w"]);
        project.await_fact("attempt_started", "a");
        let asked = Instant::now();
        life.signal_group(Signal::INT);
        let ended = life.end();
        assert_eq!(ended.code, 130, "{name}: {ended}");
        assert!(asked.elapsed() < Duration::from_secs(8), "{name} took {:?}", asked.elapsed());
        project.await_silence();
    }
}
