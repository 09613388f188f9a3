//! A disk that fails: no room, no permission, errors, no descriptors. The run is left as one that can be resumed, the engine
//! says why and ends with 30, and what it had started is not lost.

use crate::durable::{has_strace, straced};
use crate::project;
use crate::support::{Ended, Life, Project};

/// Five processes, one of which is under way beside all others; each adds a line.
const WORKFLOW: &str = "
steps:
  - {id: a, uses: exec.run, with: {script: 'echo a >>effects'}}
  - {id: long, uses: exec.run, needs: [a], with: {script: 'sleep 0.3; echo long >>effects'}}
  - {id: b, uses: exec.run, needs: [a], with: {script: 'echo b >>effects', capture: text}}
  - {id: c, uses: file.write, needs: [b], with: {path: written, content: c}}
  - {id: d, uses: exec.run, needs: [c, long], with: {script: 'echo d >>effects'}}
";

/// What an engine may end with whose disk failed: it did not matter, a step of its own failed of it, or it could not go on.
fn hold(project: &Project, ended: &Ended, fault: &str) -> bool {
    assert!([0, 20, 30].contains(&ended.code), "{fault}: {ended}");
    if ended.code == 30 {
        let reasons =
            ["No space left", "Input/output error", "Read-only file system", "Too many open files", "File too large"];
        assert!(reasons.iter().any(|reason| ended.stderr.contains(reason)), "{fault}: {ended}");
    }
    if ended.code == 0 {
        return false;
    }
    let begun = !project.runs().is_empty() && project.journal().of("run_started").count() > 0;
    if begun {
        // Nobody has to wait for what was started: it is taken up, or its end is.
        let resumed = project.run(&["resume"]);
        assert_eq!(resumed.code, 0, "{fault}: {ended}\nthen {resumed}");
        assert_eq!(project.journal().doubts().iter().filter(|path| *path != "c").count(), 0, "{fault}: {resumed}");
    } else {
        project.run(&["run", "w"]).expect(0);
    }
    let mut effects: Vec<_> = project.read("effects").lines().map(str::to_owned).collect();
    effects.sort();
    assert_eq!(effects, ["a", "b", "d", "long"], "{fault}: {ended}");
    assert_eq!(project.read("written"), "c");
    project.await_silence();
    true
}

/// Runs under a fault at the n-th call, and what must hold after it; tells how many of them mattered.
fn faults(call: &str, error: &str, times: &[&str]) -> usize {
    let mattered = times.iter().filter(|when| {
        let project = project(WORKFLOW);
        let fault = format!("inject={call}:error={error}:when={when}");
        let ended =
            straced(&project, &["-o", "/dev/null", "-e", &format!("trace={call}"), "-e", &fault], &["run", "w"]);
        hold(&project, &ended, &fault)
    });
    mattered.count()
}

#[test]
fn a_write_that_fails_ends_the_engine_with_30_and_loses_nothing() {
    if has_strace() {
        assert!(faults("pwrite64", "ENOSPC", &["1", "3", "4+", "6", "9+", "12", "20+"]) > 4);
        assert!(faults("pwrite64", "EIO", &["2", "5", "8", "11+"]) > 2);
        assert!(faults("pwrite64", "EROFS", &["1+", "7+"]) > 1);
    }
}

#[test]
fn a_sync_that_fails_ends_the_engine_with_30_and_loses_nothing() {
    if has_strace() {
        assert!(faults("fdatasync", "EIO", &["1", "2", "3", "5+", "7"]) > 3);
        assert!(faults("fsync", "EIO", &["1", "2", "3", "4", "5+"]) > 3);
    }
}

#[test]
fn a_file_that_cannot_be_opened_or_trimmed_loses_nothing() {
    if has_strace() {
        // The journal is trimmed when all has been done.
        assert_eq!(faults("ftruncate", "EIO", &["2+"]), 0);
        faults("openat", "EROFS", &["30+", "40+", "60+", "80"]);
        faults("openat", "EMFILE", &["50+", "60", "70+"]);
    }
}

#[test]
fn too_few_descriptors_are_told_and_the_run_is_resumed_with_more() {
    let mut mattered = 0;
    for limit in [6, 9, 12, 14, 16, 20] {
        let project = project(WORKFLOW);
        let binary = project.command(&["run", "w"]);
        let mut shell = project.command(&[]);
        shell = {
            let mut limited = std::process::Command::new("sh");
            limited.args(["-c", &format!("ulimit -n {limit}; exec \"$0\" \"$@\"")]);
            limited.arg(binary.get_program()).args(binary.get_args()).current_dir(project.path()).env_clear();
            limited.envs(shell.get_envs().filter_map(|(name, value)| Some((name, value?))));
            limited
        };
        let ended = Life::start(shell).end();
        if ended.code != 1 {
            mattered += usize::from(hold(&project, &ended, &format!("{limit} descriptors")));
        }
    }
    assert!(mattered > 0);
}
