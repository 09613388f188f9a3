//! Looking at runs: `runs`, `status`, `logs`, `events`.

use rustix::process::Signal;
use serde_json::Value;

use crate::after_a_run;
use crate::support::{Project, await_that};

/// A workflow that goes on until it is told.
const LONG: &str = "steps:
  - {id: first, uses: exec.run, with: {argv: [echo, first]}}
  - id: long
    uses: exec.run
    interrupted: repeat
    with: {script: \"echo begun; touch begun; while ! test -e go; do sleep 0.01; done; echo gone\"}
";

fn begun() -> (Project, crate::support::Life) {
    let project = Project::new();
    project.workflow("long", LONG);
    let life = project.spawn(&["run", "long"]);
    await_that("the step", || project.path().join("begun").exists());
    (project, life)
}

#[test]
fn nothing_yet_is_said_and_is_no_error_of_a_list() {
    let project = Project::new();
    let ended = project.run(&["runs"]).expect(0);
    assert_eq!(ended.stderr, "there are no runs yet; `runner run NAME` starts one\n");
    for command in ["status", "logs", "events", "cancel", "resume"] {
        let ended = project.run(&[command]).expect(2);
        assert!(ended.stderr.contains("hint: "), "{command}: {ended}");
    }
    let ended = project.run(&["status", "2026"]).expect(2);
    assert!(ended.stderr.starts_with("error: no run `2026`"), "{ended}");
}

#[test]
fn runs_are_listed_newest_first() {
    let project = after_a_run();
    project.run(&["run", "demo", "-i", "size=2Gi"]).expect(0);
    let ended = project.run(&["runs", "--output", "json"]).expect(0);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[0]["id"].as_str() > lines[1]["id"].as_str());
    assert_eq!(lines[0]["state"], "succeeded");
    assert_eq!(project.run(&["runs", "-n", "1"]).expect(0).stdout.lines().count(), 2);
}

