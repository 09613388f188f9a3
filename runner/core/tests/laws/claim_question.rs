//! What a person is asked: one claim a test.

use runner_core::{Effect, End, Event, Input, OnError, Path, Phase, Status, When};
use serde_json::json;

use crate::build::{g, plan, s};
use crate::script::{Outcome, Script};
use crate::world::World;

fn asked(world: &World) -> usize {
    world.journal.iter().filter(|(event, _)| matches!(event, Event::QuestionAsked { .. })).count()
}

fn paused(world: &mut World) {
    world.run_until(|world| *world.phase() == Phase::Ended(End::Paused));
}

#[test]
fn a_run_pauses_for_a_question_once_nothing_else_can_run_and_goes_on_with_the_answer() {
    let steps = vec![s("a"), s("ask").approval(), s("b"), s("c").needs(&[0])];
    let mut world = World::new(&plan(steps, vec![]), Script::default(), 8);
    paused(&mut world);
    assert_eq!((world.executions("c"), world.executions("b"), world.state().running()), (1, 0, 0));
    assert_eq!(world.machine.questions(), [Path::parse("ask")]);
    assert_eq!(world.run(), End::Succeeded);
    let id = world.state().find(&Path::parse("ask")).unwrap();
    assert_eq!(*world.state().node(id).outputs, json!({"of": "ask"}));
    assert_eq!(asked(&world), 1);
}

#[test]
fn a_question_that_is_answered_while_others_run_pauses_nothing() {
    let steps = vec![s("ask").approval(), s("b"), s("c").needs(&[])];
    let mut world = World::new(&plan(steps, vec![]), Script::default(), 8);
    world.run_until(|world| asked(world) == 1);
    assert!(world.is_effect(&Effect::Ask { path: Path::parse("ask") }));
    let answer = world.answer(Path::parse("ask"));
    world.feed(answer.clone());
    assert_eq!(world.feed(answer), vec![], "it is answered");
    assert_eq!(world.run(), End::Succeeded);
    assert!(!world.journal.iter().any(|(event, _)| *event == Event::Pausing));
}

#[test]
fn a_refusal_fails_the_step_and_a_later_round_asks_again() {
    let steps = vec![s("ask").approval().on_error(OnError::Continue), s("b")];
    let mut world = World::new(&plan(steps, vec![]), Script::default().refused("ask"), 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((world.status("ask"), world.status("b")), (Status::Failed, Status::Succeeded));
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Failed);
    assert_eq!(asked(&world), 2);
}

#[test]
fn a_group_and_a_foreach_are_confirmed_once() {
    let steps = vec![g("n", vec![s("a")], vec![]).confirm(), s("e").each(None).confirm()];
    let mut world = World::new(&plan(steps, vec![]), Script::default().items("e", &["x", "y"]), 8);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((asked(&world), world.executions("e[x]"), world.executions("e[y]")), (2, 1, 1));
}

#[test]
fn what_was_confirmed_and_failed_is_asked_again() {
    let script = Script::default().outcome("a", &[Outcome::Permanent, Outcome::Ok]);
    let mut world = World::new(&plan(vec![s("a").confirm()], vec![]), script, 8);
    assert_eq!(world.run(), End::Failed);
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(asked(&world), 2);
}

#[test]
fn nobody_is_asked_in_the_finally_of_a_run_that_is_cancelled() {
    let mut world = World::new(&plan(vec![s("a")], vec![s("f").confirm()]), Script::default(), 8);
    world.run_until(|world| world.state().running() == 1);
    world.feed(Input::Cancel { by: "a person".to_owned() });
    assert_eq!(world.run(), End::Cancelled);
    assert_eq!((world.status("f"), asked(&world)), (Status::Failed, 0));
}

#[test]
fn what_was_answered_stays_so_for_a_step_that_belongs_to_its_round() {
    let steps = vec![s("a").on_error(OnError::Continue), s("ask").approval().when(When::Status), s("b")];
    let mut world = World::new(&plan(steps, vec![]), Script::default().outcome("a", &[Outcome::Permanent]), 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!((asked(&world), world.status("b")), (1, Status::Succeeded));
}

#[test]
fn a_run_that_is_attended_does_not_pause_until_nobody_answers_any_more() {
    let mut world = World::new(&plan(vec![s("ask").approval()], vec![]), Script::default(), 8);
    world.machine.attend(true);
    world.run_until(|world| asked(world) == 1);
    assert_eq!(*world.phase(), Phase::Running);
    world.machine.attend(false);
    world.feed(Input::Resume);
    assert_eq!(*world.phase(), Phase::Ended(End::Paused));
}

#[test]
fn a_run_that_is_cancelled_asks_nobody() {
    let mut world = World::new(&plan(vec![s("ask").approval(), s("b")], vec![]), Script::default(), 8);
    paused(&mut world);
    world.feed(Input::Cancel { by: "a person".to_owned() });
    assert_eq!(world.run(), End::Cancelled);
    assert_eq!((world.status("ask"), world.machine.questions()), (Status::Cancelled, vec![]));
}

#[test]
fn an_answer_goes_on_with_the_round_and_tries_nothing_again_that_has_failed() {
    let item = g("e", vec![s("work")], vec![s("ask").approval()]).each(None).on_error(OnError::Continue);
    let script = Script::default().items("e", &["x", "y"]);
    let script = script.outcome("e[x]/work", &[Outcome::Permanent, Outcome::Permanent, Outcome::Ok]);
    let script = script.outcome("e[y]/work", &[Outcome::Permanent, Outcome::Ok]);
    let mut world = World::new(&plan(vec![item], vec![]), script, 8);
    paused(&mut world);
    for path in ["e[x]/ask", "e[y]/ask"] {
        assert_eq!(*world.phase(), Phase::Ended(End::Paused));
        let answer = world.answer(Path::parse(path));
        world.feed(answer);
        world.feed(Input::GoOn);
        world.run_until(|world| matches!(world.phase(), Phase::Ended(_)));
    }
    assert_eq!(*world.phase(), Phase::Ended(End::Failed));
    let executions = |world: &World| (world.executions("e[x]/work"), world.executions("e[y]/work"), asked(world));
    assert_eq!(executions(&world), (1, 1, 2));
    // A person who resumes wants what has failed to be tried again.
    world.feed(Input::Resume);
    paused(&mut world);
    assert_eq!(executions(&world), (2, 2, 4));
}
