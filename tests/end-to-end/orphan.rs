//! Who is alive and who is not: engines that are stopped, children that went away on purpose, locks that mean nothing.

use rustix::process::Signal;

use crate::durable::{has_strace, straced};
use crate::project;
use crate::support::await_some;

const LONG: &str = "steps: [{id: a, uses: exec.run, with: {script: 'echo x >>begun; until [ -e go ]; do sleep 0.02; done; echo x >>done'}}]";

#[test]
fn an_engine_that_is_stopped_is_named_and_once_it_is_killed_another_goes_on() {
    let project = project(LONG);
    let life = project.spawn(&["run", "w"]);
    project.await_file("begun");
    let pid = life.pid();
    life.signal(Signal::STOP);
    let run = project.runs().pop().unwrap();
    let ended = project.run(&["resume", &run]).expect(31);
    assert!(ended.stderr.contains(&format!("process {pid}")), "{ended}");
    assert!(ended.stderr.contains("is stopped"), "{ended}");
    life.kill();
    project.write("go", "");
    project.run(&["resume", &run]).expect(0);
    assert_eq!((project.read("begun").as_str(), project.read("done").as_str()), ("x\n", "x\n"));
    assert!(project.journal().doubts().is_empty());
}

#[test]
fn a_child_that_went_away_on_purpose_is_named_and_left_alone() {
    let project = project(
        "
steps:
  - id: daemon
    uses: exec.run
    with: {script: 'setsid sh -c \"echo \\$\\$ >daemon; exec sleep 1000\" >/dev/null 2>&1 & until [ -s daemon ]; do sleep 0.01; done'}
  - {id: next, uses: exec.run, with: {script: 'echo x >next'}}
",
    );
    let ended = project.run(&["run", "w"]).expect(0);
    let pid: u32 = project.read("daemon").trim().parse().unwrap();
    assert!(ended.output().contains(&format!("left the process {pid} (sleep) behind")), "{ended}");
    let left = await_some("what is left alone", || {
        let living = project.processes();
        (living.len() == 1).then_some(living)
    });
    assert_eq!(left[0].pid, pid, "{left:?}");
}

#[test]
fn locks_that_do_not_work_are_refused_by_name() {
    if !has_strace() {
        return;
    }
    let project = project(LONG);
    // Some file systems have none, and some say yes to everyone.
    for (fault, why) in [("error=ENOLCK", "No locks available"), ("retval=0", "two holders got the same lock")] {
        let fault = format!("inject=flock:{fault}");
        let ended =
            straced(&project, &["-o", "/dev/null", "-e", "trace=flock", "-e", &fault], &["run", "w"]).expect(30);
        assert!(ended.stderr.contains("locks do not work on") && ended.stderr.contains(why), "{ended}");
        assert!(ended.stderr.contains("local file system"), "{ended}");
        assert_eq!(project.read("begun"), "", "nothing was started");
    }
}