#[test]
fn status_of_a_run_that_is_over() {
    let project = after_a_run();
    let shown = project.redact(&project.run(&["status"]).expect(0).stdout);
    let shown = shown.lines().map(|line| line.split(" (").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    assert_eq!(
        shown,
        "run       RUN-demo\nworkflow  demo\nstate     succeeded, since TIME UTC\nstarted   TIME UTC, round 1\n\
         engine    none\nsteps     6 of 6 done"
    );
}

#[test]
fn status_and_logs_follow_a_run_through_the_death_of_its_engine() {
    let (project, life) = begun();
    let status = || -> Value { serde_json::from_str(&project.run(&["status", "--output", "json"]).stdout).unwrap() };
    let first = status();
    assert_eq!((&first["state"], &first["live"]), (&"running".into(), &true.into()), "{first}");
    assert_eq!(first["running"][0]["path"], "long");
    let follower = project.spawn(&["logs", "-f", "long"]);
    life.kill();
    let dead = status();
    assert_eq!((&dead["state"], &dead["live"]), (&"killed".into(), &false.into()), "{dead}");
    let shown = project.run(&["status"]).expect(0).stdout;
    assert!(
        shown.contains("still holds the run's processes") && shown.contains("next         runner resume"),
        "{shown}"
    );
    assert_eq!(follower.end().expect(0).stdout, "begun\n");
    project.write("go", "");
    project.run(&["resume"]).expect(0);
    assert_eq!(project.run(&["logs", "long"]).expect(0).stdout, "begun\ngone\n");
}

#[test]
fn logs_follow_what_runs_and_end_with_it() {
    let (project, life) = begun();
    let all = project.spawn(&["logs", "--follow"]);
    project.write("go", "");
    life.end().expect(0);
    assert_eq!(all.end().expect(0).stdout, "first | first\nlong | begun\nlong | gone\n");
}

#[test]
fn logs_of_a_step_of_a_run_and_of_an_attempt() {
    let project = after_a_run();
    let logs = |arguments: &[&str]| {
        let mut words = vec!["logs"];
        words.extend(arguments);
        project.run(&words).expect(0).stdout
    };
    let run = project.runs().remove(0);
    assert_eq!(logs(&["hello"]), "hello\noops\n");
    assert_eq!(logs(&[&run, "kept"]), "noise\ndata:\n[1]\n");
    assert_eq!(logs(&["each[x]"]), "attempt 1:\nx\nattempt 2:\nx\nno break\n");
    assert_eq!(logs(&[&run, "each[x]", "--attempt", "2"]), "attempt 2:\nx\nno break\n");
    let each = logs(&["each"]);
    assert!(each.contains("each[x] | no break\n") && each.contains("each[y] | y\n"), "{each}");
    let all = logs(&[]);
    assert!(all.starts_with("hello | hello\nhello | oops\nkept | noise\nkept data | [1]\n"), "{all}");
    assert!(all.ends_with("bye | bye\n"), "{all}");
}

#[test]
fn a_step_that_is_none_is_named_with_the_nearest() {
    let project = after_a_run();
    let run = project.runs().remove(0);
    let ended = project.run(&["logs", &run, "helo"]).expect(2);
    assert_eq!(
        project.redact(&ended.stderr),
        "error: the run `RUN-demo` has no step `helo`\n  hint: did you mean `hello`?\n"
    );
    let ended = project.run(&["logs", "helo"]).expect(2);
    assert!(ended.stderr.starts_with("error: `helo` is neither a run nor a step of the newest one"), "{ended}");
}

#[test]
fn a_log_that_is_gone_is_said_to_be_lost() {
    let project = after_a_run();
    let entries = std::fs::read_dir(project.run_folder().join("lanes")).unwrap().flatten().map(|entry| entry.path());
    for path in entries.filter(|path| path.extension().is_some_and(|ending| ending == "out")) {
        std::fs::write(path, "").unwrap();
    }
    let ended = project.run(&["logs", "hello"]).expect(0);
    assert_eq!(ended.stdout, "");
    assert_eq!(ended.stderr, "log lost: 11 bytes of `hello` (attempt 1)\n");
}

#[test]
fn events_are_versioned_json_lines_without_a_secret() {
    let project = after_a_run();
    let ended = project.run(&["events"]).expect(0);
    let lines: Vec<Value> = ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    for (at, line) in lines.iter().enumerate() {
        assert_eq!((line["v"].as_u64(), line["seq"].as_u64()), (Some(1), Some(at as u64 + 1)));
        assert!(line["time"].is_u64() && line["event"].is_string(), "{line}");
    }
    assert_eq!(lines.last().unwrap()["event"], "round_ended");
    assert!(!ended.stdout.contains("s3cret-value"));
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let project = after_a_run();
    let mut command = project.command(&[]);
    let runner = command.get_program().to_owned();
    command = std::process::Command::new("sh");
    command.arg("-c").arg("\"$0\" events | head -n 1; exit 0").arg(runner).current_dir(project.path());
    let output = command.output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(String::from_utf8_lossy(&output.stdout).lines().count(), 1);
}

#[test]
fn what_runs_is_stopped_by_ctrl_c_and_its_status_says_how_to_go_on() {
    let (project, life) = begun();
    life.signal_group(Signal::INT);
    life.end().expect(130);
    let shown = project.redact(&project.run(&["status"]).expect(0).stdout);
    assert!(shown.contains("interrupted, since TIME UTC") && shown.contains("runner resume RUN-long"), "{shown}");
}

#[test]
fn logs_follow_what_runs_inside_the_engine_while_it_runs() {
    let project = Project::new();
    project.workflow("w", "steps: [{id: a, uses: tcp.wait, with: {host: 127.0.0.1, port: 1, every: 20ms}}]");
    let life = project.spawn(&["run", "w"]);
    project.await_fact("attempt_started", "a");
    let mut follower = project.command(&["logs", "-f"]);
    follower.stdout(std::fs::File::create(project.path().join("said")).unwrap());
    let mut follower = follower.spawn().unwrap();
    let said = project.await_file("said");
    assert!(said.starts_with("a | "), "{said}");
    assert!(follower.try_wait().unwrap().is_none(), "it is shown before the step ends");
    life.signal(rustix::process::Signal::INT);
    life.end().expect(130);
    assert!(follower.wait().unwrap().success(), "who follows ends with the run");
}

#[test]
fn the_list_of_runs_tells_how_each_stands_from_both_ends_of_its_journal() {
    let project = Project::new();
    project.workflow("long", "
steps:
  - {id: each, foreach: 'lists.range(300).map(x, string(x))', uses: log.print, with: {message: '{{item}}'}}
  - {id: gate, uses: exec.run, interrupted: repeat, with: {script: 'echo x >begun; while [ ! -e go ]; do sleep 0.02; done'}}
");
    let standing = |project: &Project| {
        let told = project.run(&["runs", "--output", "json"]).expect(0).stdout;
        let first: Value = serde_json::from_str(told.lines().next().unwrap()).unwrap();
        assert_eq!(first["workflow"], "long");
        first["state"].as_str().unwrap().to_owned()
    };
    let life = project.spawn(&["run", "long"]);
    project.await_file("begun");
    assert!(
        std::fs::metadata(project.run_folder().join("journal")).unwrap().len() > 100_000,
        "longer than what is read"
    );
    assert_eq!(standing(&project), "running");
    life.kill();
    assert_eq!(standing(&project), "killed");
    project.write("go", "");
    project.run(&["resume"]).expect(0);
    assert_eq!(standing(&project), "succeeded");
    let journal = project.run_folder().join("journal");
    let mut bytes = std::fs::read(&journal).unwrap();
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    std::fs::write(&journal, bytes).unwrap();
    let told = project.run(&["runs"]);
    assert!(told.code == 30 || told.stdout.contains("killed"), "{told}");
}
