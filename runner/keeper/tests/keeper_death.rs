//! Keepers that die, hang or come too late, and what can still be told of their attempts.
#![expect(clippy::unwrap_used, clippy::cast_possible_wrap, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "each test program needs a part of it")]
mod common;

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::time::Duration;

use common::{LONG, Run, eventually, is_alive, signal};
use runner_keeper::client::{self, ConnectError, seize};
use runner_keeper::protocol::{Exit, Hello, PROTOCOL, Start};
use runner_keeper::receipts::{self, Doubt, Found};
use runner_keeper::{BUSY, boot_id};
use rustix::process::Signal;

both!(
    an_attempt_whose_keeper_was_killed_is_alive_then_in_doubt,
    an_attempt_on_pipes_is_to_be_stopped,
    an_attempt_with_a_terminal_dies_with_its_keeper,
    what_ended_before_the_keeper_was_killed_is_known,
    what_a_killed_keeper_never_heard_of_was_not_started,
    a_start_without_a_second_record_is_found_by_its_session,
    a_keeper_that_comes_too_late_leaves,
    a_keeper_that_hangs_is_not_presumed_dead,
    a_torn_receipt_harms_no_other,
    a_keeper_that_cannot_write_says_so,
);

fn classify(run: &Run, attempt: u64) -> Found {
    let held = seize(run.dir()).unwrap().expect("the keeper is dead");
    let found = receipts::read(run.dir()).unwrap().classify(run.dir(), attempt, &boot_id(), &[]);
    drop(held);
    found
}

fn an_attempt_whose_keeper_was_killed_is_alive_then_in_doubt(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let started = engine.start(engine.script(1, "sleep 100 & wait"));
    run.clean_up(started.pid);
    run.kill_keeper();
    assert!(engine.next_or_end().is_none());
    let Found::Orphaned(orphan) = classify(&run, 1) else { panic!("{:?}", classify(&run, 1)) };
    assert_eq!((orphan.groups(), orphan.piped), ([started.pid].as_slice(), false));
    assert!(!orphan.await_end(Duration::from_millis(10)));
    signal(started.pid, Signal::KILL);
    eventually("the leader is dead", || !is_alive(started.pid));
    assert!(matches!(classify(&run, 1), Found::Orphaned(_)), "a member of its group lives");
    assert!(orphan.stop(LONG));
    assert!(orphan.living().is_empty());
    assert_eq!(classify(&run, 1), Found::InDoubt(Doubt::EndedUnseen));
}

fn an_attempt_on_pipes_is_to_be_stopped(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let started =
        engine.start(Start { masked: true, ..engine.script(1, "trap '' TERM; while :; do sleep 0.05; done") });
    run.clean_up(started.pid);
    run.kill_keeper();
    let Found::Orphaned(orphan) = classify(&run, 1) else { panic!("{:?}", classify(&run, 1)) };
    assert!(orphan.piped);
    assert!(orphan.stop(Duration::from_millis(100)), "one that ignores SIGTERM is killed");
    assert!(!is_alive(started.pid));
    assert_eq!(classify(&run, 1), Found::InDoubt(Doubt::EndedUnseen));
}

fn an_attempt_with_a_terminal_dies_with_its_keeper(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let started = engine.start(Start { pty: true, ..engine.program(1, &["sleep", "100"]) });
    run.clean_up(started.pid);
    run.kill_keeper();
    eventually("its terminal hung up", || !is_alive(started.pid));
    assert_eq!(classify(&run, 1), Found::InDoubt(Doubt::EndedUnseen));
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let deaf = engine.start(Start { pty: true, ..engine.script(1, "trap '' HUP; echo > deaf; sleep 100") });
    run.clean_up(deaf.pid);
    eventually("it is deaf", || run.dir().join("deaf").exists());
    run.kill_keeper();
    match classify(&run, 1) {
        Found::Orphaned(orphan) => assert!(orphan.piped && orphan.stop(Duration::from_millis(100))),
        other => panic!("{other:?}"),
    }
}

fn what_ended_before_the_keeper_was_killed_is_known(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let exited = engine.run(engine.script(1, "exit 3"));
    run.kill_keeper();
    match classify(&run, 1) {
        Found::Ended(ended) => assert_eq!((ended.exited, ended.synced), (exited, false)),
        other => panic!("{other:?}"),
    }
}

