//! What an attempt gets, and how it ends.
#![expect(clippy::unwrap_used, clippy::cast_possible_wrap, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "each test program needs a part of it")]
mod common;

use std::fs;
use std::time::{Duration, Instant};

use common::{Run, bytes, eventually, is_alive, start};
use runner_keeper::protocol::{Exit, FailureKind, Reason, Reply, Request, Start};
use rustix::process::Signal;

both!(
    output_goes_where_it_should,
    an_attempt_gets_what_it_is_given,
    an_exit_is_told_as_it_was,
    a_timeout_asks_then_kills,
    a_timeout_of_one_that_obeys_kills_nobody,
    a_stop_is_a_stop_whatever_the_exit_code,
    a_kill_does_not_wait,
    a_ready_service_has_no_timeout,
    what_cannot_be_started_is_named,
    an_attempt_ends_with_its_leader,
    what_is_left_in_the_group_is_stopped,
    a_daemon_is_named_not_killed,
    a_child_inherits_nothing,
    signals_are_as_after_boot,
    an_attempt_has_no_terminal_unless_it_asks,
    a_large_stdin_arrives_whole,
    a_closed_output_keeps_nobody_busy,
);

fn output_goes_where_it_should(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = "echo one; echo two >&2; echo three; echo p >> $RUNNER_PROGRESS";
    let plain = engine.run(engine.script(1, script));
    assert_eq!(
        (run.out(&plain), run.data(&plain), run.progress(&plain)),
        ("one\ntwo\nthree\n".into(), String::new(), "p\n".into())
    );
    let data = run.dir().join(format!("lanes/{}.data", plain.ranges.lane));
    assert!(!data.exists(), "a file for what nobody captured");
    let captured = engine.run(Start { capture: true, ..engine.script(2, script) });
    assert_eq!((run.out(&captured), run.data(&captured)), ("two\n".into(), "one\nthree\n".into()));
    assert_eq!(run.progress(&captured), "p\n");
}

fn an_attempt_gets_what_it_is_given(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let start = Start {
        argv: ["sh", "-c", "pwd; echo \"$0 $A ${LC_ALL-gone}\"; cat", "ar g"].map(Into::into).to_vec(),
        env: vec![("A".into(), Some("b c".into())), ("LC_ALL".into(), None)],
        dir: "/usr".into(),
        stdin: Some(bytes("typed")),
        ..engine.script(1, "")
    };
    let exited = engine.run(start);
    assert_eq!(run.out(&exited), "/usr\nar g b c gone\ntyped");
    let exited = engine.run(engine.script(2, "cat; echo end"));
    assert_eq!(run.out(&exited), "end\n");
}

fn an_exit_is_told_as_it_was(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    for (attempt, script, exit) in
        [(1, "exit 0", Exit::Code(0)), (2, "exit 255", Exit::Code(255)), (3, "kill -9 $$", Exit::Signal(9))]
    {
        let exited = engine.run(engine.script(attempt, script));
        assert_eq!((exited.attempt, exited.exit, exited.reason), (attempt, exit, Reason::Exited));
        assert!(exited.max_rss > 100_000 && exited.duration_ms < 10_000, "{exited:?}");
    }
}

fn a_timeout_asks_then_kills(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let stubborn =
        engine.script(1, "exec 2>/dev/null; trap 'echo asked' TERM; echo ready; while :; do sleep 0.01; done");
    let begun = Instant::now();
    let exited = engine.run(Start { timeout_ms: Some(300), grace_ms: 200, ..stubborn });
    assert_eq!((exited.exit, exited.reason), (Exit::Signal(9), Reason::TimedOut));
    assert_eq!(run.out(&exited), "ready\nasked\n");
    assert!(begun.elapsed() >= Duration::from_millis(500));
}

fn a_timeout_of_one_that_obeys_kills_nobody(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = "exec 2>/dev/null; trap 'echo bye; exit 7' TERM; echo ready; while :; do sleep 0.01; done";
    let exited = engine.run(Start { timeout_ms: Some(200), ..engine.script(1, script) });
    assert_eq!((exited.exit, exited.reason), (Exit::Code(7), Reason::TimedOut));
    assert_eq!(run.out(&exited), "ready\nbye\n");
}

fn a_stop_is_a_stop_whatever_the_exit_code(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = "trap 'exit 0' TERM; echo > ready; while :; do sleep 0.01; done";
    engine.start(engine.script(1, script));
    eventually("ready", || run.dir().join("ready").exists());
    engine.send(&Request::Stop { attempt: 1, kill: false });
    let exited = engine.exited();
    assert_eq!((exited.exit, exited.reason), (Exit::Code(0), Reason::Stopped));
    engine.send(&Request::Stop { attempt: 1, kill: false });
    engine.send(&Request::Stop { attempt: 99, kill: true });
    assert_eq!(engine.run(engine.script(2, "exit 0")).exit, Exit::Code(0), "late stops harm nobody");
}

