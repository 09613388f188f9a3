//! Attempts: retries, polls, services, doubts, rounds: one claim a test.

use runner_core::{
    AttemptResult, Effect, End, ErrorKind, Event, Found, Input, Interrupted, OnError, Path, Phase, Purpose, Retry,
    Settled, Status, StepError, When,
};
use serde_json::json;

use crate::build::{S, g, plan, s};
use crate::script::{Outcome, Script};
use crate::world::World;

const FAILS: &[Outcome] = &[Outcome::Permanent];
const FLAKY: &[Outcome] = &[Outcome::Transient];

fn path(text: &str) -> Path {
    Path::parse(text)
}

fn interrupt() -> Input {
    Input::Interrupt { kill: false, by: "SIGINT".to_owned() }
}

fn world(steps: Vec<S>, script: Script) -> World {
    World::new(&plan(steps, vec![]), script, 8)
}

fn happens(world: &mut World, input: Input) {
    world.happen(&input);
    world.feed(input);
}

fn dies(world: &mut World, step: &str, attempt: u32) {
    let error = StepError::new(ErrorKind::Transient, "died");
    happens(world, Input::Finished { path: path(step), attempt, result: AttemptResult::Failed { error } });
}

#[test]
fn a_retry_budget_is_used_up_and_not_exceeded() {
    let mut world = world(vec![s("a").retry(3)], Script::default().outcome("a", FLAKY));
    assert_eq!(world.run(), End::Failed);
    assert_eq!(world.executions("a"), 3);
}

#[test]
fn permanent_errors_are_not_retried() {
    let mut world = world(vec![s("a").retry(3)], Script::default().outcome("a", FAILS));
    assert_eq!(world.run(), End::Failed);
    assert_eq!(world.executions("a"), 1);
}

#[test]
fn delays_grow_vary_within_bounds_and_stay_below_their_maximum() {
    let retry = Retry { attempts: 9, delay: 100, factor: 2.0, max_delay: 1000, jitter: 0.2, when: false };
    for random in [0, 1, u64::MAX / 3, u64::MAX / 2, u64::MAX] {
        assert!((80..=120).contains(&retry.delay_after(1, random)));
        assert!((320..=480).contains(&retry.delay_after(3, random)));
        assert!((800..=1000).contains(&retry.delay_after(40, random)));
        assert!(retry.delay_after(u32::MAX, random) <= 1000);
    }
    assert_ne!(retry.delay_after(1, 0), retry.delay_after(1, u64::MAX));
    assert_eq!(Retry { delay: 0, ..retry }.delay_after(5000, 1), 0);
}

#[test]
fn until_polls_until_it_holds() {
    let no = Outcome::Output(json!(false));
    let script = Script::default().outcome("a", &[no.clone(), no, Outcome::Ok]);
    let mut world = world(vec![s("a").until(5, Some(1000))], script);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.executions("a"), world.now), (3, 1010));
}

#[test]
fn until_gives_up_when_its_time_is_over() {
    let script = Script::default().outcome("a", &[Outcome::Output(json!(false))]);
    let mut world = world(vec![s("a").until(5, Some(22))], script);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.executions("a"), world.now), (5, 1022));
    let node = world.state().node(world.state().find(&path("a")).unwrap());
    assert_eq!(node.error.as_ref().unwrap().kind, ErrorKind::Timeout);
}

#[test]
fn a_service_outlives_its_step_and_is_stopped_after_finally() {
    let group = g("n", vec![s("v").service(), s("b")], vec![s("f")]);
    let mut world = world(vec![group], Script::default());
    let hold = Effect::Hold { path: path("n/v"), attempt: 1 };
    world.run_until(|world| world.executions("n/f") == 1);
    assert!(world.is_effect(&hold));
    assert!(world.is_effect(&Effect::Stop { path: path("n/v"), attempt: 1, kill: false }));
    let closing = world.journal.iter().position(|(event, _)| matches!(event, Event::Closing { .. })).unwrap();
    let f = |event: &Event| matches!(event, Event::StepFinished { path, .. } if path.as_str() == "n/f");
    assert!(world.journal.iter().position(|(event, _)| f(event)).unwrap() < closing);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(world.state().services(), 0);
}

#[test]
fn a_service_that_dies_while_needed_is_started_anew_then_fails() {
    let mut world = world(vec![s("v").service().retry(2), s("b").waits(), s("c")], Script::default());
    world.run_until(|world| world.outside.contains_key(&(path("b"), 1)));
    dies(&mut world, "v", 1);
    assert_eq!(world.status("v"), Status::Active);
    world.run_until(|world| world.is_effect(&Effect::Execute { path: path("v"), attempt: 2, purpose: Purpose::Run }));
    // `b` may go on, and `c`, which needs the service through it, waits.
    world.feed(Input::Finished { path: path("b"), attempt: 1, result: Outcome::Ok.result(&path("b")) });
    assert!(!world.outside.contains_key(&(path("c"), 1)));
    dies(&mut world, "v", 2);
    assert_eq!(world.status("v"), Status::Failed);
    assert_eq!(world.run(), End::Failed);
}

