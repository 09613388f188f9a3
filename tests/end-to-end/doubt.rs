//! What may have half-happened, and who decides about it.

use crate::project;
use crate::support::Project;

const ASKED: &str = "
steps:
  - id: pay
    uses: exec.run
    with: {script: 'echo x >>paid; [ -e quick ] || sleep 100; echo receipt', capture: text}
  - {id: book, uses: exec.run, with: {script: 'echo \"{{steps.pay.outputs.stdout}}\" >>booked'}}
";

/// A run whose first step is in doubt, since engine and keeper were killed in its middle.
fn in_doubt(workflow: &str) -> Project {
    let project = project(workflow);
    let life = project.spawn(&["run", "w"]);
    project.await_file("paid");
    assert!(project.kill_keeper());
    life.kill();
    // Without a keeper it is waited for; nobody but the test knows how long it takes.
    for process in project.processes() {
        crate::support::process::kill(process.pid);
    }
    project.write("quick", "");
    project
}

#[test]
fn a_run_that_must_ask_pauses_naming_the_step() {
    let project = in_doubt(ASKED);
    let ended = project.run(&["resume"]).expect(22);
    assert!(ended.stderr.contains("pay") && ended.stderr.contains("in doubt"), "{ended}");
    project.await_silence();
    // Asking again changes nothing.
    project.run(&["resume"]).expect(22);
    assert_eq!(project.read("paid"), "x\n");
    assert_eq!(project.journal().end(), "paused");
}

#[test]
fn a_resume_that_only_pauses_again_starts_no_service_and_the_next_one_does() {
    let project = in_doubt(
        "
steps:
  - {id: server, service: true, uses: exec.run, with: {script: 'echo x >>served; exec sleep 100'}}
  - {id: pay, uses: exec.run, with: {script: 'echo x >>paid; [ -e quick ] || sleep 100'}}
  - {id: book, uses: exec.run, with: {script: 'echo x >>booked'}}
",
    );
    project.run(&["resume"]).expect(22);
    project.run(&["resume"]).expect(22);
    assert_eq!(project.read("served"), "x\n");
    project.run(&["resume", "--repeat", "pay"]).expect(0);
    assert_eq!((project.read("served").as_str(), project.read("booked").as_str()), ("x\nx\n", "x\n"));
    project.await_silence();
}

