//! How steps, lists and foreach end: one claim a test.

use runner_core::{AttemptResult, Effect, End, Input, Interrupted, OnError, Path, Phase, Reason, Status, When};

use crate::build::{g, plan, plan_within, s};
use crate::script::{Outcome, Say, Script};
use crate::world::World;

const FAILS: &[Outcome] = &[Outcome::Permanent];

#[test]
fn a_failure_handler_runs_after_a_failure_and_only_then() {
    let steps = || vec![s("a"), s("b"), s("c").when(When::Status)];
    let script = Script::default().say("c", Say::Failure);
    let mut world = World::new(&plan(steps(), vec![]), script.clone().outcome("a", FAILS), 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.status("b"), world.status("c")), (Status::Skipped, Status::Succeeded));
    let mut world = World::new(&plan(steps(), vec![]), script, 8);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.status("b"), world.status("c")), (Status::Succeeded, Status::Skipped));
}

#[test]
fn always_runs_either_way() {
    for outcomes in [FAILS, &[Outcome::Ok]] {
        let steps = vec![s("a"), s("b").when(When::Status)];
        let mut world = World::new(&plan(steps, vec![]), Script::default().outcome("a", outcomes), 8);
        world.run();
        assert_eq!(world.status("b"), Status::Succeeded);
    }
}

#[test]
fn continue_lets_the_rest_run_and_the_run_fail() {
    let steps = vec![s("a").on_error(OnError::Continue), s("b"), s("c").when(When::Status)];
    let script = Script::default().outcome("a", FAILS).say("c", Say::Failure);
    let mut world = World::new(&plan(steps, vec![]), script, 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.status("b"), world.status("c")), (Status::Succeeded, Status::Succeeded));
    let root = world.state().node(world.state().root().unwrap());
    assert_eq!(root.error.as_ref().unwrap().origin, Some(Path::parse("a")));
}

#[test]
fn ignore_counts_as_success() {
    let steps = vec![s("a").on_error(OnError::Ignore), s("b"), s("c").when(When::Status)];
    let script = Script::default().outcome("a", FAILS).say("c", Say::Failure);
    let mut world = World::new(&plan(steps, vec![]), script, 8);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.status("b"), world.status("c")), (Status::Succeeded, Status::Skipped));
}

#[test]
fn stop_lets_finish_what_runs_and_starts_nothing_new() {
    let steps = vec![s("a").needs(&[]), s("b").needs(&[]), s("c").needs(&[1])];
    let mut world = World::new(&plan(steps, vec![]), Script::default().outcome("a", FAILS), 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.status("b"), world.status("c")), (Status::Succeeded, Status::Skipped));
    let node = world.state().find(&Path::parse("c")).map(|id| world.state().node(id).reason);
    assert_eq!(node, Some(Some(Reason::Stopped)));
}

#[test]
fn a_step_skipped_by_its_own_condition_counts_as_succeeded() {
    let steps = vec![s("a").when(When::Condition), s("b")];
    let mut world = World::new(&plan(steps, vec![]), Script::default().say("a", Say::No), 8);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.status("a"), world.status("b")), (Status::Skipped, Status::Succeeded));
}

#[test]
fn a_foreach_that_stops_starts_no_further_item() {
    let script = Script::default().items("e", &["x", "y", "z"]).outcome("e[x]", FAILS);
    let mut world = World::new(&plan(vec![s("e").each(Some(1)), s("b")], vec![]), script, 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.status("e[y]"), world.status("b")), (Status::Skipped, Status::Skipped));
}

#[test]
fn a_foreach_that_continues_runs_every_item_and_what_follows() {
    let script = Script::default().items("e", &["x", "y", "z"]).outcome("e[x]", FAILS);
    let steps = vec![s("e").each(Some(1)).on_error(OnError::Continue), s("b")];
    let mut world = World::new(&plan(steps, vec![]), script, 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.status("e[z]"), world.status("e")), (Status::Succeeded, Status::Failed));
    assert_eq!(world.status("b"), Status::Succeeded);
}

#[test]
fn an_empty_foreach_succeeds() {
    let mut world = World::new(&plan(vec![s("e").each(None), s("b")], vec![]), Script::default(), 8);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(world.executions("b"), 1);
}

#[test]
fn five_hundred_items_run_seven_at_a_time() {
    let keys: Vec<_> = (0..500).map(|at| format!("k{at}")).collect();
    let keys: Vec<_> = keys.iter().map(String::as_str).collect();
    let script = Script::default().items("e", &keys);
    let mut world = World::new(&plan(vec![s("e").each(Some(7))], vec![]), script, 100);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.most_slots, world.executed.len()), (7, 500));
}

