//! Services and persons: a service lives while something that needs it may go on.

use runner_core::{End, Event, Input, Interrupted, Path, Settled};
use serde_json::Value;

use crate::build::{S, g, plan, s};
use crate::script::Script;
use crate::world::World;

/// A run whose machine died: `pay`, which needs the service `v`, is in doubt.
fn killed(more: Vec<S>) -> World {
    let mut steps = vec![s("v").service(), s("pay").interrupted(Interrupted::Stop)];
    steps.extend(more);
    let mut world = World::new(&plan(steps, vec![]), Script::default(), 8);
    world.run_until(|world| world.outside.contains_key(&(Path::parse("pay"), 1)));
    world.lose_machine();
    while let Some(input) = world.pending.pop_front() {
        world.feed(input);
    }
    world
}

/// The same once it has paused.
fn paused(more: Vec<S>) -> World {
    let mut world = killed(more);
    while *world.phase() != runner_core::Phase::Ended(End::Paused) {
        let input = world.possible().into_iter().next().expect("something may happen");
        world.happen(&input);
        world.feed(input);
    }
    world
}

fn starts(world: &World, path: &str) -> usize {
    let of = |event: &Event| matches!(event, Event::AttemptStarted { path: of, .. } if of.as_str() == path);
    world.journal.iter().filter(|(event, _)| of(event)).count()
}

#[test]
fn a_resume_that_only_pauses_again_starts_no_service() {
    for more in [vec![], vec![s("after"), g("n", vec![s("x")], vec![])]] {
        let mut world = paused(more);
        let before = starts(&world, "v");
        world.feed(Input::Resume);
        assert_eq!((world.ended(), starts(&world, "v")), (End::Paused, before));
    }
}

#[test]
fn a_service_is_started_for_what_may_go_on_without_a_person() {
    let mut world = killed(vec![s("zeta").needs(&[0]).waits()]);
    assert_eq!(starts(&world, "v"), 2);
    world.run_until(|world| starts(world, "zeta") == 2);
}

#[test]
fn once_a_person_has_decided_the_service_is_there_before_what_needs_it() {
    for settled in [Settled::Repeat, Settled::Done { outputs: Value::Null }] {
        let mut world = paused(vec![s("after")]);
        let before = starts(&world, "v");
        world.feed(Input::Resume);
        world.feed(Input::Settle { path: Path::parse("pay"), settled: settled.clone() });
        // It stands still by then: the next round is what was wanted.
        world.feed(Input::Resume);
        assert_eq!(starts(&world, "v"), before + 1, "{settled:?}");
        assert_eq!(world.run(), End::Succeeded);
        let at = |path: &str, nth: usize| {
            let of = |(event, _): &(Event, u64)| matches!(event, Event::AttemptStarted { path: of, .. } if of.as_str() == path);
            world.journal.iter().enumerate().filter(|(_, record)| of(record)).nth(nth).unwrap().0
        };
        assert!(at("v", before) < at("after", 0));
    }
}

#[test]
fn a_person_who_decides_while_the_run_goes_on_wakes_the_service() {
    let mut world = killed(vec![s("after"), s("zeta").needs(&[]).waits()]);
    assert_eq!(starts(&world, "v"), 1);
    world.feed(Input::Settle { path: Path::parse("pay"), settled: Settled::Repeat });
    assert_eq!((starts(&world, "v"), starts(&world, "pay")), (2, 1), "it waits for the service");
    assert_eq!(world.run(), End::Succeeded);
}