#[test]
fn a_service_that_went_down_with_its_keeper_has_not_failed() {
    let mut world = world(vec![s("v").service(), s("b").waits()], Script::default());
    world.run_until(|world| world.outside.contains_key(&(path("b"), 1)));
    let result = AttemptResult::InDoubt { why: "its keeper died".to_owned() };
    happens(&mut world, Input::Finished { path: path("v"), attempt: 1, result });
    assert_eq!(world.status("v"), Status::Active);
    world.run_until(|world| world.is_effect(&Effect::Execute { path: path("v"), attempt: 2, purpose: Purpose::Run }));
    assert_eq!(world.run(), End::Succeeded);
}

#[test]
fn a_service_of_a_foreach_that_dies_is_started_anew() {
    let steps = vec![s("v").service().retry(3).each(None), s("b").waits(), s("c")];
    let mut world = world(steps, Script::default().items("v", &["x", "y"]));
    world.run_until(|world| world.outside.contains_key(&(path("b"), 1)));
    dies(&mut world, "v[x]", 1);
    assert_eq!((world.status("v"), world.status("v[x]")), (Status::Active, Status::Active));
    assert_eq!(world.run(), End::Succeeded);
    assert!(world.outside.contains_key(&(path("v[x]"), 2)));
}

#[test]
fn a_service_that_nothing_needs_any_more_may_end() {
    let mut world = world(vec![s("v").service(), s("b"), s("c").needs(&[]).waits()], Script::default());
    world.run_until(|world| world.executions("b") == 1);
    dies(&mut world, "v", 1);
    assert_eq!(world.status("v"), Status::Succeeded);
    assert_eq!(world.run(), End::Succeeded);
}

#[test]
fn a_service_whose_readiness_cannot_be_told_is_stopped_before_it_fails() {
    for what in ["ready:v", "outputs:v"] {
        let mut world = world(vec![s("v").service(), s("b")], Script::default().broken(what));
        world.run_until(|world| world.is_effect(&Effect::Stop { path: path("v"), attempt: 1, kill: false }));
        assert_eq!(world.status("v"), Status::Active);
        assert_eq!(world.feed(Input::Announced { path: path("v"), attempt: 1, output: json!("ready") }), vec![]);
        let result = AttemptResult::InDoubt { why: "stopped".to_owned() };
        happens(&mut world, Input::Finished { path: path("v"), attempt: 1, result });
        assert_eq!(world.run(), End::Failed, "{what}");
        let node = world.state().node(world.state().find(&path("v")).unwrap());
        assert_eq!(node.error.as_ref().unwrap().message, what);
    }
}

#[test]
fn what_needs_a_dead_service_waits_for_it_after_a_crash() {
    let mut world = world(vec![s("v").service(), s("b")], Script::default());
    world.run_until(|world| world.outside.contains_key(&(path("b"), 1)));
    world.lose_machine();
    world.tick();
    world.tick();
    assert!(world.outside.contains_key(&(path("v"), 2)) && !world.outside.contains_key(&(path("b"), 2)));
    assert_eq!(world.run(), End::Succeeded);
}

#[test]
fn a_step_in_doubt_pauses_the_run_until_a_person_decides() {
    for (settled, executions) in [(Settled::Done { outputs: json!(7) }, 0), (Settled::Repeat, 1)] {
        let steps = vec![s("a").interrupted(Interrupted::Stop), s("b"), s("c").needs(&[])];
        let mut world = world(steps, Script::default());
        world.run_until(|world| !world.outside.is_empty());
        world.lose_machine();
        while !matches!(world.phase(), Phase::Ended(_)) {
            world.tick();
        }
        assert_eq!((world.ended(), world.executions("c")), (End::Paused, 1));
        assert_eq!(world.machine.doubts(), [(path("a"), 1)]);
        world.feed(Input::Settle { path: path("a"), settled: settled.clone() });
        assert_eq!(world.machine.doubts(), []);
        world.feed(Input::Resume);
        assert_eq!(world.run(), End::Succeeded);
        assert_eq!((world.executions("a"), world.executions("c")), (executions, 1));
        let outputs = &world.state().node(world.state().find(&path("a")).unwrap()).outputs;
        assert_eq!(**outputs == json!(7), executions == 0);
    }
}

