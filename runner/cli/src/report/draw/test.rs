//! Pictures of a run, fed by hand, as text.

use std::sync::Arc;

use runner_core::{
    AttemptResult, Body, End, ErrorKind, Event, Foreach, Item, Kind, Leaf, OnError, Path, Plan, Purpose, Retry, Status,
    Step, StepError, TimerKind, When,
};
use runner_engine::driver::Entry;
use runner_engine::ledger::Record;
use runner_engine::report::{Outline, View};
use serde_json::Value;

use super::text::{clean, cut, last_lines, width, wrap};
use super::{Board, Glyphs, Ink, Line, Noise, Pen, Progress, fit, short};

struct Fed(View);

impl Fed {
    /// `check`, a foreach `region` of groups with `create` and `wait`, and `report`.
    fn new() -> Self {
        let step = |id: &str, kind: Kind, foreach: Option<Foreach>| Step {
            id: id.to_owned(),
            needs: Vec::new(),
            when: When::Success,
            foreach,
            kind,
            on_error: OnError::Continue,
            confirm: false,
        };
        let leaf = || Kind::Leaf(Leaf { retry: Retry { attempts: 4, ..Retry::default() }, ..Leaf::default() });
        let group = Kind::Body { body: Body { steps: vec![2, 3], finally: Vec::new() }, timeout: None, undo: false };
        let steps = vec![
            step("check", leaf(), None),
            step("region", group, Some(Foreach::default())),
            step("create", leaf(), None),
            step("wait", leaf(), None),
            step("report", leaf(), None),
        ];
        let root = Body { steps: vec![0, 1, 4], finally: Vec::new() };
        let plan = Plan { steps, root, ..Plan::default() };
        let mut fed = Self(View::new(Outline::bare("deploy", Arc::new(plan))));
        fed.feed(0, Event::LifeStarted { epoch: 1, pid: 1, boot: String::new() });
        fed.feed(0, Event::RunStarted { record: Value::Null, seed: 1, parallel: 8 });
        fed
    }

    fn feed(&mut self, at: u64, event: Event) {
        self.0.apply(&Record { seq: 1, flush: 1, at, event: Entry::from(event) });
    }

    fn starts(&mut self, at: u64, path: &str) {
        let (path, fingerprint) = (Path::parse(path), String::new());
        self.feed(at, Event::AttemptStarted { path, attempt: 1, purpose: Purpose::Run, fingerprint, permitted: false });
    }

    fn ends(&mut self, at: u64, path: &str, message: Option<&str>) {
        let path = Path::parse(path);
        let error = message.map(|message| StepError::new(ErrorKind::Transient, message));
        let result = match error.clone() {
            Some(error) => AttemptResult::Failed { error },
            None => AttemptResult::Succeeded { output: Value::Null },
        };
        self.feed(at, Event::AttemptEnded { path, attempt: 1, result });
    }

    fn finishes(&mut self, at: u64, path: &str, error: Option<&str>) {
        let status = if error.is_some() { Status::Failed } else { Status::Succeeded };
        let error = error.map(|error| StepError::new(ErrorKind::Transient, error));
        self.feed(at, Event::StepFinished { path: Path::parse(path), status, outputs: None, error });
    }

    fn expands(&mut self, at: u64, keys: &[String]) {
        let items = keys.iter().map(|key| Item { key: key.clone(), value: Value::Null }).collect();
        self.feed(at, Event::StepExpanded { path: Path::parse("region"), items });
        for key in keys {
            let path = Path::parse("region").item(key);
            self.feed(at, Event::StepEntered { path, record: Value::Null });
        }
    }

    /// `check` is done; of the regions `a` is done, `b` waits for its next try, `c` runs, and `d` failed.
    fn busy() -> Self {
        let mut fed = Self::new();
        fed.starts(0, "check");
        fed.ends(1200, "check", None);
        fed.finishes(1200, "check", None);
        fed.expands(1200, &["a", "b", "c", "d"].map(str::to_owned));
        for key in ["a", "b", "c", "d"] {
            fed.starts(1200, &format!("region[{key}]/create"));
        }
        fed.ends(2000, "region[a]/create", None);
        fed.finishes(2000, "region[a]/create", None);
        fed.finishes(2000, "region[a]", None);
        fed.ends(3000, "region[b]/create", Some("exit code 1: no route to host"));
        let (path, kind) = (Path::parse("region[b]/create"), TimerKind::Retry);
        fed.feed(3000, Event::TimerSet { timer: 1, path, kind, at: 3000, duration: 8000 });
        fed.ends(4000, "region[d]/create", Some("quota exceeded"));
        fed.finishes(4000, "region[d]/create", Some("quota exceeded"));
        let mut error = StepError::new(ErrorKind::Transient, "quota exceeded");
        error.origin = Some(Path::parse("region[d]/create"));
        let (path, error) = (Path::parse("region[d]"), Some(error));
        fed.feed(4000, Event::StepFinished { path, status: Status::Failed, outputs: None, error });
        fed
    }

