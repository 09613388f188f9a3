//! The fold, fed by hand.

use std::sync::Arc;

use runner_core::{
    AttemptResult, Body, End, ErrorKind, Event, Foreach, Item, Kind, Leaf, OnError, Path, Plan, Purpose, Reason, Retry,
    Status, Step, StepError, TimerKind, When,
};
use serde_json::{Value, json};

use super::{Folding, Look, Outline, Pace, RowKind, View};
use crate::driver::Entry;
use crate::ledger::Record;

const FOLDED: Folding = Folding { items: 10, all: false };

fn step(id: &str, kind: Kind, foreach: bool) -> Step {
    let foreach = foreach.then(Foreach::default);
    Step {
        id: id.to_owned(),
        needs: Vec::new(),
        when: When::Success,
        foreach,
        kind,
        on_error: OnError::Stop,
        confirm: false,
    }
}

fn leaf() -> Kind {
    Kind::Leaf(Leaf { retry: Retry { attempts: 3, ..Retry::default() }, ..Leaf::default() })
}

/// `first`, a foreach `each` of groups with `one` and `two`, and `last`.
fn plan() -> Plan {
    let group = Kind::Body { body: Body { steps: vec![2, 3], finally: Vec::new() }, timeout: None, undo: false };
    let steps = vec![
        step("first", leaf(), false),
        step("each", group, true),
        step("one", leaf(), false),
        step("two", leaf(), false),
        step("last", leaf(), false),
    ];
    Plan { steps, root: Body { steps: vec![0, 1, 4], finally: Vec::new() }, ..Plan::default() }
}

struct Fed {
    view: View,
    records: Vec<Record<Entry>>,
}

impl Fed {
    fn new() -> Self {
        let view = View::new(Outline::bare("test", Arc::new(plan())));
        let mut fed = Self { view, records: Vec::new() };
        fed.feed(0, Event::LifeStarted { epoch: 1, pid: 1, boot: "boot".to_owned() });
        fed.feed(0, Event::RunStarted { record: json!({"workflow": "test"}), seed: 1, parallel: 8 });
        fed
    }

    fn entry(&mut self, at: u64, entry: Entry) {
        let seq = self.records.len() as u64 + 1;
        let record = Record { seq, flush: seq, at, event: entry };
        self.view.apply(&record);
        self.records.push(record);
    }

    fn feed(&mut self, at: u64, event: Event) {
        self.entry(at, Entry::from(event));
    }

    fn starts(&mut self, at: u64, path: &str, attempt: u32) {
        let (path, fingerprint) = (Path::parse(path), String::new());
        self.feed(at, Event::AttemptStarted { path, attempt, purpose: Purpose::Run, fingerprint, permitted: false });
    }

    fn ends(&mut self, at: u64, path: &str, attempt: u32, result: AttemptResult) {
        self.feed(at, Event::AttemptEnded { path: Path::parse(path), attempt, result });
    }

    fn finishes(&mut self, at: u64, path: &str, status: Status) {
        let error = (status == Status::Failed).then(broken);
        self.feed(at, Event::StepFinished { path: Path::parse(path), status, outputs: Some(json!("big")), error });
    }

    fn succeeds(&mut self, from: u64, to: u64, path: &str) {
        self.starts(from, path, 1);
        self.ends(to, path, 1, AttemptResult::Succeeded { output: json!("big") });
        self.finishes(to, path, Status::Succeeded);
    }

    fn expands(&mut self, at: u64, count: usize) {
        let item = |number: usize| Item { key: format!("k{number}"), value: json!(number) };
        self.feed(at, Event::StepExpanded { path: Path::parse("each"), items: (0..count).map(item).collect() });
    }

    fn enters(&mut self, at: u64, path: &str) {
        self.feed(at, Event::StepEntered { path: Path::parse(path), record: Value::Null });
    }

    fn look(&self, path: &str) -> Look {
        self.view.look(self.view.state().find(&Path::parse(path)).unwrap())
    }

    fn elapsed(&self, path: &str, now: u64) -> Option<u64> {
        self.view.elapsed(self.view.state().find(&Path::parse(path)).unwrap(), now)
    }

    /// The tree as indented paths.
    fn tree(&self, folding: Folding) -> Vec<String> {
        let row = |row: &super::Row| match row.kind {
            RowKind::Node(id) => format!("{}{}", "  ".repeat(row.depth), self.view.label(id)),
            RowKind::Finally => "finally".to_owned(),
            RowKind::More(more) => format!("{}+{more}", "  ".repeat(row.depth)),
        };
        self.view.rows(folding).iter().map(row).collect()
    }
}

