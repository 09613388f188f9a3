//! Engines that die, and the engines that come after them.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "each test program needs a part of it")]
mod common;

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

use common::{LONG, Run, eventually, is_alive, program, signal, start};
use runner_keeper::client::{ConnectError, seize};
use runner_keeper::protocol::{Decoder, Exit, Hello, PROTOCOL, Reason, Reply, Request, Start, Started, encode};
use runner_keeper::receipts::{self, Found};
use runner_keeper::{Holder, boot_id};
use rustix::process::Signal;

both!(
    an_attempt_outlives_its_engine_and_ends_once,
    what_ends_without_an_engine_stands_in_durable_receipts,
    a_start_that_a_dead_engine_left_behind_is_seen,
    a_start_of_an_engine_that_was_never_accepted_is_seen,
    an_older_engine_is_refused,
    an_attempt_is_started_once,
    a_newer_protocol_is_refused,
    a_stranger_to_the_protocol_harms_nobody,
    a_keeper_with_nothing_to_keep_leaves,
    a_keeper_to_whom_nobody_speaks_leaves,
    services_are_stopped_when_no_engine_comes,
    the_end_of_the_run_leaves_nothing,
    a_removed_socket_comes_back,
    a_keeper_holds_the_locks_of_groups,
);

/// An engine as a process of its own, so that it can be killed.
struct Victim {
    process: Child,
    replies: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Victim {
    fn new(run: &Run) -> Self {
        let mut process = Command::new(program())
            .arg("--engine")
            .arg(run.dir())
            .args(run.command())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let replies = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut victim = Self { process, replies };
        assert!(matches!(victim.next(), Reply::Welcome(_)));
        victim
    }

    fn next(&mut self) -> Reply {
        serde_json::from_str(&self.replies.next().unwrap().unwrap()).unwrap()
    }

    fn start(&mut self, start: Start) -> Started {
        let request = serde_json::to_string(&Request::Start(Box::new(start))).unwrap();
        writeln!(self.process.stdin.as_ref().unwrap(), "{request}").unwrap();
        match self.next() {
            Reply::Started(started) => started,
            other => panic!("expected a start, got {other:?}"),
        }
    }

    fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

const WAIT_FOR_GO: &str = "while ! [ -e go ]; do sleep 0.01; done; echo done; exit 5";

fn holder(run: &Run) -> Holder {
    serde_json::from_str(&fs::read_to_string(run.dir().join("keeper.lock")).unwrap()).unwrap()
}

fn an_attempt_outlives_its_engine_and_ends_once(portable: bool) {
    let run = Run::new(portable);
    let mut victim = Victim::new(&run);
    let started = victim.start(start(1, 1, &["sh", "-c", WAIT_FOR_GO], run.dir()));
    victim.kill();

    let mut second = run.connect(2).unwrap();
    assert_eq!(second.welcome.running.iter().map(|running| &running.started).collect::<Vec<_>>(), [&started]);
    let read = receipts::read_to(run.dir(), second.welcome.receipts_len).unwrap();
    let found = read.classify(run.dir(), 1, &boot_id(), &second.welcome.running);
    assert!(matches!(found, Found::Running(running) if running.started == started));
    fs::write(run.dir().join("go"), "").unwrap();
    let exited = second.exited();
    assert_eq!((exited.exit, exited.reason), (Exit::Code(5), Reason::Exited));
    assert_eq!(run.out(&exited), "done\n");

    let keep = second.start(second.program(2, &["sleep", "100"]));
    drop(second);
    let mut third = run.connect(3).unwrap();
    let read = receipts::read_to(run.dir(), third.welcome.receipts_len).unwrap();
    let found = read.classify(run.dir(), 1, &boot_id(), &third.welcome.running);
    assert!(matches!(found, Found::Ended(ended) if ended.exited == exited));
    third.send(&Request::Stop { attempt: 2, kill: true });
    assert_eq!(third.exited().attempt, 2, "the end of the first is not told again");
    assert!(!is_alive(keep.pid));
}

fn what_ends_without_an_engine_stands_in_durable_receipts(portable: bool) {
    let run = Run::new(portable);
    let mut victim = Victim::new(&run);
    let first = start(1, 1, &["sh", "-c", WAIT_FOR_GO], run.dir());
    victim.start(Start { capture: true, ..first });
    victim.kill();
    let keeper = holder(&run);
    fs::write(run.dir().join("go"), "").unwrap();
    eventually("the keeper leaves", || seize(run.dir()).unwrap().is_some());
    eventually("its process is gone", || !is_alive(keeper.pid));
    assert!(!keeper.socket.unwrap().as_path().exists());

    assert!(matches!(run.connect(2), Err(ConnectError::None)));
    let held = seize(run.dir()).unwrap().unwrap();
    let read = receipts::read(run.dir()).unwrap();
    // The machine may have gone down since: a synced receipt holds in any boot.
    for boot in [boot_id().as_str(), "another"] {
        match read.classify(run.dir(), 1, boot, &[]) {
            Found::Ended(ended) => {
                assert!(ended.synced);
                assert_eq!(ended.exited.exit, Exit::Code(5));
                assert_eq!(run.data(&ended.exited), "done\n");
            }
            other => panic!("{other:?}"),
        }
    }
    drop(held);
}

fn a_start_that_a_dead_engine_left_behind_is_seen(portable: bool) {
    let mut run = Run::new(portable);
    let mut first = run.begin();
    let keeper = first.welcome.pid;
    signal(keeper, Signal::STOP);
    first.send(&Request::Start(Box::new(first.script(1, WAIT_FOR_GO))));
    drop(first);
    let second = std::thread::scope(|scope| {
        let second = scope.spawn(|| run.connect(2));
        signal(keeper, Signal::CONT);
        second.join().unwrap().unwrap()
    });
    assert_eq!(second.welcome.running.len(), 1, "what was said before the end was heard before the new one");
    assert_eq!(second.welcome.running[0].started.attempt, 1);
}

fn a_start_of_an_engine_that_was_never_accepted_is_seen(portable: bool) {
    let mut run = Run::new(portable);
    let first = run.begin();
    let mut dead = UnixStream::connect(holder(&run).socket.unwrap().as_path()).unwrap();
    let hello = Hello { protocol: PROTOCOL, epoch: 2, ..Hello::default() };
    dead.write_all(&encode(&Request::Hello(Box::new(hello)))).unwrap();
    let left = start(7, 2, &["/bin/sh", "-c", "exec /bin/sleep 100"], run.dir());
    dead.write_all(&encode(&Request::Start(Box::new(left)))).unwrap();
    drop(dead);
    drop(first);
    let third = run.connect(3).unwrap();
    assert_eq!(third.welcome.running.iter().map(|running| running.started.attempt).collect::<Vec<_>>(), [7]);
}

fn an_older_engine_is_refused(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    let mut newer = run.connect(5).unwrap();
    newer.start(newer.program(1, &["sleep", "100"]));
    newer.send(&Request::Start(Box::new(start(2, 4, &["touch", "wrong"], run.dir()))));
    assert!(matches!(newer.next(), Reply::Refused { attempt: Some(2), .. }));
    drop(newer);
    match run.connect(4) {
        Err(ConnectError::Refused(reason)) => assert_eq!(reason, "epoch `4` is older than `5`, which was here"),
        other => panic!("{:?}", other.err()),
    }
    assert!(run.connect(5).is_ok(), "the same life may connect again");
    assert!(!run.dir().join("wrong").exists());
    run.kill_keeper();
    run.spawn();
    assert!(
        matches!(run.connect(4), Err(ConnectError::Refused(_))),
        "a new keeper knows the epochs of its predecessor"
    );
}

fn an_attempt_is_started_once(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let again = engine.script(1, "echo x >> ran");
    engine.run(again.clone());
    engine.send(&Request::Start(Box::new(again)));
    match engine.next() {
        Reply::Refused { attempt: Some(1), reason } => assert_eq!(reason, "attempt `1` was started before"),
        other => panic!("{other:?}"),
    }
    assert_eq!(fs::read_to_string(run.dir().join("ran")).unwrap(), "x\n");
}

fn a_newer_protocol_is_refused(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    let hello = Hello { protocol: PROTOCOL + 1, epoch: 9, ..Hello::default() };
    let mut stream = UnixStream::connect(holder(&run).socket.unwrap().as_path()).unwrap();
    stream.write_all(&encode(&Request::Hello(Box::new(hello.clone())))).unwrap();
    let mut said = Vec::new();
    stream.read_to_end(&mut said).unwrap();
    match &Decoder::<Reply>::default().push(&said).unwrap()[..] {
        [Reply::Refused { attempt: None, reason }] => assert!(reason.contains("protocol"), "{reason}"),
        other => panic!("{other:?}"),
    }
    // An engine of a later release speaks as the keeper does; and the epoch of one that was refused does not count.
    let connected = runner_keeper::client::connect(run.dir(), &Hello { epoch: 1, ..hello }, LONG).unwrap();
    assert_eq!(connected.welcome.protocol, PROTOCOL);
}

fn a_stranger_to_the_protocol_harms_nobody(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    for said in [b"GET / HTTP/1.1\r\n\r\n".to_vec(), encode(&Request::End), encode(&"nonsense"), Vec::new(), vec![3, 0]]
    {
        let mut stranger = UnixStream::connect(holder(&run).socket.unwrap().as_path()).unwrap();
        stranger.write_all(&said).unwrap();
    }
    let mut engine = run.connect(1).unwrap();
    assert_eq!(engine.run(engine.program(1, &["true"])).exit, Exit::Code(0));
}

fn a_keeper_with_nothing_to_keep_leaves(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    engine.run(engine.program(1, &["true"]));
    let socket = holder(&run).socket.unwrap();
    drop(engine);
    assert_eq!(run.await_keeper(), Some(0));
    assert!(!socket.as_path().exists());
    assert!(matches!(run.connect(2), Err(ConnectError::None)));
    run.spawn();
    let mut engine = run.connect(2).unwrap();
    assert_eq!(engine.run(engine.program(2, &["true"])).exit, Exit::Code(0));
}

fn a_keeper_to_whom_nobody_speaks_leaves(portable: bool) {
    let mut run = Run::new(portable);
    run.options.extend(["--first-patience-ms".into(), "50".into()]);
    run.spawn();
    assert_eq!(run.await_keeper(), Some(0));
}

fn services_are_stopped_when_no_engine_comes(portable: bool) {
    let mut run = Run::new(portable);
    run.options.extend(["--service-patience-ms".into(), "100".into()]);
    let mut engine = run.begin();
    let service = engine.start(Start { service: true, ..engine.program(1, &["sleep", "100"]) });
    let step = engine.start(engine.script(2, WAIT_FOR_GO));
    drop(engine);
    eventually("the service is stopped", || !is_alive(service.pid));
    assert!(is_alive(step.pid), "what is no service is kept");
    let read = receipts::read(run.dir()).unwrap();
    match read.classify(run.dir(), 1, &boot_id(), &[]) {
        Found::Ended(ended) => assert_eq!(ended.exited.reason, Reason::Stopped),
        // The receipt follows the death.
        other => assert!(matches!(other, Found::Orphaned(_) | Found::InDoubt(_)), "{other:?}"),
    }
    fs::write(run.dir().join("go"), "").unwrap();
    assert_eq!(run.await_keeper(), Some(0));
}

fn the_end_of_the_run_leaves_nothing(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let mut pids = Vec::new();
    for attempt in 1..=3 {
        pids.push(
            engine
                .start(Start { masked: attempt == 2, pty: attempt == 3, ..engine.program(attempt, &["sleep", "100"]) })
                .pid,
        );
    }
    engine.send(&Request::End);
    // The engine may die as soon as it has said so.
    drop(engine);
    assert_eq!(run.await_keeper(), Some(0));
    assert!(pids.iter().all(|pid| !is_alive(*pid)));
}

fn a_removed_socket_comes_back(portable: bool) {
    let mut run = Run::new(portable);
    run.options.extend(["--socket-check-ms".into(), "20".into()]);
    let mut engine = run.begin();
    engine.start(engine.program(1, &["sleep", "100"]));
    drop(engine);
    fs::remove_dir_all(run.dir().join("runner")).unwrap();
    let engine = run.connect(2).unwrap();
    assert_eq!(engine.welcome.running.len(), 1);
}

fn a_keeper_holds_the_locks_of_groups(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let path = run.dir().join("group.lock");
    let other = fs::File::create(&path).unwrap();
    for (taken, held) in [(false, true), (true, false)] {
        if taken {
            engine.send(&Request::Unlock { path: path.as_path().into() });
            eventually("it let go", || other.try_lock().is_ok());
        }
        engine.send(&Request::Lock { path: path.as_path().into() });
        assert_eq!(engine.next(), Reply::Locked { path: path.as_path().into(), held });
    }
    other.unlock().unwrap();
    engine.send(&Request::Lock { path: path.as_path().into() });
    assert!(matches!(engine.next(), Reply::Locked { held: true, .. }));
    let named: serde_json::Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
    let folder = run.dir().canonicalize().unwrap();
    assert_eq!(named["run"].as_str().map(std::path::Path::new), Some(folder.as_path()), "its next engine is let in");
    engine.start(engine.program(1, &["sleep", "100"]));
    drop(engine);
    assert!(other.try_lock().is_err(), "it is held as long as the keeper lives");
    run.kill_keeper();
    eventually("it died with the keeper", || other.try_lock().is_ok());
}
