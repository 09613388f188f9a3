//! Secrets do not reach the files of a run.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

#[expect(dead_code, reason = "each test program needs a part of it")]
mod common;

use std::fs;
use std::path::Path;

use common::{Run, bytes, eventually};
use runner_keeper::protocol::{Mask, Request, Start};
use runner_keeper::receipts;
use runner_keeper::seal::{Key, Keys, Place, open};

both!(
    captured_output_is_sealed_and_opens_as_it_was_written,
    sealed_output_opens_as_far_as_it_was_written_when_the_keeper_dies,
    a_secret_in_any_stream_is_masked,
    a_secret_split_across_writes_is_masked,
    a_secret_is_masked_on_a_terminal,
    a_secret_that_comes_later_is_masked_from_then_on,
    large_output_passes_unchanged,
);

const SECRET: &str = "correct horse/battery";

fn masks() -> Vec<Mask> {
    vec![Mask::new("password", SECRET), Mask::new("unused", "something else")]
}

/// No file of the run holds the secret.
fn nowhere(folder: &Path) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let kind = fs::symlink_metadata(&path).unwrap().file_type();
        if kind.is_dir() {
            nowhere(&path);
        } else if kind.is_file() {
            let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
            assert!(!text.contains(SECRET) && !text.contains("horse"), "{}: {text}", path.display());
        }
    }
}

fn a_secret_in_any_stream_is_masked(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    let mut engine = run.connect_masked(1, masks()).unwrap();
    let script =
        "read -r s; echo \"o $s\"; echo \"e $s\" >&2; echo \"p $s\" >> $RUNNER_PROGRESS; printf %s \"$s\" | base64";
    let start = Start { masked: true, capture: true, stdin: Some(bytes(SECRET)), ..engine.script(1, script) };
    let exited = engine.run(start.clone());
    assert_eq!(run.data(&exited), "o ***\n***\n");
    assert_eq!(run.out(&exited), "e ***\n");
    assert_eq!(run.progress(&exited), "p ***\n");
    assert_eq!(exited.data_secrets, ["password"]);
    let exited = engine.run(Start { capture: false, attempt: 2, ..start });
    assert!(exited.data_secrets.is_empty(), "only data counts");
    assert_eq!(run.out(&exited), "o ***\ne ***\n***\n");
    nowhere(run.dir());
}

/// What the attempt wrote, opened.
fn opened(run: &Run, lane: u64, begin: u64, to: usize, key: &Key) -> String {
    let file = fs::read(run.dir().join(format!("lanes/{lane}.data"))).unwrap();
    let place = Place { lane, begin };
    String::from_utf8(open(&Keys(vec![key.clone()]), place, &file[begin as usize..to]).unwrap()).unwrap()
}

fn captured_output_is_sealed_and_opens_as_it_was_written(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    let mut engine = run.connect_masked(1, masks()).unwrap();
    let key = Key::random().unwrap();
    let script =
        "read -r s; printf 'correct ho'; sleep 0.05; echo \"rse/battery and $s\"; echo \"e $s\" >&2; seq 1 100000";
    let start = Start { masked: true, capture: true, stdin: Some(bytes(SECRET)), ..engine.script(1, script) };
    let numbers: String = (1..=100_000).flat_map(|number: u32| [number.to_string(), "\n".into()]).collect();
    for attempt in 1..3 {
        let exited = engine.run(Start { attempt, seal: Some(key.clone()), ..start.clone() });
        assert!(exited.data_sealed && !exited.data_lost);
        let (lane, data) = (exited.ranges.lane, exited.ranges.data);
        let text = opened(&run, lane, data.from, data.to as usize, &key);
        assert!(text == format!("{SECRET} and {SECRET}\n{numbers}"), "attempt {attempt}");
        assert_eq!(exited.data_secrets, ["password"]);
        assert_eq!(run.out(&exited), "e ***\n");
        let spawning = receipts::read(run.dir()).unwrap().spawning(attempt).cloned().unwrap();
        assert!(spawning.sealed && spawning.begin.data == data.from);
    }
    nowhere(run.dir());
}