fn a_kill_does_not_wait(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    engine.start(engine.script(1, "trap '' TERM; echo > ready; while :; do sleep 0.01; done"));
    eventually("ready", || run.dir().join("ready").exists());
    let begun = Instant::now();
    engine.send(&Request::Stop { attempt: 1, kill: false });
    engine.send(&Request::Stop { attempt: 1, kill: true });
    let exited = engine.exited();
    assert_eq!((exited.exit, exited.reason), (Exit::Signal(9), Reason::Killed));
    assert!(begun.elapsed() < Duration::from_secs(5), "the grace is ten seconds");
}

fn a_ready_service_has_no_timeout(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let service = Start { service: true, timeout_ms: Some(200), ..engine.program(1, &["sleep", "100"]) };
    let started = engine.start(service);
    engine.send(&Request::Ready { attempt: 1 });
    let other = engine.run(Start { timeout_ms: Some(400), ..engine.program(2, &["sleep", "100"]) });
    assert_eq!((other.attempt, other.reason), (2, Reason::TimedOut));
    assert!(is_alive(started.pid));
    engine.send(&Request::End);
    let exited = engine.exited();
    assert_eq!((exited.attempt, exited.reason), (1, Reason::Stopped));
    assert_eq!(engine.next_or_end(), None);
    assert_eq!(run.await_keeper(), Some(0));
}