    fn picture(&self, columns: usize, lines: usize, noise: &Noise) -> Vec<Line> {
        let mut pen = Pen { glyphs: &Glyphs::UNICODE, width: columns, now: 9000, frame: 0, column: 0 };
        Board::of(&self.0, lines).draw(&self.0, &mut pen, Some(41_000), &|_| noise.clone())
    }

    fn text(&self, columns: usize, lines: usize) -> String {
        let noise = Noise {
            lines: vec!["creating the network".to_owned(), "creating the cluster".to_owned()],
            progress: Some(Progress { done: 3, total: 10, message: "nodes ready".to_owned() }),
        };
        self.picture(columns, lines, &noise).iter().map(Line::plain).collect::<Vec<_>>().join("\n")
    }
}

#[test]
fn a_wide_terminal_shows_all_of_it() {
    let expected = "\
⠋ deploy  1/3 steps · 9.0s · about 41s left
✓ check        1.2s
▾ region       7.8s  ━━━━━━━━━━╌╌╌╌╌╌╌╌╌╌ 2/4 · 1 failed · 2 active
  ▾ b          7.8s  0/2
    ↻ create   7.8s  try 2 of 4 in 2.0s: exit code 1: no route to host
    · wait
  ▾ c          7.8s  0/2
    ⠋ create   7.8s  ━━━━━━╌╌╌╌╌╌╌╌╌╌╌╌╌╌ 3/10 · nodes ready
      │ creating the network
      │ creating the cluster
    · wait
  ✗ d          2.8s
    ✗ create   2.8s  quota exceeded
    · wait
· report";
    assert_eq!(Fed::busy().text(90, 24), expected);
}

#[test]
fn a_narrow_terminal_shows_less_of_each_and_what_is_under_way_stays() {
    let expected = "\
⠋ deploy  1/3 steps · 9.0s · ~41s left
✓ check        1.2s
▾ region       7.8s  2/4 · 1 failed · …
  ▾ b          7.8s  0/2
    ↻ create   7.8s  try 2 of 4 in 2.0…
  ▾ c          7.8s  0/2
    ⠋ create   7.8s  3/10 · nodes ready
      │ creating the network
      │ creating the cluster
  ✗ d          2.8s
    ✗ create   2.8s  quota exceeded
· report";
    assert_eq!(Fed::busy().text(39, 14), expected);
}

#[test]
fn a_run_that_has_ended_says_so_and_stands_still() {
    let mut fed = Fed::busy();
    fed.feed(9000, Event::RoundEnded { end: End::Failed, outputs: Value::Null, error: None, exit_code: None });
    assert!(fed.text(90, 24).starts_with("✗ deploy failed  1/3 steps · 9.0s\n"));
}

#[test]
fn no_picture_is_larger_than_its_terminal() {
    let fed = Fed::busy();
    let noise = Noise { lines: vec!["東京".repeat(90), "x".repeat(300)], progress: None };
    for columns in 20..=200 {
        for lines in [1, 2, 3, 5, 8, 13, 24, 60] {
            let picture = fed.picture(columns, lines, &noise);
            assert!(picture.len() <= lines, "{} lines in {lines}", picture.len());
            for line in picture {
                let text = line.plain();
                assert!(width(&text) <= columns && line.width() <= columns, "{columns}: {text}");
                assert!(!text.contains('\u{1b}'));
            }
        }
    }
}

#[test]
fn five_hundred_items_at_once_fit_any_terminal() {
    let mut fed = Fed::new();
    fed.expands(0, &(0..500).map(|number| format!("東京-{number}-e\u{301}\u{1b}[2J")).collect::<Vec<_>>());
    for lines in 2..40 {
        for columns in [20, 39, 79, 200] {
            let picture = fed.picture(columns, lines, &Noise::default());
            assert!(picture.len() <= lines);
            assert!(picture.iter().all(|line| line.width() <= columns && !line.plain().contains('\u{1b}')));
        }
    }
    let picture = fed.text(79, 24);
    assert!(picture.contains("0/500 · 500 active"), "{picture}");
    assert!(picture.contains("… 48"), "{picture}");
}