fn broken() -> StepError {
    StepError::new(ErrorKind::Transient, "broken")
}

#[test]
fn a_step_looks_as_its_facts_say() {
    let mut fed = Fed::new();
    assert_eq!(fed.look("first"), Look::Pending);
    fed.starts(10, "first", 1);
    assert_eq!(fed.look("first"), Look::Running { checking: false, stopping: false });
    fed.ends(20, "first", 1, AttemptResult::Failed { error: broken() });
    let (path, kind) = (Path::parse("first"), TimerKind::Retry);
    fed.feed(20, Event::TimerSet { timer: 1, path: path.clone(), kind, at: 20, duration: 500 });
    assert_eq!(fed.look("first"), Look::Retry { due: 520 });
    fed.feed(520, Event::TimerFired { timer: 1, path });
    assert_eq!(fed.look("first"), Look::Queued);
    fed.starts(520, "first", 2);
    fed.feed(530, Event::InterruptRequested { kill: false, by: "SIGINT".to_owned() });
    assert_eq!(fed.look("first"), Look::Running { checking: false, stopping: true });
    assert_eq!(fed.view.by(), Some("SIGINT"));
    fed.ends(540, "first", 2, AttemptResult::InDoubt { why: "it was stopped".to_owned() });
    assert_eq!(fed.look("first"), Look::Doubt { why: "it was stopped".to_owned() });
    assert_eq!(fed.view.doubts().len(), 1);
    let id = fed.view.state().find(&Path::parse("first")).unwrap();
    let trace = fed.view.trace(id).unwrap();
    assert_eq!((trace.attempt, trace.error.as_ref().unwrap().message.as_str()), (2, "broken"));
    assert_eq!(fed.elapsed("first", 900), None, "of what is in doubt nobody knows how long it took");
}

#[test]
fn outputs_are_not_kept() {
    let mut fed = Fed::new();
    fed.succeeds(0, 10, "first");
    let state = fed.view.state();
    let node = state.node(state.find(&Path::parse("first")).unwrap());
    assert_eq!(*node.outputs, Value::Null);
    assert_eq!(*state.record().as_ref(), Value::Null);
}

#[test]
fn what_is_done_is_folded_and_what_failed_is_not() {
    let mut fed = Fed::new();
    fed.succeeds(0, 10, "first");
    fed.expands(10, 3);
    fed.enters(10, "each[k0]");
    fed.enters(10, "each[k1]");
    assert_eq!(fed.tree(FOLDED), ["first", "each", "  k0", "    one", "    two", "  k1", "    one", "    two", "last"]);
    fed.succeeds(10, 20, "each[k0]/one");
    fed.succeeds(20, 30, "each[k0]/two");
    fed.finishes(30, "each[k0]", Status::Succeeded);
    assert_eq!(fed.tree(FOLDED), ["first", "each", "  k1", "    one", "    two", "last"]);
    fed.starts(10, "each[k1]/one", 1);
    fed.ends(40, "each[k1]/one", 1, AttemptResult::Failed { error: broken() });
    fed.finishes(40, "each[k1]/one", Status::Failed);
    fed.feed(40, Event::StepSkipped { path: Path::parse("each[k1]/two"), reason: Reason::Need, may_have_run: false });
    fed.finishes(40, "each[k1]", Status::Failed);
    assert_eq!(fed.tree(FOLDED), ["first", "each", "  k1", "    one", "    two", "last"]);
    let failures: Vec<_> = fed.view.failures().iter().map(|id| fed.view.path(*id).to_string()).collect();
    assert_eq!(failures, ["each[k1]/one"], "a failure is told once, where it began");
    assert_eq!(fed.tree(Folding { items: 0, all: true }).len(), 1 + 1 + 3 + 4 + 1);
    let each = fed.view.state().find(&Path::parse("each")).unwrap();
    let counts = fed.view.counts(each);
    assert_eq!((counts.all, counts.ended(), counts.succeeded, counts.failed), (3, 2, 1, 1));
}