#[test]
fn finally_runs_after_success_failure_and_cancel() {
    for outcomes in [FAILS, &[Outcome::Ok]] {
        let mut world = World::new(&plan(vec![s("a")], vec![s("f")]), Script::default().outcome("a", outcomes), 8);
        world.run();
        assert_eq!(world.executions("f"), 1);
    }
    let group = g("n", vec![s("a"), s("b")], vec![s("e")]);
    let mut world = World::new(&plan(vec![group], vec![s("f")]), Script::default(), 8);
    world.run_until(|world| !world.outside.is_empty());
    world.feed(Input::Cancel { by: "a person".to_owned() });
    let (path, attempt) = (Path::parse("n/a"), 1);
    assert!(world.is_effect(&Effect::Stop { path, attempt, kill: false }));
    assert_eq!(world.run(), End::Cancelled);
    assert_eq!((world.executions("n/e"), world.executions("f"), world.executions("n/b")), (1, 1, 0));
}

#[test]
fn a_failure_handler_in_finally_sees_the_failure_of_its_list() {
    for (outcomes, times) in [(FAILS, 1), (&[Outcome::Ok][..], 0)] {
        let script = Script::default().outcome("a", outcomes).say("f", Say::Failure);
        let mut world = World::new(&plan(vec![s("a")], vec![s("f").when(When::Status)]), script, 8);
        world.run();
        assert_eq!(world.executions("f"), times);
    }
}

#[test]
fn slots_are_kept_and_waiting_steps_take_none() {
    let waiting = (0..5).map(|at| s(&format!("w{at}")).needs(&[]).waits());
    let working = (0..9).map(|at| s(&format!("a{at}")).needs(&[]));
    let mut world = World::new(&plan(waiting.chain(working).collect(), vec![]), Script::default(), 3);
    world.run_until(|world| !world.outside.is_empty());
    assert_eq!(world.outside.len(), 5 + 3);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(world.most_slots, 3);
}

#[test]
fn a_broken_condition_fails_its_step() {
    let steps = vec![s("a").when(When::Condition), s("b")];
    let mut world = World::new(&plan(steps, vec![]), Script::default().say("a", Say::Broken), 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.status("a"), world.executions("a")), (Status::Failed, 0));
}

#[test]
fn a_group_past_its_timeout_stops_what_is_in_it_and_runs_its_finally() {
    let group = g("n", vec![s("a"), s("b")], vec![s("f")]).timeout(50);
    let mut world = World::new(&plan(vec![group, s("z")], vec![]), Script::default(), 8);
    world.run_until(|world| !world.outside.is_empty());
    let timer = Input::TimerFired { timer: 1 };
    world.happen(&timer);
    world.feed(timer);
    assert!(world.is_effect(&Effect::Stop { path: Path::parse("n/a"), attempt: 1, kill: false }));
    let result = runner_core::AttemptResult::InDoubt { why: "stopped".to_owned() };
    let stopped = Input::Finished { path: Path::parse("n/a"), attempt: 1, result };
    world.happen(&stopped);
    world.feed(stopped);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.status("n/a"), world.status("n")), (Status::Cancelled, Status::Failed));
    assert_eq!((world.executions("n/f"), world.executions("z")), (1, 0));
}

#[test]
fn the_runs_own_timeout_is_told_apart() {
    let plan = plan_within(vec![s("a").retry(100)], vec![], Some(100));
    let mut world = World::new(&plan, Script::default().outcome("a", &[Outcome::Transient]), 8);
    assert_eq!(world.run(), End::TimedOut);
}

#[test]
fn groups_that_exclude_each_other_take_turns() {
    let group = |id: &str| g(id, vec![s("x").waits()], vec![]).needs(&[]);
    let script = Script::default().alone(&["a", "b", "c"]);
    let mut world = World::new(&plan(vec![group("a"), group("b"), group("c")], vec![]), script, 8);
    let mut most = 0;
    while world.tick() {
        let active = |path: &&&str| world.status(path) == Status::Active;
        most = most.max(["a", "b", "c"].iter().filter(active).count());
    }
    assert_eq!((world.ended(), most), (End::Succeeded, 1));
    for path in ["a/x", "b/x", "c/x"] {
        assert_eq!(world.executions(path), 1);
    }
}

#[test]
fn a_group_that_waits_for_one_that_waits_for_a_person_lets_the_run_pause() {
    let group = |id: &str| g(id, vec![s("x").interrupted(Interrupted::Stop)], vec![]).needs(&[]);
    let mut world = World::new(&plan(vec![group("a"), group("b")], vec![]), Script::default().alone(&["a", "b"]), 8);
    world.run_until(|world| world.outside.contains_key(&(Path::parse("a/x"), 1)));
    let stopped = Input::Finished { path: Path::parse("a/x"), attempt: 1, result: AttemptResult::Stopped };
    world.happen(&stopped);
    world.feed(stopped);
    assert_eq!(*world.phase(), Phase::Ended(End::Paused));
    assert_eq!(world.run(), End::Succeeded, "once the person has decided, `b` has its turn");
}
