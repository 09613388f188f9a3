//! How runs end: exit codes, rounds, and what is refused before anything starts.

use crate::project;
use crate::support::Project;

#[test]
fn a_failed_run_is_resumed_with_a_fresh_retry_budget() {
    let project = project(
        "
steps:
  - {id: kept, uses: exec.run, needs: [], with: {script: 'echo x >>kept'}}
  - id: shaky
    uses: exec.run
    retry: {attempts: 2, delay: 1ms}
    with: {script: 'echo x >>tries; [ $(wc -l <tries) -ge 4 ]'}
  - {id: after, uses: exec.run, with: {script: 'echo x >>after'}}
finally:
  - {id: last, uses: exec.run, with: {script: 'echo x >>last'}}
",
    );
    let ended = project.run(&["run", "w"]).expect(20);
    assert!(ended.stderr.contains("shaky"), "{ended}");
    assert_eq!(project.read("tries").lines().count(), 2);
    assert_eq!((project.read("after").as_str(), project.read("last").as_str()), ("", "x\n"));
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("tries").lines().count(), 4);
    assert_eq!((project.read("kept").as_str(), project.read("after").as_str()), ("x\n", "x\n"));
    assert_eq!(project.read("last"), "x\nx\n", "`finally` belongs to its round");
    project.run(&["resume"]).expect(2);
    project.await_silence();
}

#[test]
fn the_runs_own_timeout_stops_everything_and_ends_with_21() {
    let project = project("timeout: 200ms\nsteps: [{id: a, uses: exec.run, with: {script: 'sleep 100 & sleep 100'}}]");
    project.run(&["run", "w"]).expect(21);
    project.await_silence();
    assert_eq!(project.journal().end(), "timed_out");
}

#[test]
fn what_a_timeout_around_it_stopped_has_failed_and_resume_does_it_again_unasked() {
    let step = "{id: a, uses: exec.run, with: {script: 'echo x >>tries; [ $(wc -l <tries) = 2 ] || sleep 100'}}";
    let callee = format!("timeout: 400ms\nsteps: [{step}]");
    let cases = [
        (format!("timeout: 400ms\nsteps: [{step}]"), "a"),
        (format!("steps: [{{id: g, timeout: 400ms, steps: [{step}]}}]"), "g/a"),
        ("steps: [{id: g, run: ./callee.yaml}]".to_owned(), "g/a"),
    ];
    for (text, path) in cases {
        let project = project(&text);
        project.workflow("callee", &callee);
        project.run(&["run", "w"]).expect(21);
        let ends: Vec<_> = project.journal().of("attempt_ended").map(|record| record.event["result"].clone()).collect();
        assert_eq!(ends[0]["failed"]["error"]["kind"], "timeout", "{path}: {ends:?}");
        project.run(&["resume"]).expect(0);
        assert_eq!(project.read("tries"), "x\nx\n", "{path}");
        project.await_silence();
    }
}

#[test]
fn an_attempts_timeout_ends_with_21_once_its_retries_are_used_up() {
    let project = project(
        "steps: [{id: a, uses: exec.run, timeout: 100ms, retry: {attempts: 2, delay: 1ms}, with: {script: 'echo x >>tries; sleep 100'}}]",
    );
    project.run(&["run", "w"]).expect(21);
    assert_eq!(project.read("tries").lines().count(), 2);
    project.await_silence();
}

#[test]
fn a_groups_timeout_holds_across_engine_lives() {
    let project = project(
        "
steps:
  - id: g
    timeout: 1500ms
    steps: [{id: a, uses: exec.run, with: {script: 'echo $$ >begun; sleep 100'}}]
",
    );
    let begun = std::time::Instant::now();
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.kill();
    let ended = project.run(&["resume"]);
    assert!([20, 21].contains(&ended.code), "{ended}");
    assert!(begun.elapsed() < std::time::Duration::from_secs(20));
    project.await_silence();
}

#[test]
fn a_retry_that_was_to_come_comes_in_the_next_life() {
    let project = project(
        "steps: [{id: a, uses: exec.run, retry: {attempts: 2, delay: 500ms}, with: {script: 'echo x >>tries; [ $(wc -l <tries) = 2 ]'}}]",
    );
    let life = project.spawn(&["run", "w"]);
    project.await_fact("timer_set", "a");
    life.kill();
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("tries").lines().count(), 2);
}