fn what_a_killed_keeper_never_heard_of_was_not_started(portable: bool) {
    let mut run = Run::new(portable);
    run.begin();
    run.kill_keeper();
    assert_eq!(classify(&run, 1), Found::NotStarted);
    let read = receipts::read(run.dir()).unwrap();
    assert_eq!(read.classify(run.dir(), 1, "another boot", &[]), Found::InDoubt(Doubt::OtherBoot));
}

fn a_start_without_a_second_record_is_found_by_its_session(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let other = engine.start(engine.program(1, &["sleep", "100"]));
    let started = engine.start(engine.program(2, &["sleep", "100"]));
    run.clean_up(other.pid);
    run.clean_up(started.pid);
    run.kill_keeper();
    // As if the keeper had died between the spawn and its record.
    let path = receipts::path(run.dir());
    let text = fs::read_to_string(&path).unwrap();
    let kept: Vec<&str> = text.lines().filter(|line| !line.contains(&format!("\"pid\":{},", started.pid))).collect();
    assert_eq!(kept.len() + 1, text.lines().count());
    fs::write(&path, kept.join("\n") + "\n").unwrap();
    match classify(&run, 2) {
        Found::Orphaned(orphan) => assert_eq!(orphan.living(), [started.pid], "not the other attempt's"),
        other => panic!("{other:?}"),
    }
    signal(started.pid, Signal::KILL);
    eventually("it is dead", || !is_alive(started.pid));
    assert_eq!(classify(&run, 2), Found::InDoubt(Doubt::KeeperDiedStarting));
}

fn a_keeper_that_comes_too_late_leaves(portable: bool) {
    let mut run = Run::new(portable);
    let held = seize(run.dir()).unwrap().unwrap();
    run.spawn();
    assert_eq!(run.await_keeper(), Some(BUSY.into()));
    assert!(seize(run.dir()).unwrap().is_none(), "the place is taken");
    drop(held);
    let _engine = run.begin();
    let first = run.keeper.take();
    run.spawn();
    assert_eq!(run.await_keeper(), Some(BUSY.into()), "one keeper is enough");
    run.keeper = first;
}

fn a_keeper_that_hangs_is_not_presumed_dead(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    let keeper = run.keeper.as_ref().unwrap().id() as i32;
    signal(keeper, Signal::STOP);
    let hello = Hello { protocol: PROTOCOL, epoch: 1, ..Hello::default() };
    match client::connect(run.dir(), &hello, Duration::from_millis(100)) {
        Err(error @ ConnectError::Silent { .. }) => {
            let expected = format!("the keeper of this run lives (process {keeper}) but does not answer");
            assert_eq!(error.to_string(), expected);
        }
        other => panic!("{other:?}"),
    }
    assert!(seize(run.dir()).unwrap().is_none());
    signal(keeper, Signal::CONT);
    // It hears the end of the first engine; if that is before the second comes, there is nothing left to keep.
    match run.connect(2) {
        Ok(_) | Err(ConnectError::None) => {}
        Err(other) => panic!("{other:?}"),
    }
}

fn a_torn_receipt_harms_no_other(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    engine.run(engine.script(1, "exit 3"));
    run.kill_keeper();
    let mut file = OpenOptions::new().append(true).open(receipts::path(run.dir())).unwrap();
    file.write_all(b"{\"crc\":\"00000000\",\"record\":{\"ended\":{\"exi").unwrap();
    run.spawn();
    let mut engine = run.connect(2).unwrap();
    engine.run(engine.script(2, "exit 4"));
    run.kill_keeper();
    assert_eq!(receipts::read(run.dir()).unwrap().damaged(), 1);
    for (attempt, code) in [(1, 3), (2, 4)] {
        match classify(&run, attempt) {
            Found::Ended(ended) => assert_eq!(ended.exited.exit, Exit::Code(code)),
            other => panic!("{other:?}"),
        }
    }
}

fn a_keeper_that_cannot_write_says_so(portable: bool) {
    let run = Run::new(portable);
    fs::create_dir(receipts::path(run.dir())).unwrap();
    let error = client::spawn(&run.command(), run.dir(), LONG).unwrap_err().to_string();
    assert_eq!(error, "the keeper could not start: Is a directory (os error 21)");
    let error = client::spawn(&["/no/such/program".into()], run.dir(), LONG).unwrap_err().to_string();
    assert!(error.contains("`/no/such/program`"), "{error}");
    let error = client::spawn(&["true".into()], run.dir(), LONG).unwrap_err().to_string();
    assert_eq!(error, "the keeper could not start: it ended at once; see `keeper.log`");
}