#[test]
fn thousands_of_steps_are_folded_to_those_that_matter() {
    let mut fed = Fed::new();
    fed.expands(0, &(0..3000).map(|number| number.to_string()).collect::<Vec<_>>());
    for number in 0..2999 {
        fed.finishes(5, &format!("region[{number}]"), None);
    }
    let shown = fit(&fed.0, 12);
    assert!(shown.len() <= 12);
    let picture = fed.text(79, 13);
    assert!(picture.contains("2999/3000 · 1 active") && picture.contains("▾ 2999"), "{picture}");
}

#[test]
fn nothing_in_a_text_moves_the_cursor() {
    let cleaned = |text: &str| clean(text, 100);
    assert_eq!(cleaned("\u{1b}[31mred\u{1b}[0m \u{1b}]0;title\u{7}x \u{1b}P1$r\u{1b}\\y\u{1b}(Bz"), "red x yz");
    assert_eq!(cleaned("a\u{9b}2Jb\u{8}c\u{7}d\u{0}"), "abcd");
    assert_eq!(cleaned("10%\r20%\r"), "20%");
    assert_eq!(cleaned("a\tb\nc"), "a  b  c");
    assert_eq!(cleaned("a\u{202e}b\u{200d}c\u{feff}"), "abc");
    assert_eq!(cleaned("e\u{301}"), "e\u{301}");
    assert_eq!(cleaned(&format!("e{}x", "\u{301}".repeat(1000))).chars().count(), 5);
    assert_eq!(cleaned("\u{301}\u{1b}["), "");
    assert_eq!(clean("abcdef", 3), "abc");
    assert_eq!(last_lines(b"one\n\n\xff two \n\n", 5, 100), ["one", "\u{fffd} two"]);
    assert_eq!(last_lines(b"", 5, 100), [""; 0]);
}

#[test]
fn wide_characters_are_never_cut_in_half() {
    assert_eq!(cut("東京都", 6, "…"), ("東京都".to_owned(), 6));
    assert_eq!(cut("東京都", 5, "…"), ("東京…".to_owned(), 5));
    assert_eq!(cut("東京都", 4, "…"), ("東…".to_owned(), 3));
    assert_eq!(cut("abc", 0, "…"), (String::new(), 0));
    let mut line = Line::of(Ink::Strong, "ab");
    line.push(Ink::Plain, "cd").push(Ink::Plain, "ef");
    assert_eq!(line.clone().cut(4, "…").plain(), "abc…");
    assert_eq!(line.clone().cut(6, "…").plain(), "abcdef");
    assert_eq!(line.cut(3, "…").paint(true), "\u{1b}[1mab\u{1b}[0m…");
}

#[test]
fn long_messages_break_between_words_and_words_stay_whole() {
    assert_eq!(wrap("one two three", 7), ["one two", "three"]);
    assert_eq!(wrap("/a/path/longer/than/that is", 7), ["/a/path/longer/than/that", "is"]);
    assert_eq!(wrap("東京 東京", 8), ["東京", "東京"]);
    assert_eq!(wrap("", 8), [""]);
}

#[test]
fn times_take_at_most_six_columns() {
    let shown = [0, 949, 9_999, 10_000, 61_000, 3_723_000, 90_000_000].map(short);
    assert_eq!(shown, ["0.0s", "0.9s", "9.9s", "10s", "1m01s", "1h02m", "1d01h"]);
}

#[test]
fn a_locale_without_unicode_gets_plain_signs() {
    let spinner = |all, ctype, lang| Glyphs::of_locale(all, ctype, lang).done;
    assert_eq!(spinner(None, None, None), "✓");
    assert_eq!(spinner(Some(""), None, Some("de_DE.utf8")), "✓");
    assert_eq!(spinner(None, None, Some("C")), "+");
    assert_eq!(spinner(Some("POSIX"), None, Some("en_US.UTF-8")), "+");
    let ascii = &Glyphs::ASCII;
    let mut pen = Pen { glyphs: ascii, width: 79, now: 9000, frame: 1, column: 0 };
    let fed = Fed::busy();
    let lines = Board::of(&fed.0, 24).draw(&fed.0, &mut pen, None, &|_| Noise::default());
    assert!(lines.iter().all(|line| line.plain().is_ascii()));
}
