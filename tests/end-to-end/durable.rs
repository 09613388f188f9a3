//! What the system was asked for, in order: a fact is on disk before anything acts on it.

use std::process::Command;

use crate::project;
use crate::support::{Ended, Life, Project, skip};

/// Whether system calls can be watched here; says so where they cannot.
pub(crate) fn has_strace() -> bool {
    let works =
        Command::new("strace").args(["-o", "/dev/null", "true"]).output().is_ok_and(|ended| ended.status.success());
    if !works {
        skip("`strace` is missing, or may not trace");
    }
    works
}

/// Runs the binary under strace with these options, to its end.
pub(crate) fn straced(project: &Project, options: &[&str], args: &[&str]) -> Ended {
    let binary = project.command(args);
    let mut strace = Command::new("strace");
    strace.args(options).arg("--").arg(binary.get_program()).args(binary.get_args());
    strace.current_dir(project.path()).env_clear().stdin(std::process::Stdio::null());
    strace.envs(binary.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Life::start(strace).end()
}

/// A system call that has returned: who made it, and its text.
struct Call {
    pid: String,
    text: String,
}

/// The calls in the order in which they returned; `execve` in that in which they began, as its end comes in another image.
fn calls(trace: &str) -> Vec<Call> {
    let mut open = std::collections::BTreeMap::<String, String>::new();
    let mut calls = Vec::new();
    for line in trace.lines() {
        let Some((pid, text)) = line.split_once(' ') else { continue };
        let (pid, text) = (pid.to_owned(), text.trim_start());
        if let Some(begin) = text.strip_suffix("<unfinished ...>") {
            if begin.starts_with("execve") {
                calls.push(Call { pid, text: begin.to_owned() });
            } else {
                open.insert(pid, begin.to_owned());
            }
        } else if let Some((_, rest)) = text.split_once(" resumed>") {
            if let Some(begin) = open.remove(&pid) {
                calls.push(Call { pid, text: begin + rest });
            }
        } else {
            calls.push(Call { pid, text: text.to_owned() });
        }
    }
    calls
}

#[test]
fn a_finished_step_is_on_disk_before_its_dependent_is_executed() {
    if !has_strace() {
        return;
    }
    let project = project(
        "
steps:
  - {id: one, uses: exec.run, with: {argv: [/bin/true, mark-one]}}
  - {id: two, uses: exec.run, with: {argv: [/bin/true, mark-two]}}
  - {id: beside, needs: [one], uses: exec.run, with: {argv: [/bin/true, mark-beside]}}
  - {id: join, needs: [two, beside], uses: exec.run, with: {argv: [/bin/true, mark-join]}}
  - {id: ahead, uses: exec.run, interrupted: repeat, with: {argv: [/bin/true, mark-ahead]}}
",
    );
    let trace = project.base().join("trace");
    let to = trace.display().to_string();
    let calls_of = "trace=execve,pwrite64,fdatasync";
    straced(&project, &["-f", "-o", &to, "-s", "65536", "-e", calls_of], &["run", "w"]).expect(0);
    let calls = calls(&std::fs::read_to_string(trace).unwrap());
    let finds = |from: usize, what: &dyn Fn(&Call) -> bool| calls[from..].iter().position(what).map(|at| from + at);
    let executed = |step: &str| {
        let mark = format!("\"mark-{step}\"");
        finds(0, &|call: &Call| call.text.starts_with("execve") && call.text.contains(&mark)).unwrap()
    };
    // A fact is on disk when the first sync has returned that the process which wrote it made after writing it.
    let on_disk = |fact: &str, step: &str| {
        let fact = format!(r#"\"event\":\"{fact}\",\"path\":\"{step}\""#);
        let written = finds(0, &|call: &Call| call.text.starts_with("pwrite64") && call.text.contains(&fact)).unwrap();
        let file = |text: &str| text.split(['(', ',', ')']).nth(1).unwrap().trim().to_owned();
        let (pid, descriptor) = (&calls[written].pid, file(&calls[written].text));
        finds(written, &|call: &Call| {
            call.pid == *pid
                && call.text.starts_with("fdatasync")
                && file(&call.text) == descriptor
                && call.text.ends_with("= 0")
        })
        .unwrap()
    };
    for (first, second) in [("one", "two"), ("one", "beside"), ("two", "join"), ("beside", "join")] {
        assert!(
            on_disk("step_finished", first) < executed(second),
            "`{first}` was not on disk before `{second}` began"
        );
    }
    // What may be repeated is let go on its need's exit code: its own start is on disk before, its need's end may not be.
    for step in ["one", "two", "beside", "join", "ahead"] {
        assert!(on_disk("attempt_started", step) < executed(step), "`{step}` began before that was on disk");
    }
}
