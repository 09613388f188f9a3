//! Attempts that are permitted ahead of their turn.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "each test program needs a part of it")]
mod common;

use std::fs;

use common::{Engine, Run, eventually};
use runner_keeper::protocol::{Reply, Request, Start};
use runner_keeper::receipts::{self, Found};

both!(
    what_follows_is_let_go_once_what_it_follows_has_succeeded,
    any_other_end_takes_back_what_was_not_let_go,
    a_stop_takes_back_what_was_not_let_go,
    what_follows_something_that_is_over_goes_at_once_or_never,
    where_more_than_the_exit_code_decides_the_engine_does,
    a_place_is_waited_for_in_order,
    the_end_of_the_engine_takes_back_what_was_not_let_go,
    what_cannot_be_started_takes_back_what_follows_it,
);

/// A step that leaves its number in the file `ran`, waits for the file `go`, and exits with this code.
fn step(engine: &Engine, run: &Run, attempt: u64, code: i32, behind: Option<&[u64]>) -> Start {
    let folder = run.dir().display();
    let script = format!("echo {attempt} >> {folder}/ran; until [ -e {folder}/go ]; do sleep 0.01; done; exit {code}");
    let behind = behind.map(<[u64]>::to_vec);
    Start { codes: Some(vec![0, 7]), takes_place: true, behind, ..engine.script(attempt, &script) }
}

fn send(engine: &mut Engine, start: Start) {
    engine.send(&Request::Start(Box::new(start)));
}

fn ran(run: &Run) -> String {
    fs::read_to_string(run.dir().join("ran")).unwrap_or_default().replace('\n', " ")
}

fn go(run: &Run) {
    fs::write(run.dir().join("go"), "").unwrap();
}

/// What the keeper says next besides starts: the numbers that ended (`+`) or were taken back (`-`).
fn told(engine: &mut Engine) -> String {
    loop {
        match engine.next() {
            Reply::Exited(exited) => return format!("+{}", exited.attempt),
            Reply::TakenBack { attempts } => {
                return attempts.iter().map(|attempt| format!("-{attempt}")).collect::<Vec<_>>().concat();
            }
            Reply::SpawnFailed { attempt, .. } => return format!("!{attempt}"),
            Reply::Started(_) => {}
            other => panic!("{other:?}"),
        }
    }
}

/// Where a keeper has done what it was told so far: it answers what comes after.
fn in_step(engine: &mut Engine, run: &Run) {
    engine.send(&Request::Lock { path: run.dir().join("lock").into() });
    while !matches!(engine.next(), Reply::Locked { .. }) {}
}

fn what_follows_is_let_go_once_what_it_follows_has_succeeded(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    engine.send(&Request::Places { most: 1 });
    for (attempt, code, behind) in [(1, 0, None), (2, 7, Some(&[1][..])), (3, 0, Some(&[1, 2][..]))] {
        let start = step(&engine, &run, attempt, code, behind);
        send(&mut engine, start);
    }
    in_step(&mut engine, &run);
    eventually("the first runs", || ran(&run) == "1 ");
    go(&run);
    assert_eq!([told(&mut engine), told(&mut engine), told(&mut engine)], ["+1", "+2", "+3"]);
    assert_eq!(ran(&run), "1 2 3 ");
}

fn any_other_end_takes_back_what_was_not_let_go(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    engine.send(&Request::Places { most: 1 });
    for (attempt, code, behind) in [(1, 3, None), (2, 0, Some(&[1][..])), (3, 0, Some(&[2][..])), (4, 0, Some(&[][..]))]
    {
        let start = step(&engine, &run, attempt, code, behind);
        send(&mut engine, start);
    }
    in_step(&mut engine, &run);
    go(&run);
    assert_eq!([told(&mut engine), told(&mut engine)], ["+1", "-2-3-4"]);
    in_step(&mut engine, &run);
    assert_eq!(ran(&run), "1 ");
}