fn sealed_output_opens_as_far_as_it_was_written_when_the_keeper_dies(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    let mut engine = run.connect_masked(1, masks()).unwrap();
    let key = Key::random().unwrap();
    let start = engine.script(1, "printf 'correct horse/battery'; exec sleep 100");
    let start = Start { masked: true, capture: true, seal: Some(key.clone()), ..start };
    let started = engine.start(start);
    run.clean_up(started.pid);
    let file = run.dir().join(format!("lanes/{}.data", started.lane));
    let length = || fs::metadata(&file).map_or(0, |data| data.len() as usize);
    eventually("it is written", || length() > 0);
    run.kill_keeper();
    assert_eq!(opened(&run, started.lane, started.begin.data, length(), &key), SECRET);
    nowhere(run.dir());
}

fn a_secret_split_across_writes_is_masked(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    let mut engine = run.connect_masked(1, masks()).unwrap();
    let script =
        "printf 'correct ho'; echo > first; while ! [ -e go ]; do sleep 0.01; done; printf 'rse/battery staple corr'";
    engine.start(Start { masked: true, capture: true, ..engine.script(1, script) });
    eventually("the first half is written", || run.dir().join("first").exists());
    // Another attempt's whole life passes through the loop: by then the first half was read.
    engine.send(&Request::Start(Box::new(Start { masked: true, ..engine.script(2, "echo between") })));
    assert_eq!(engine.exited().attempt, 2);
    fs::write(run.dir().join("go"), "").unwrap();
    let exited = engine.exited();
    assert_eq!(run.data(&exited), "*** staple corr", "the end is not held back for ever");
    assert_eq!(exited.data_secrets, ["password"]);
    nowhere(run.dir());
}

fn a_secret_is_masked_on_a_terminal(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    let mut engine = run.connect_masked(1, masks()).unwrap();
    for (attempt, capture) in [(1, false), (2, true)] {
        let start = engine.script(
            attempt,
            "printf 'correct horse'; sleep 0.05; printf '/battery\\n'; tput cols 2>/dev/null; stty size",
        );
        let exited = engine.run(Start { pty: true, capture, env: vec![("TERM".into(), Some("dumb".into()))], ..start });
        let text = if capture { run.data(&exited) } else { run.out(&exited) };
        assert!(text.starts_with("***\n") && text.ends_with("24 80\n"), "{text:?}");
        assert_eq!(exited.data_secrets.is_empty(), !capture);
    }
}

fn a_secret_that_comes_later_is_masked_from_then_on(portable: bool) {
    let mut run = Run::new(portable);
    let mut engine = run.begin();
    let script = "while ! [ -e go ]; do sleep 0.01; done; echo 'correct horse/battery'";
    engine.start(Start { masked: true, ..engine.script(1, script) });
    engine.send(&Request::Masks { masks: masks() });
    engine.send(&Request::Start(Box::new(engine.program(2, &["touch", "go"]))));
    let ended = [engine.exited(), engine.exited()];
    let exited = ended.iter().find(|exited| exited.attempt == 1).unwrap();
    assert_eq!(run.out(exited), "***\n");
    drop(engine);
    let _ = run.await_keeper();
    nowhere(run.dir());
}

fn large_output_passes_unchanged(portable: bool) {
    let mut run = Run::new(portable);
    run.spawn();
    let mut engine = run.connect_masked(1, masks()).unwrap();
    let script = "seq 1 500000; echo correct horse/battery; seq 1 500000";
    let exited = engine.run(Start { masked: true, ..engine.script(1, script) });
    let numbers: String = (1..=500_000).flat_map(|number: u32| [number.to_string(), "\n".into()]).collect();
    assert!(run.out(&exited) == format!("{numbers}***\n{numbers}"));
}