#[test]
fn an_invalid_workflow_ends_with_10_and_writes_nothing() {
    for wrong in ["steps: [{id: a, uses: exec.runn}]", "steps: {", ""] {
        let project = project(wrong);
        let ended = project.run(&["run", "w"]).expect(10);
        assert!(ended.stderr.contains("workflows/w.yaml"), "{ended}");
        assert!(!project.path().join(".runner").exists(), "`{wrong}` wrote something");
    }
    let project =
        project("inputs: {n: {type: integer, max: 3}}\nsteps: [{id: a, uses: log.print, with: {message: hi}}]");
    project.run(&["run", "w"]).expect(10);
    project.run(&["run", "w", "--input", "n=4"]).expect(10);
    project.run(&["run", "w", "--input", "m=4", "--input", "n=1"]).expect(10);
    project.run(&["run", "nowhere"]).expect(10);
    assert!(!project.path().join(".runner").exists());
    project.run(&["run", "w", "--input", "n=1"]).expect(0);
}

#[test]
fn a_command_line_that_is_wrong_ends_with_2() {
    let project = Project::new();
    for wrong in [&["fly"][..], &["run"], &["run", "--parallel", "0", "w"], &["resume"], &["resume", "nobody"]] {
        let ended = project.run(wrong);
        assert_eq!(ended.code, 2, "{wrong:?}: {ended}");
    }
    assert!(!project.path().join(".runner").exists());
}

#[test]
fn files_that_changed_are_named_and_the_run_goes_on_with_them() {
    let project = project(
        "
load: {config: {file: config.yaml}}
steps:
  - {id: a, uses: exec.run, with: {script: 'echo x >>a; test -e go'}}
  - {id: b, run: callee}
",
    );
    let callee = "steps: [{id: c, uses: exec.run, with: {script: 'echo x >>c'}}]";
    project.workflow("callee", callee).write("config.yaml", "a: 1\n");
    project.run(&["run", "w"]).expect(20);
    project.write("go", "");
    let main = project.read("workflows/w.yaml");
    project.workflow("w", &format!("{main}# a word more\n")).workflow("callee", &callee.replace("echo x", "echo y"));
    let ended = project.run(&["resume"]).expect(0);
    assert!(ended.stderr.contains("workflows/w.yaml") && ended.stderr.contains("workflows/callee.yaml"), "{ended}");
    assert_eq!((project.read("a").as_str(), project.read("c").as_str()), ("x\nx\n", "y\n"));
}

#[test]
fn the_workflows_own_exit_code_is_given_on_success() {
    let project = project(
        "exit_code: \"steps.a.outputs.stdout == 'degraded' ? 40 : 0\"\nsteps: [{id: a, uses: exec.run, with: {argv: [echo, degraded], capture: text}}]",
    );
    project.run(&["run", "w"]).expect(40);
    project.run(&["resume"]).expect(2);
}

#[test]
fn services_are_stopped_at_the_end_and_no_keeper_is_left() {
    let project = project(
        "
steps:
  - id: web
    uses: exec.run
    service: true
    with: {script: 'echo $$ >pid; echo ready; sleep 1000 & wait', capture: text}
    ready: output.stdout.contains('ready')
  - {id: check, uses: exec.run, with: {script: 'kill -0 $(cat pid)'}}
finally:
  - {id: still, uses: exec.run, with: {script: 'kill -0 $(cat pid)'}}
",
    );
    project.run(&["run", "w"]).expect(0);
    assert_eq!(project.processes(), [], "something lives on when the program has ended");
}

#[test]
fn a_service_that_never_gets_ready_fails_within_its_timeout() {
    let project = project(
        "steps: [{id: web, uses: exec.run, service: true, timeout: 300ms, ready: 'false', with: {script: 'sleep 1000', capture: text}}]",
    );
    let ended = project.run(&["run", "w"]);
    assert!([20, 21].contains(&ended.code), "{ended}");
    assert_eq!(project.processes(), []);
}

#[test]
fn continue_ends_with_20_and_ignore_with_0() {
    let workflow = |on_error| {
        format!(
            "steps:\n  - {{id: a, uses: exec.run, on_error: {on_error}, with: {{argv: ['false']}}}}\n  - {{id: b, uses: exec.run, with: {{script: 'echo x >>b'}}}}\n"
        )
    };
    for (on_error, code) in [("continue", 20), ("ignore", 0)] {
        let project = project(&workflow(on_error));
        project.run(&["run", "w"]).expect(code);
        assert_eq!(project.read("b"), "x\n");
    }
}