fn a_stop_takes_back_what_was_not_let_go(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    for (attempt, behind) in [(1, None), (2, Some(&[1][..]))] {
        let start = step(&engine, &run, attempt, 0, behind);
        send(&mut engine, start);
    }
    engine.send(&Request::Stop { attempt: 2, kill: false });
    assert_eq!(told(&mut engine), "-2");
    let start = step(&engine, &run, 3, 0, Some(&[1]));
    send(&mut engine, start);
    engine.send(&Request::Recall);
    assert_eq!(told(&mut engine), "-3");
    go(&run);
    assert_eq!(told(&mut engine), "+1");
}

fn what_follows_something_that_is_over_goes_at_once_or_never(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    engine.send(&Request::Places { most: 9 });
    go(&run);
    for (attempt, code) in [(1, 0), (2, 1)] {
        let start = step(&engine, &run, attempt, code, None);
        send(&mut engine, start);
        assert_eq!(told(&mut engine), format!("+{attempt}"));
    }
    for (attempt, behind, becomes) in [(3, 1, "+3"), (4, 2, "-4"), (5, 99, "-5")] {
        let start = step(&engine, &run, attempt, 0, Some(&[behind]));
        send(&mut engine, start);
        assert_eq!(told(&mut engine), becomes, "behind {behind}");
    }
    assert_eq!(ran(&run), "1 2 3 ");
}

fn where_more_than_the_exit_code_decides_the_engine_does(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    engine.send(&Request::Places { most: 1 });
    let first = Start { codes: None, ..step(&engine, &run, 1, 0, None) };
    let second = step(&engine, &run, 2, 0, Some(&[]));
    send(&mut engine, first);
    send(&mut engine, second);
    in_step(&mut engine, &run);
    go(&run);
    assert_eq!(told(&mut engine), "+1");
    in_step(&mut engine, &run);
    assert_eq!(ran(&run), "1 ", "whether it may follow is not known yet");
    engine.send(&Request::Places { most: 1 });
    assert_eq!(told(&mut engine), "+2");
}

fn a_place_is_waited_for_in_order(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    engine.send(&Request::Places { most: 2 });
    for attempt in 1..=5 {
        let start = step(&engine, &run, attempt, 0, (attempt > 1).then_some(&[]));
        send(&mut engine, start);
    }
    in_step(&mut engine, &run);
    eventually("two run", || matches!(ran(&run).as_str(), "1 2 " | "2 1 "));
    go(&run);
    let mut ended: Vec<_> = (0..5).map(|_| told(&mut engine)).collect();
    ended.sort();
    assert_eq!(ended, ["+1", "+2", "+3", "+4", "+5"]);
}

fn the_end_of_the_engine_takes_back_what_was_not_let_go(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    for (attempt, behind) in [(1, None), (2, Some(&[1][..]))] {
        let start = step(&engine, &run, attempt, 0, behind);
        send(&mut engine, start);
    }
    in_step(&mut engine, &run);
    drop(engine);
    let mut engine = run.connect(2).unwrap();
    go(&run);
    assert_eq!(told(&mut engine), "+1");
    in_step(&mut engine, &run);
    let receipts = receipts::read(run.dir()).unwrap();
    assert_eq!(receipts.classify(run.dir(), 2, &runner_keeper::boot_id(), &[]), Found::NotStarted);
    assert_eq!(ran(&run), "1 ");
}

fn what_cannot_be_started_takes_back_what_follows_it(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    go(&run);
    let first = step(&engine, &run, 1, 0, None);
    let second = Start { behind: Some(vec![1]), ..engine.program(2, &["/does/not/exist"]) };
    let third = step(&engine, &run, 3, 0, Some(&[2]));
    for start in [first, second, third] {
        send(&mut engine, start);
    }
    assert_eq!([told(&mut engine), told(&mut engine), told(&mut engine)], ["+1", "!2", "-3"]);
}
