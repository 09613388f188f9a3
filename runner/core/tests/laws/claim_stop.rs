//! What was stopped by a bound has failed, what was stopped by a person is in doubt: one claim a test.

use runner_core::{AttemptResult, End, ErrorKind, Event, Input, Interrupted, Path, Status};

use crate::build::{g, plan, plan_within, s};
use crate::script::Script;
use crate::world::World;

/// A step that never ends by itself, and may not be repeated without being asked about.
fn slow(id: &str) -> crate::build::S {
    s(id).interrupted(Interrupted::Stop).waits()
}

/// Lets the deadline pass and what it stops end.
fn expire(world: &mut World) {
    let timer =
        world.possible().into_iter().find(|input| matches!(input, Input::TimerFired { .. })).expect("a deadline");
    world.happen(&timer);
    world.feed(timer);
}

fn stopped(world: &mut World, path: &str) {
    let input = Input::Finished { path: Path::parse(path), attempt: 1, result: AttemptResult::Stopped };
    world.happen(&input);
    world.feed(input);
}

fn results(world: &World) -> Vec<AttemptResult> {
    let result = |(event, _): &(Event, u64)| match event {
        Event::AttemptEnded { result, .. } => Some(result.clone()),
        _ => None,
    };
    world.journal.iter().filter_map(result).collect()
}

#[test]
fn what_a_timeout_around_it_stops_has_failed_and_resume_does_it_again() {
    let within_group =
        World::new(&plan(vec![g("n", vec![slow("a")], vec![]).timeout(5)], vec![]), Script::default(), 8);
    let within_run =
        World::new(&plan_within(vec![g("n", vec![slow("a")], vec![])], vec![], Some(5)), Script::default(), 8);
    for (mut world, end) in [(within_group, End::Failed), (within_run, End::TimedOut)] {
        world.run_until(|world| !world.outside.is_empty());
        expire(&mut world);
        stopped(&mut world, "n/a");
        assert_eq!(world.ended(), end);
        let results = results(&world);
        let [AttemptResult::Failed { error }] = &results[..] else { panic!("it has not failed: {results:?}") };
        assert_eq!(error.kind, ErrorKind::Timeout);
        assert!(error.message.contains("took longer than its timeout"), "{error:?}");
        assert_eq!((world.status("n/a"), world.machine.doubts()), (Status::Cancelled, vec![]));
        world.feed(Input::Resume);
        assert_eq!(world.run(), End::Succeeded, "nobody is asked");
    }
}

#[test]
fn a_person_who_interrupts_what_a_timeout_is_stopping_leaves_it_in_doubt() {
    let mut world = World::new(&plan(vec![g("n", vec![slow("a")], vec![]).timeout(5)], vec![]), Script::default(), 8);
    world.run_until(|world| !world.outside.is_empty());
    expire(&mut world);
    world.feed(Input::Interrupt { kill: false, by: "SIGINT".to_owned() });
    stopped(&mut world, "n/a");
    assert!(matches!(results(&world)[..], [AttemptResult::InDoubt { .. }]), "{:?}", results(&world));
}

#[test]
fn a_check_that_a_timeout_stops_has_not_said_that_the_work_is_not_done() {
    let steps = vec![g("n", vec![s("a").interrupted(Interrupted::Check)], vec![]).timeout(5)];
    let mut world = World::new(&plan(steps, vec![]), Script::default(), 8);
    world.run_until(|world| !world.outside.is_empty());
    world.lose_machine();
    world.run_until(|world| world.outside.len() == 2);
    expire(&mut world);
    let input = Input::Finished { path: Path::parse("n/a"), attempt: 2, result: AttemptResult::Stopped };
    world.happen(&input);
    world.feed(input);
    assert!(matches!(results(&world)[..], [_, AttemptResult::InDoubt { .. }]), "{:?}", results(&world));
}