#[test]
fn a_paused_finally_keeps_what_a_person_said() {
    let plan = plan(vec![s("a")], vec![s("f").interrupted(Interrupted::Stop)]);
    let mut world = World::new(&plan, Script::default().outcome("a", FAILS), 8);
    world.run_until(|world| world.outside.contains_key(&(path("f"), 1)));
    world.lose_machine();
    while !matches!(world.phase(), Phase::Ended(_)) {
        world.tick();
    }
    assert_eq!(world.ended(), End::Paused);
    world.feed(Input::Settle { path: path("f"), settled: Settled::Done { outputs: json!(1) } });
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Failed);
    assert_eq!(world.executions("f"), 0);
}

#[test]
fn cancel_of_a_paused_run_runs_finally() {
    let plan = plan(vec![s("a").interrupted(Interrupted::Stop)], vec![s("f")]);
    let mut world = World::new(&plan, Script::default(), 8);
    world.run_until(|world| !world.outside.is_empty());
    world.lose_machine();
    while !matches!(world.phase(), Phase::Ended(_)) {
        world.tick();
    }
    world.feed(Input::Cancel { by: "a person".to_owned() });
    assert_eq!(world.run(), End::Cancelled);
    assert_eq!((world.executions("a"), world.executions("f")), (0, 1));
    assert_eq!(world.feed(Input::Resume), vec![]);
}

#[test]
fn an_interrupt_does_not_undo_a_cancel() {
    let mut world = World::new(&plan(vec![s("a")], vec![s("f")]), Script::default(), 8);
    world.run_until(|world| !world.outside.is_empty());
    world.feed(Input::Cancel { by: "a person".to_owned() });
    world.run_until(|world| world.outside.contains_key(&(path("f"), 1)));
    world.feed(interrupt());
    while !matches!(world.phase(), Phase::Ended(_)) {
        world.tick();
    }
    assert_eq!(world.ended(), End::Interrupted);
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Cancelled);
    assert_eq!(world.executions("f"), 1);
}

#[test]
fn a_second_interrupt_kills_and_a_third_does_not_soften() {
    let mut world = world(vec![s("a")], Script::default());
    world.run_until(|world| !world.outside.is_empty());
    world.feed(interrupt());
    world.feed(Input::Interrupt { kill: true, by: "SIGINT".to_owned() });
    assert_eq!(world.feed(interrupt()), vec![]);
    assert!(world.is_effect(&Effect::Stop { path: path("a"), attempt: 1, kill: true }));
}

#[test]
fn interrupt_then_resume_keeps_what_finished() {
    let mut world = world(vec![s("a"), s("b"), s("c")], Script::default());
    world.run_until(|world| world.outside.contains_key(&(path("b"), 1)));
    world.feed(interrupt());
    let result = AttemptResult::InDoubt { why: "stopped".to_owned() };
    happens(&mut world, Input::Finished { path: path("b"), attempt: 1, result });
    assert_eq!(world.ended(), End::Interrupted);
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.executions("a"), world.executions("b"), world.executions("c")), (1, 1, 1));
}

#[test]
fn a_new_round_repeats_what_failed_and_what_looked_at_it() {
    let twice_then_ok = [Outcome::Transient, Outcome::Transient, Outcome::Transient, Outcome::Ok];
    let steps = vec![s("k"), s("a").retry(2), s("b"), s("c").when(When::Status)];
    let mut world = World::new(&plan(steps, vec![s("f")]), Script::default().outcome("a", &twice_then_ok), 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.executions("a"), world.executions("c"), world.executions("f")), (2, 1, 1));
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.executions("a"), world.executions("k"), world.executions("b")), (4, 1, 1));
    assert_eq!((world.executions("c"), world.executions("f")), (2, 2));
}

#[test]
fn a_new_round_of_a_foreach_repeats_only_the_items_that_failed() {
    let script = Script::default().items("e", &["x", "y"]).outcome("e[x]", &[Outcome::Permanent, Outcome::Ok]);
    let mut world = world(vec![s("e").each(None).on_error(OnError::Continue)], script);
    assert_eq!(world.run(), End::Failed);
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.executions("e[x]"), world.executions("e[y]")), (2, 1));
}

#[test]
fn items_that_a_new_round_no_longer_has_do_not_run() {
    let script = Script::default().items("e@1", &["x", "y"]).items("e", &["y"]);
    let script = script.outcome("a", &[Outcome::Permanent, Outcome::Ok]);
    let mut world = world(vec![s("a"), s("e").each(None).when(When::Status)], script);
    assert_eq!(world.run(), End::Failed);
    world.feed(Input::Resume);
    world.run_until(|world| world.outside.contains_key(&(path("e[y]"), 2)));
    world.crash(vec![(path("e[y]"), 2, Found::Running)]);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.executions("e[x]"), world.executions("e[y]")), (1, 2));
}

#[test]
fn a_run_whose_outputs_are_broken_fails_and_can_be_resumed() {
    let mut world = World::new(&plan(vec![], vec![]), Script::default().broken("outputs:"), 1);
    assert_eq!(world.run(), End::Failed);
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Failed);
    assert_eq!(world.state().round(), 2);
}
