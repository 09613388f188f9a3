use std::time::{Duration, Instant};

use runner_sdk::world::Processes;
use runner_sdk::{Command, ErrorKind, Exit};

use super::RealProcesses;

fn here() -> RealProcesses {
    RealProcesses { dir: std::env::temp_dir(), env: vec![("GREETING".into(), Some("hello".into()))], grouped: false }
}

fn shell(script: &str) -> Command {
    Command::new("sh").args(["-c", script])
}

/// Whether a process runs; one that ended and waits for its parent does not.
fn runs(pid: &str) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

async fn until_gone(pid: &str) {
    let limit = Instant::now() + Duration::from_secs(10);
    while runs(pid) {
        assert!(Instant::now() < limit, "process {pid} is still there");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn output_exit_environment_and_input_arrive() {
    let command = shell("cat; echo $GREETING $NAME; echo oops >&2; exit 3").stdin("in\n").env("NAME", "you");
    let ran = here().run(command).await.unwrap();
    assert_eq!(ran.exit, Exit::Code(3));
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), "in\nhello you\n");
    assert_eq!(ran.stderr, "oops\n");
    let removed = Command { env: vec![("GREETING".into(), None)], ..shell("echo ${GREETING-none}") };
    assert_eq!(here().run(removed).await.unwrap().stdout, b"none\n");
}

#[tokio::test]
async fn a_signal_is_told_from_a_code() {
    assert_eq!(here().run(shell("kill -9 $$")).await.unwrap().exit, Exit::Signal(9));
}

#[tokio::test]
async fn one_that_is_grouped_is_of_our_own_process_group() {
    let group = async |grouped| {
        let ran = RealProcesses { grouped, ..here() }.run(shell("ps -o pgid= -p $$")).await.unwrap();
        String::from_utf8(ran.stdout).unwrap().trim().parse::<i32>().unwrap()
    };
    let ours = rustix::process::getpgrp().as_raw_nonzero().get();
    assert_eq!(group(true).await, ours);
    assert_ne!(group(false).await, ours);
}

#[tokio::test]
async fn large_streams_neither_block_nor_pile_up() {
    let script = "head -c 3000000 /dev/zero; head -c 3000000 /dev/zero | tr '\\0' 'e' >&2; printf end >&2";
    let ran = here().run(shell(script)).await.unwrap();
    assert_eq!(ran.stdout.len(), 3_000_000);
    assert_eq!(ran.stderr.len(), 16 << 10);
    assert!(ran.stderr.ends_with("end"));
}

#[tokio::test]
async fn more_than_can_be_kept_is_refused_and_stopped() {
    let error = here().run(Command::new("cat").arg("/dev/zero")).await.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Permanent);
    assert_eq!(error.message, "`cat /dev/zero` failed: it wrote more than `64Mi`");
}

#[tokio::test]
async fn a_tail_never_starts_inside_a_character() {
    let script = "i=0; while [ $i -lt 20000 ]; do printf 'é' >&2; i=$((i+1)); done; printf x >&2";
    let stderr = here().run(shell(script)).await.unwrap().stderr;
    assert!(stderr.starts_with('é') && stderr.ends_with("éx"), "{:?}", &stderr[..8]);
}

#[tokio::test]
async fn input_that_nobody_reads_is_no_error() {
    let ran = here().run(Command::new("true").stdin(vec![b'x'; 1 << 20])).await.unwrap();
    assert_eq!(ran.exit, Exit::Code(0));
}

#[tokio::test]
async fn a_missing_program_or_folder_is_named() {
    let error = here().run(Command::new("no-such-program")).await.unwrap_err();
    assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Permanent, "there is no program `no-such-program`"));
    let error = here().run(Command::new("true").dir("/no/such/folder")).await.unwrap_err();
    assert_eq!(error.message, "the folder `/no/such/folder` to run `true` in does not exist");
    let error = here().run(Command::new("/etc/passwd")).await.unwrap_err();
    assert_eq!(error.message, "`/etc/passwd` is not executable");
}

#[tokio::test]
async fn the_program_is_found_through_the_attempts_path() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("only-here");
    std::fs::write(&program, "#!/bin/sh\necho found\n").unwrap();
    std::fs::set_permissions(&program, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let ran = here().run(Command::new("only-here").env("PATH", path)).await.unwrap();
    assert_eq!(ran.stdout, b"found\n");
}

#[tokio::test]
async fn the_group_is_killed_when_the_work_is_dropped() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    let script = format!("sleep 600 & echo $$ $! > {0}.new; mv {0}.new {0}; wait", pids.display());
    let processes = here();
    let work = processes.run(shell(&script));
    let told = async {
        while !pids.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::select! {
        _ = work => panic!("it ended by itself"),
        () = told => {}
    }
    for pid in std::fs::read_to_string(&pids).unwrap().split_whitespace() {
        until_gone(pid).await;
    }
}

#[tokio::test]
async fn nobody_waits_for_a_background_child_that_holds_the_output() {
    let started = Instant::now();
    let ran = here().run(shell("sleep 600 & echo $!; echo done >&2")).await.unwrap();
    assert!(started.elapsed() < Duration::from_secs(60));
    assert_eq!(ran.stderr, "done\n");
    until_gone(String::from_utf8(ran.stdout).unwrap().trim()).await;
}
