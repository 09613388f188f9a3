//! The state keeps what was written once, whoever writes and however often.

use std::fs;
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::super::{
    ErrorKind, Holder, JOURNAL, Key, Lock, Origin, State, StateOp, StateWrite, Versions, read_state, state_history,
};

fn open(home: &Path) -> State {
    State::open(home, &me(), Duration::from_secs(30)).unwrap()
}

fn me() -> Holder {
    Holder::me(0, "runner test")
}

fn key(text: &str) -> Key {
    Key::parse(text).unwrap()
}

fn origin(round: u64, fingerprint: &str) -> Origin {
    Origin { run: "r".to_owned(), step: "s[a]/b".to_owned(), round, fingerprint: fingerprint.to_owned() }
}

fn set(place: &str, value: Value) -> StateWrite {
    StateWrite { op: StateOp::Set { key: key(place), value }, origin: None }
}

fn append(place: &str, value: Value, origin: Option<Origin>) -> StateWrite {
    StateWrite { op: StateOp::Append { key: key(place), value }, origin }
}

fn remove(place: &str) -> StateWrite {
    StateWrite { op: StateOp::Remove { key: key(place) }, origin: None }
}

#[test]
fn values_are_set_read_listed_and_removed_by_path() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(read_state(home.path()).unwrap(), json!({}));
    let mut state = open(home.path());
    for write in [
        set("regions.eastus", json!({"version": "1.5", "nodes": 3})),
        set("hosts[\"a.example\"].port", json!(22)),
        append("events", json!("first"), None),
        append("events", json!({"second": true}), None),
        set("gone.for.good", json!(null)),
        remove("gone.for.good"),
        remove("never.was"),
    ] {
        state.write(1, &me(), write).unwrap();
    }
    assert_eq!(state.get(&key("regions.eastus.version")), Some(&json!("1.5")));
    assert_eq!(state.get(&key("events[1].second")), Some(&json!(true)));
    assert_eq!(state.get(&key("events.2")), None);
    assert_eq!(state.get(&key("regions.westus.version")), None);
    let listed: Vec<_> = state.list(&Key::default()).iter().map(ToString::to_string).collect();
    let expected =
        ["events", "gone.for", "hosts[\"a.example\"].port", "regions.eastus.nodes", "regions.eastus.version"];
    assert_eq!(listed, expected);
    assert_eq!(state.list(&key("regions")).len(), 2);
    assert_eq!(&read_state(home.path()).unwrap(), state.tree());
    assert_eq!(open(home.path()).tree(), state.tree());
}

#[test]
fn a_repeated_write_changes_nothing_and_an_edited_or_later_one_writes_again() {
    let home = tempfile::tempdir().unwrap();
    let mut state = open(home.path());
    let write = |state: &mut State, origin: Option<Origin>| {
        state.write(1, &me(), append("events", json!("deployed"), origin)).unwrap()
    };
    assert!(write(&mut state, Some(origin(1, "f"))).new);
    assert!(!write(&mut state, Some(origin(1, "f"))).new);
    // Another process, after a crash of the first.
    let mut other = open(home.path());
    let repeated = write(&mut other, Some(origin(1, "f")));
    assert_eq!((repeated.seq, repeated.new), (1, false));
    assert!(write(&mut other, Some(origin(2, "f"))).new);
    assert!(write(&mut other, Some(origin(2, "g"))).new);
    assert!(!write(&mut state, Some(origin(2, "g"))).new, "the first process learns of the second's writes");
    assert_eq!(state.get(&key("events")), Some(&json!(["deployed", "deployed", "deployed"])));
    assert!(write(&mut state, None).new && write(&mut state, None).new, "a person's own write is always done");
}

#[test]
fn what_does_not_fit_is_refused_and_not_journaled() {
    let home = tempfile::tempdir().unwrap();
    let mut state = open(home.path());
    state.write(1, &me(), set("a.b", json!("text"))).unwrap();
    for (write, part) in [
        (append("a", json!(1), None), "`a`: it is an object"),
        (append("a.b", json!(1), None), "it is a string"),
        (set("a.b.c", json!(1)), "`a.b` is a string"),
        (set("", json!({})), "name a key"),
    ] {
        let error = state.write(1, &me(), write).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Request);
        assert!(error.to_string().contains(part), "{error}");
    }
    assert_eq!(open(home.path()).tree(), &json!({"a": {"b": "text"}}));
}

#[test]
fn a_path_is_read_as_it_is_shown() {
    for text in ["a", "a.b-c.d_e", "a[\"b.c\"]", "[\"\"]", "[\"x y\"].z", "é.ü", "a[\"\\\"\"]"] {
        assert_eq!(key(text).to_string(), text);
    }
    assert_eq!(key("a[3].b"), key("a.3.b"));
    for wrong in [".a", "a.", "a..b", "a[", "a[b]", "a[\"b\"", "a[\"b\"]c", "a[-1]", "["] {
        assert_eq!(Key::parse(wrong).unwrap_err().kind(), ErrorKind::Request, "{wrong}");
    }
}

#[test]
fn writers_at_once_lose_nothing() {
    let home = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4 {
            let home = home.path();
            scope.spawn(move || {
                let mut state = open(home);
                for number in 0..20 {
                    state.write(1, &me(), append("events", json!([writer, number]), None)).unwrap();
                }
            });
        }
    });
    let tree = read_state(home.path()).unwrap();
    let events = tree["events"].as_array().unwrap();
    assert_eq!(events.len(), 80);
    for writer in 0..4 {
        let own: Vec<_> = events.iter().filter(|event| event[0] == writer).map(|event| event[1].clone()).collect();
        assert_eq!(own, (0..20).map(Value::from).collect::<Vec<_>>(), "each writer's order is kept");
    }
}