#[test]
fn of_many_items_as_many_as_asked_for_stand_alone() {
    let mut fed = Fed::new();
    fed.expands(0, 500);
    for number in 0..500 {
        fed.enters(0, &format!("each[k{number}]"));
    }
    for number in 0..100 {
        fed.finishes(5, &format!("each[k{number}]"), Status::Failed);
    }
    let tree = fed.tree(Folding { items: 4, all: false });
    let items: Vec<_> = tree.iter().filter(|row| row.starts_with("  k")).collect();
    assert_eq!(items, ["  k0", "  k1", "  k100", "  k101"], "half of them failed ones");
    assert!(tree.contains(&"  +496".to_owned()));
}

#[test]
fn time_between_lives_does_not_count_but_what_lived_through_does() {
    let mut fed = Fed::new();
    fed.succeeds(0, 100, "first");
    fed.expands(100, 1);
    fed.enters(100, "each[k0]");
    fed.starts(150, "each[k0]/one", 1);
    fed.feed(10_000, Event::LifeStarted { epoch: 2, pid: 2, boot: "boot".to_owned() });
    assert_eq!(fed.elapsed("first", 10_500), Some(100));
    assert_eq!(fed.elapsed("each", 10_500), Some(500));
    assert_eq!(fed.elapsed("each[k0]/one", 10_500), Some(10_350), "it was adopted");
}

#[test]
fn a_new_round_opens_what_failed_and_forgets_the_end() {
    let mut fed = Fed::new();
    fed.starts(0, "first", 1);
    fed.ends(5, "first", 1, AttemptResult::Failed { error: broken() });
    fed.finishes(5, "first", Status::Failed);
    fed.feed(5, Event::RoundEnded { end: End::Failed, outputs: Value::Null, error: Some(broken()), exit_code: None });
    assert_eq!(fed.view.end(), Some(End::Failed));
    fed.feed(9, Event::RoundStarted { round: 2, goes_on: false });
    assert_eq!((fed.view.end(), fed.look("first")), (None, Look::Pending));
    assert!(fed.view.failures().is_empty());
}

/// A run that took 1000 ms, 400 of them in `first` and 500 in `last`.
fn earlier() -> Vec<Record<Entry>> {
    let mut fed = Fed::new();
    fed.succeeds(0, 400, "first");
    fed.succeeds(400, 900, "last");
    fed.feed(1000, Event::RoundEnded { end: End::Succeeded, outputs: Value::Null, error: None, exit_code: None });
    fed.records
}

#[test]
fn the_time_left_is_the_share_of_the_work_that_is_not_done() {
    let pace = Pace::of(&earlier()).unwrap();
    let mut fed = Fed::new();
    fed.feed(0, Event::StepSkipped { path: Path::parse("each"), reason: Reason::Condition, may_have_run: false });
    assert_eq!(pace.left(&fed.view, 0), Some(1000));
    fed.starts(0, "first", 1);
    assert_eq!(pace.left(&fed.view, 90), Some(900));
    assert_eq!(pace.left(&fed.view, 60_000), Some(577), "one that hangs does not make time run backwards");
    fed.ends(400, "first", 1, AttemptResult::Succeeded { output: Value::Null });
    fed.finishes(400, "first", Status::Succeeded);
    assert_eq!(pace.left(&fed.view, 400), Some(555));
    fed.succeeds(400, 900, "last");
    assert_eq!(pace.left(&fed.view, 900), None);
}

#[test]
fn the_time_left_of_an_unfamiliar_run_is_not_guessed() {
    let pace = Pace::of(&earlier()).unwrap();
    let mut fed = Fed::new();
    fed.expands(0, 5);
    for number in 0..5 {
        fed.enters(0, &format!("each[k{number}]"));
    }
    assert_eq!(pace.left(&fed.view, 0), None);
    assert_eq!(Pace::default().left(&fed.view, 0), None);
}

#[test]
fn only_a_run_that_went_through_in_one_go_teaches() {
    let whole = earlier();
    assert!(Pace::of(&whole[..whole.len() - 1]).is_none());
    let mut resumed = whole.clone();
    resumed.insert(
        2,
        Record { event: Entry::from(Event::LifeStarted { epoch: 2, pid: 1, boot: String::new() }), ..whole[0].clone() },
    );
    assert!(Pace::of(&resumed).is_none());
    let average = Pace::average(&[Pace::of(&whole).unwrap(), Pace::of(&whole).unwrap()]);
    assert_eq!(average, Pace::of(&whole));
    assert_eq!(Pace::average(&[]), None);
}