#[test]
fn what_a_person_says_is_done_is_done_with_its_outputs() {
    let project = in_doubt(ASKED);
    project.run(&["resume"]).expect(22);
    project.run(&["resume", "--done", r#"pay={"exit_code":0,"stdout":"by hand"}"#]).expect(0);
    assert_eq!((project.read("paid").as_str(), project.read("booked").as_str()), ("x\n", "by hand\n"));
}

#[test]
fn outputs_that_are_not_the_steps_are_refused_and_nothing_changes() {
    let project = in_doubt(ASKED);
    project.run(&["resume"]).expect(22);
    for wrong in [r#"pay={"stdout":1}"#, r#"pay={"stdouts":"x"}"#, "pay={", "pay=7", "nobody={}", "book"] {
        let ended = project.run(&["resume", "--done", wrong]);
        assert_eq!(ended.code, 2, "`{wrong}`: {ended}");
        assert_eq!(project.read("booked"), "", "`{wrong}`");
        assert_eq!(project.journal().end(), "paused", "`{wrong}`");
    }
    project.run(&["resume", "--done", r#"pay={"exit_code":0,"stdout":"by hand"}"#]).expect(0);
}

#[test]
fn what_a_person_says_is_to_be_repeated_is() {
    let project = in_doubt(ASKED);
    // Said before anybody was asked.
    project.run(&["resume", "--repeat", "pay"]).expect(0);
    assert_eq!((project.read("paid").as_str(), project.read("booked").as_str()), ("x\nx\n", "receipt\n"));
    assert_eq!(project.journal().attempts("pay"), 2);
}

#[test]
fn done_without_outputs_gives_null_and_whoever_reads_them_fails_naming_the_step() {
    let project = in_doubt(ASKED);
    let ended = project.run(&["resume", "--done", "pay"]).expect(20);
    assert!(ended.stderr.contains("pay"), "{ended}");
}

#[test]
fn a_check_that_succeeds_is_the_end_of_the_doubt() {
    let checked = "
steps:
  - id: pay
    uses: exec.run
    interrupted: check
    check: {uses: exec.run, with: {script: 'echo x >>checked; test -e paid; echo receipt', capture: text}}
    with: {script: 'echo x >>paid; sleep 100', capture: text}
  - {id: book, uses: exec.run, with: {script: 'echo \"{{steps.pay.outputs.stdout}}\" >>booked'}}
";
    let project = in_doubt(checked);
    project.run(&["resume"]).expect(0);
    assert_eq!(project.read("paid"), "x\n");
    assert_eq!((project.read("checked").as_str(), project.read("booked").as_str()), ("x\n", "receipt\n"));
}

#[test]
fn what_a_check_of_another_type_gives_is_null_where_it_is_no_output_of_the_step() {
    let checked = "
steps:
  - id: pay
    uses: exec.run
    interrupted: check
    check: {uses: file.read, with: {path: paid}}
    with: {script: 'echo x >>paid; sleep 100', capture: text}
  - id: claim
    uses: assert.that
    with: {that: 'steps.pay.outputs.stdout == null && !(\"path\" in steps.pay.outputs)'}
";
    let project = in_doubt(checked);
    let ended = project.run(&["resume"]);
    assert_eq!((ended.code, project.read("paid").as_str()), (0, "x\n"), "{ended}");
}

#[test]
fn a_check_that_fails_lets_the_step_be_repeated_once() {
    let checked = "
steps:
  - id: pay
    uses: exec.run
    interrupted: check
    check: {uses: exec.run, with: {script: 'echo x >>checked; test $(wc -l <paid) -gt 1'}}
    with: {script: 'echo x >>paid; [ -e quick ] || sleep 100'}
";
    let project = in_doubt(checked);
    project.run(&["resume"]).expect(0);
    assert_eq!((project.read("paid").as_str(), project.read("checked").as_str()), ("x\nx\n", "x\n"));
}

#[test]
fn a_step_of_the_engine_itself_is_in_doubt_whenever_its_engine_dies() {
    let project = project("steps: [{id: wait, uses: tcp.wait, with: {host: 127.0.0.1, port: 9}}]");
    let life = project.spawn(&["run", "w"]);
    project.await_fact("attempt_started", "wait");
    life.kill();
    let life = project.spawn(&["resume"]);
    crate::support::await_that("the second attempt", || project.journal().attempts("wait") == 2);
    life.kill();
    assert_eq!(project.journal().doubts(), ["wait"]);
}

/// A run whose step `use` goes on until `go` is there, with its engine killed once `before` has happened.
fn using(first: &str, before: impl Fn(&Project)) -> Project {
    let project = project(&format!(
        "
steps:
  - {first}
  - id: use
    uses: exec.run
    with: {{script: 'echo x >>begun; while [ ! -e go ]; do sleep 0.02; done; echo x >>done; echo {{{{length steps.first.outputs.url}}}}', capture: text}}
"
    ));
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    before(&project);
    life.kill();
    project
}

#[test]
fn what_used_a_service_that_is_gone_is_awaited_and_finished_by_another_life() {
    let first = "{id: first, service: true, ready: output.port > 0, uses: http.serve, with: {folder: .}}";
    let project = using(first, |project| {
        let served = project.processes().into_iter().find(|process| process.args.iter().any(|arg| arg == "__service"));
        crate::support::process::kill(served.unwrap().pid);
        crate::support::await_that("the service to fail", || {
            project.journal().of("step_finished").any(|record| record.event["status"] == "failed")
        });
    });
    let life = project.spawn(&["resume"]);
    crate::support::await_that("the second life", || project.journal().of("life_started").count() == 2);
    project.write("go", "");
    life.end().expect(20);
    assert_eq!((project.read("begun").as_str(), project.read("done").as_str()), ("x\n", "x\n"));
    assert!(project.journal().doubts().is_empty());
    let used = project.journal().about("step_finished", "use").next().unwrap().event.clone();
    assert_eq!(used["status"], "succeeded", "{used}");
}

#[test]
fn what_cannot_be_rendered_again_is_awaited_and_then_in_doubt() {
    let first = "{id: first, uses: exec.run, with: {script: 'head -c 100000 /dev/zero | tr \\\\0 x', capture: text}, outputs: {url: '{{output.stdout}}'}}";
    let project = using(first, |_| {});
    std::fs::remove_dir_all(project.run_folder().join("blobs")).unwrap();
    let life = project.spawn(&["resume"]);
    crate::support::await_that("the second life", || project.journal().of("life_started").count() == 2);
    project.write("go", "");
    let ended = life.end().expect(22);
    assert!(ended.stderr.contains("it ended with exit code 0"), "{ended}");
    assert_eq!((project.read("begun").as_str(), project.read("done").as_str()), ("x\n", "x\n"), "it was not stopped");
    assert_eq!(project.journal().doubts(), ["use"]);
}