fn what_cannot_be_started_is_named(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = run.dir().join("script");
    fs::write(&script, "#!/no/such/interpreter\n").unwrap();
    fs::set_permissions(&script, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(run.dir().join("plain"), "").unwrap();
    let cases = [
        (vec!["no-such-program"], run.dir(), FailureKind::NotFound, "`no-such-program`"),
        (vec!["./script"], run.dir(), FailureKind::NotFound, "the interpreter in its first line does not exist"),
        (vec!["./plain"], run.dir(), FailureKind::PermissionDenied, "permission denied"),
        (vec!["true"], std::path::Path::new("/nowhere"), FailureKind::BadFolder, "`/nowhere`"),
        (vec![], run.dir(), FailureKind::NotFound, "no program"),
    ];
    for (attempt, (argv, dir, kind, part)) in (1..).zip(cases) {
        engine.send(&Request::Start(Box::new(start(attempt, 1, &argv, dir))));
        match engine.next() {
            Reply::SpawnFailed { attempt: failed, failure } => {
                assert_eq!((failed, failure.kind), (attempt, kind));
                assert!(failure.message.contains(part), "{}", failure.message);
            }
            other => panic!("expected a failure, got {other:?}"),
        }
    }
    if !portable {
        assert_eq!(engine.run(engine.program(99, &["true"])).ranges.lane, 0, "no lane was lost");
    }
}

fn an_attempt_ends_with_its_leader(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    for (attempt, masked) in [(1, false), (2, true)] {
        let script =
            "setsid sh -c 'echo $$ > daemon; exec sleep 100' & while ! [ -s daemon ]; do sleep 0.01; done; echo end";
        let exited = engine.run(Start { masked, ..engine.script(attempt, script) });
        assert_eq!(run.out(&exited), "end\n");
        let daemon: i32 = fs::read_to_string(run.dir().join("daemon")).unwrap().trim().parse().unwrap();
        run.clean_up(daemon);
        assert!(is_alive(daemon), "it holds the output open, and nobody waited for it");
        fs::remove_file(run.dir().join("daemon")).unwrap();
    }
}

fn what_is_left_in_the_group_is_stopped(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let begun = Instant::now();
    let exited = engine.run(engine.script(1, "sleep 100 & echo $!; exit 3"));
    assert_eq!((exited.exit, exited.reason), (Exit::Code(3), Reason::Exited));
    assert!(!is_alive(run.out(&exited).trim().parse().unwrap()));
    assert!(exited.leftovers.is_empty(), "{exited:?}");
    let deaf = "sh -c \"trap '' TERM; echo > deaf; while :; do sleep 0.01; done\" & while ! [ -e deaf ]; do sleep 0.01; done; echo $!";
    let exited = engine.run(Start { grace_ms: 100, ..engine.script(2, deaf) });
    assert!(!is_alive(run.out(&exited).trim().parse().unwrap()));
    assert_eq!((exited.exit, exited.reason), (Exit::Code(0), Reason::Exited));
    assert!(begun.elapsed() < Duration::from_secs(8));
}

fn a_daemon_is_named_not_killed(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = "(setsid sh -c 'echo $$ > daemon; exec sleep 100' &) ; while ! [ -s daemon ]; do sleep 0.01; done";
    let exited = engine.run(engine.script(1, script));
    let daemon: i32 = fs::read_to_string(run.dir().join("daemon")).unwrap().trim().parse().unwrap();
    run.clean_up(daemon);
    assert!(is_alive(daemon));
    let named: Vec<_> = exited.leftovers.iter().map(|leftover| (leftover.pid, leftover.name.as_str())).collect();
    if !portable {
        assert_eq!(named, [(daemon, "sleep")]);
    }
    let next = engine.run(engine.program(2, &["true"]));
    assert!(next.leftovers.is_empty(), "it is named once");
    engine.send(&Request::End);
    assert_eq!(engine.next_or_end(), None);
    run.await_keeper();
    assert!(is_alive(daemon), "the end of the run does not kill it either");
}

fn a_child_inherits_nothing(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    engine.start(Start { masked: true, capture: true, ..engine.program(1, &["sleep", "100"]) });
    engine.start(Start { pty: true, ..engine.program(2, &["sleep", "100"]) });
    for (attempt, masked, pty) in [(3, false, false), (4, true, false), (5, false, true)] {
        let listed = Start { capture: true, masked, pty, ..engine.program(attempt, &["ls", "/proc/self/fd"]) };
        let exited = engine.run(listed);
        // The fourth is the folder that is being listed.
        assert_eq!(run.data(&exited).split_ascii_whitespace().collect::<Vec<_>>(), ["0", "1", "2", "3"]);
    }
}

fn signals_are_as_after_boot(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    for (attempt, pty) in [(1, false), (2, true)] {
        let exited = engine.run(Start { pty, ..engine.program(attempt, &["cat", "/proc/self/status"]) });
        for line in run.out(&exited).lines().filter(|line| line.starts_with("Sig") && !line.starts_with("SigQ")) {
            let (name, set) = line.split_once(":\t").unwrap();
            let set = u64::from_str_radix(set, 16).unwrap();
            for signal in
                [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::PIPE, Signal::IO, Signal::CHILD]
            {
                assert_eq!(set >> (signal.as_raw() - 1) & 1, 0, "{signal:?} in {name}");
            }
        }
    }
    let keeper = run.keeper.as_ref().unwrap().id() as i32;
    for sent in [Signal::INT, Signal::TERM, Signal::HUP, Signal::QUIT, Signal::PIPE, Signal::IO] {
        common::signal(keeper, sent);
    }
    assert_eq!(engine.run(engine.program(3, &["true"])).exit, Exit::Code(0), "the keeper lives on");
}

fn an_attempt_has_no_terminal_unless_it_asks(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = "test -t 0 && test -t 1 && test -t 2 && echo terminal; : 2>/dev/null </dev/tty && echo controlling; cat; echo \"end $(ps -o sid= -p $$ | tr -d ' ') $$\"";
    let without = engine.run(engine.script(1, script));
    assert!(
        !run.out(&without).contains("terminal") && !run.out(&without).contains("controlling"),
        "{}",
        run.out(&without)
    );
    let with = engine.run(Start { pty: true, ..engine.script(2, script) });
    let out = run.out(&with);
    let mut lines = out.lines();
    assert_eq!((lines.next(), lines.next()), (Some("terminal"), Some("controlling")), "{out}");
    let end: Vec<&str> = lines.next().unwrap().split(' ').collect();
    assert_eq!(end[1], end[2], "it leads a session: {out}");
}

fn a_large_stdin_arrives_whole(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let text = "0123456789abcdef".repeat(1 << 18);
    let exited = engine.run(Start { stdin: Some(bytes(&text)), capture: true, ..engine.program(1, &["cat"]) });
    assert!(run.data(&exited) == text);
    let unread = engine.run(Start { stdin: Some(bytes(&text)), ..engine.program(2, &["true"]) });
    assert_eq!(unread.exit, Exit::Code(0));
}

fn a_closed_output_keeps_nobody_busy(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let closed = "exec >/dev/null 2>&1; echo > closed; while ! [ -e go ]; do sleep 0.01; done";
    engine.start(Start { masked: true, ..engine.script(1, closed) });
    eventually("it closed its output", || run.dir().join("closed").exists());
    let sleeps = || {
        std::thread::sleep(Duration::from_millis(5));
        fs::read_to_string(format!("/proc/{}/stat", engine.welcome.pid)).unwrap().contains(") S ")
    };
    let asleep = (0..40).filter(|_| sleeps()).count();
    assert!(asleep > 20, "the keeper slept in {asleep} of 40 moments");
    fs::write(run.dir().join("go"), "").unwrap();
    assert_eq!(engine.exited().exit, Exit::Code(0));
}
