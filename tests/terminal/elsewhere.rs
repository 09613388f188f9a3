//! Where there is no terminal.

use crate::support::{Project, await_that};

#[test]
fn a_pipe_gets_plain_lines_and_a_heartbeat() {
    let mut project = Project::new();
    project.env("RUNNER_HEARTBEAT", "100ms");
    project.workflow("w", "steps: [{id: slow, uses: exec.run, with: {argv: [sleep, '0.5']}}]");
    let ended = project.run(&["run", "w"]).expect(0);
    let said = &ended.stderr;
    assert!(!said.contains('\u{1b}') && !ended.stdout.contains('\u{1b}'), "{said}");
    for line in ["00:00 slow: started\n", "… still running slow (", " slow: done in 0.", "w succeeded  1/1 step"] {
        assert!(said.contains(line), "no `{line}` in:\n{said}");
    }
}

#[test]
fn what_lived_through_its_engine_is_named_and_timed_by_the_next_one() {
    let mut project = Project::new();
    project.env("RUNNER_HEARTBEAT", "100ms");
    project.workflow("w", "steps: [{id: slow, uses: exec.run, with: {script: 'echo >begun; sleep 1'}}]");
    let life = project.spawn(&["run", "w"]);
    project.await_fact("attempt_started", "slow");
    await_that("its begin", || project.path().join("begun").exists());
    life.kill();
    let said = project.run(&["resume"]).expect(0).stderr;
    for line in ["00:00 0 finished steps kept\n", "1 still running", "… still running slow (", " slow: done in 1."] {
        assert!(said.contains(line), "no `{line}` in:\n{said}");
    }
}

#[test]
fn a_failure_ends_with_the_step_its_command_its_output_its_log_and_how_to_go_on() {
    let project = Project::new();
    let workflow = "
steps:
  - id: place
    foreach: \"['a b']\"
    steps:
      - id: up
        retry: {attempts: 2, delay: 1ms}
        uses: exec.run
        with: {argv: [sh, -c, 'echo one; echo two >&2; exit 7']}
";
    project.workflow("w", workflow);
    let ended = project.run(&["run", "w"]).expect(20);
    let run = project.runs().pop().unwrap();
    let (said, path) = (&ended.stderr, "'place[\"a b\"]/up'");
    for line in [
        "place[\"a b\"]/up failed after 2 tries, ",
        "\n  `sh` exited with code 7",
        "\n  command:     sh -c 'echo one; echo two >&2; exit 7'\n",
        "\n  output:\n    │ one\n    │ two\n",
        &format!("\n  whole log:   runner logs {run} {path}\n"),
        &format!("\nresume: runner resume {run}\n"),
    ] {
        assert!(said.contains(line), "no `{line}` in:\n{said}");
    }
    let log = project.run(&["logs", &run, "place[\"a b\"]/up"]).expect(0);
    assert!(log.stdout.contains("two"), "the command that is named works: {log}");
    let shown = project.run(&["show"]).expect(0).stdout;
    let tail = |text: &str| text.split_once("place[\"a b\"]/up failed").unwrap().1.to_owned();
    assert_eq!(tail(&shown), tail(said), "a run that is over looks as it did");
}

#[test]
fn a_pause_names_what_is_in_doubt_and_the_commands_that_settle_it() {
    let project = Project::new();
    let pay =
        "{id: pay, uses: exec.run, interrupted: stop, with: {script: 'echo half; echo $$ >begun; exec sleep 1000'}}";
    project.workflow("w", &format!("steps:\n  - {pay}\n"));
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    life.signal(rustix::process::Signal::INT);
    life.end().expect(130);
    let ended = project.run(&["resume"]).expect(22);
    let run = project.runs().pop().unwrap();
    let said = &ended.stderr;
    for line in [
        "00:00 0 finished steps kept\n",
        "pay may or may not have done its work (attempt 1): ",
        "\n    │ half\n",
        &format!("runner resume {run} --done pay\n"),
        &format!("runner resume {run} --repeat pay\n"),
    ] {
        assert!(said.contains(line), "no `{line}` in:\n{said}");
    }
}

#[test]
fn the_event_stream_is_what_events_prints_and_a_resume_tells_only_what_is_new() {
    let project = Project::new();
    project.workflow("w", "steps: [{id: a, uses: exec.run, with: {argv: ['true']}}, {id: b, uses: exec.run, with: {argv: [test, -e, go]}}]");
    let first = project.run(&["run", "w", "--output", "json"]).expect(20).stdout;
    project.write("go", "");
    let second = project.run(&["resume", "--output", "json"]).expect(0).stdout;
    assert_eq!(project.run(&["events"]).expect(0).stdout, first.clone() + &second);
    let line: serde_json::Value = serde_json::from_str(second.lines().next().unwrap()).unwrap();
    assert_eq!((&line["v"], &line["event"]), (&1.into(), &"life_started".into()));
    let shown = project.run(&["show", "--output", "json"]).expect(0).stdout;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["steps"][0]["path"], "a");
    assert_eq!((&shown["end"], &shown["steps"][1]["status"]), (&"succeeded".into(), &"succeeded".into()));
}

#[test]
fn a_secret_is_in_no_report_and_not_in_the_command_that_is_written_down() {
    let mut project = Project::new();
    project.env("TOKEN", "correct-horse");
    let workflow = "
secrets: {token: {env: TOKEN}}
steps:
  - id: login
    uses: exec.run
    with: {argv: [sh, -c, 'echo \"with $1\"; exit 3', sh, '{{secrets.token}}']}
";
    project.workflow("w", workflow);
    let ended = project.run(&["run", "w"]).expect(20);
    let others = [project.run(&["show"]), project.run(&["show", "--output", "json"]), project.run(&["events"])];
    for said in others.iter().map(|ended| &ended.stdout).chain([&ended.stderr]) {
        assert!(!said.contains("correct-horse"), "{said}");
        assert!(said.contains("exit 3' sh ***") || said.contains("exit 3' sh '***'"), "{said}");
    }
    assert!(ended.stderr.contains("│ with ***"), "{ended}");
}