#[test]
fn a_wait_for_a_stuck_writer_is_bounded_and_names_it() {
    let home = tempfile::tempdir().unwrap();
    let mut state = State::open(home.path(), &me(), Duration::from_millis(20)).unwrap();
    let stuck = Lock::try_take(&home.path().join("state/lock"), "state", Holder::me(0, "stuck")).unwrap();
    let error = state.write(1, &me(), set("a", json!(1))).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.to_string().contains("stuck"), "{error}");
    drop(stuck);
    state.write(1, &me(), set("a", json!(1))).unwrap();
}

#[test]
fn a_long_state_has_an_index_which_is_rebuilt_when_damaged() {
    let home = tempfile::tempdir().unwrap();
    let index = home.path().join("state/index");
    let mut state = open(home.path());
    let mut elder = open(home.path());
    for number in 0..300_u64 {
        let place = format!("regions.r{}", number % 10);
        state.write(number, &me(), append(&place, json!(number), Some(origin(number, "f")))).unwrap();
    }
    assert!(index.exists());
    state.write(1, &me(), set("passing", json!(1))).unwrap();
    elder.write(1, &me(), remove("passing")).unwrap();
    state.refresh(&me()).unwrap();
    assert_eq!(open(home.path()).tree(), state.tree());
    assert_eq!(elder.tree(), state.tree());

    for entry in fs::read_dir(&index).unwrap() {
        let path = entry.unwrap().path();
        if path.is_file() {
            let size = fs::metadata(&path).unwrap().len();
            fs::write(&path, vec![0xa5; usize::try_from(size).unwrap()]).unwrap();
        }
    }
    let mut rebuilt = open(home.path());
    assert_eq!(rebuilt.tree(), state.tree());
    let again = append("regions.r0", json!(0), Some(origin(0, "f")));
    assert!(!rebuilt.write(1, &me(), again.clone()).unwrap().new, "origins are rebuilt as well");
    let mut indexed = open(home.path());
    assert_eq!(indexed.tree(), state.tree());
    assert!(!indexed.write(1, &me(), again).unwrap().new, "and read back from the index");
}

#[test]
fn a_state_whose_journal_is_behind_its_index_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let mut state = open(home.path());
    for number in 0..260 {
        state.write(1, &me(), set("n", json!(number))).unwrap();
    }
    drop(state);
    let folder = home.path().join("state");
    let bytes = fs::read(folder.join(JOURNAL)).unwrap();
    fs::write(folder.join(JOURNAL), &bytes[..bytes.len() / 3]).unwrap();
    let error = State::open(home.path(), &me(), Duration::from_secs(1)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::LostFacts, "{error}");
}

#[test]
fn a_version_is_that_of_the_last_write_that_touched_a_value() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(state_history(home.path()).unwrap(), []);
    let mut state = open(home.path());
    for write in [
        set("regions.eastus", json!({"version": "1", "nodes": 3})),
        set("regions.eastus.version", json!("2")),
        append("events", json!(1), None),
        set("gone", json!(1)),
        remove("gone"),
    ] {
        state.write(1, &me(), write).unwrap();
    }
    let versions = Versions::of(&state_history(home.path()).unwrap()).unwrap();
    let found =
        ["", "regions", "regions.eastus.version", "regions.eastus.nodes", "events", "events[0]", "gone", "never"]
            .map(|text| versions.version(&key(text)));
    assert_eq!(found, [5, 2, 2, 1, 3, 3, 0, 0]);
}

#[test]
fn a_write_at_a_version_that_has_passed_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let (mut state, mut other) = (open(home.path()), open(home.path()));
    let at = |state: &mut State, version: u64, value: u64| {
        state.write_if(1, &me(), set("a.b", json!(value)), Some((&key("a.b"), version)))
    };
    assert_eq!(at(&mut state, 0, 1).unwrap().seq, 1);
    let error = at(&mut other, 0, 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert!(error.to_string().starts_with("the state `a.b` is at version 1, not 0: "), "{error}");
    assert_eq!(at(&mut other, 1, 3).unwrap().seq, 2);
    assert_eq!(state_history(home.path()).unwrap().len(), 2, "what was refused is not journaled");
    assert_eq!(read_state(home.path()).unwrap(), json!({"a": {"b": 3}}));
}

#[test]
fn several_changes_are_done_together_or_not_at_all() {
    let home = tempfile::tempdir().unwrap();
    let mut state = open(home.path());
    let all = |ops: Vec<StateWrite>| StateWrite {
        op: StateOp::All { ops: ops.into_iter().map(|write| write.op).collect() },
        origin: None,
    };
    state.write(1, &me(), all(vec![set("a", json!(1)), set("b.c", json!(2)), remove("a")])).unwrap();
    assert_eq!(state.tree(), &json!({"b": {"c": 2}}));
    let error = state.write(1, &me(), all(vec![set("d", json!(1)), set("b.c.e", json!(2))])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Request);
    assert_eq!(open(home.path()).tree(), &json!({"b": {"c": 2}}));
    assert_eq!(read_state(home.path()).unwrap(), json!({"b": {"c": 2}}));
}
