//! How a group or the run is undone: one claim a test.

use runner_core::plan::Interrupted::Stop;
use runner_core::{
    AttemptResult, Effect, End, Event, Found, Input, Path, Phase, Purpose, Settled, Standing, Status, When,
};
use serde_json::json;

use crate::build::{g, plan, s, undoing};
use crate::script::{Outcome, Script};
use crate::world::World;

const FAILS: &[Outcome] = &[Outcome::Permanent];

/// The steps that were undone, in order.
fn undone(world: &World) -> Vec<&str> {
    let path = |event: &'_ Event| if let Event::StepUndone { path } = event { Some(path.clone()) } else { None };
    let paths: Vec<_> = world.journal.iter().filter_map(|(event, _)| path(event)).collect();
    let of = |path: Path| {
        world.journal.iter().find_map(|(event, _)| match event {
            Event::StepUndone { path: found } if *found == path => Some(found.as_str()),
            _ => None,
        })
    };
    paths.into_iter().filter_map(of).collect()
}

fn standing(world: &World) -> Vec<(&str, Standing)> {
    let of = |event: &'_ Event| match event {
        Event::StepStands { path, why } => Some((path.clone(), *why)),
        _ => None,
    };
    let named: Vec<_> = world.journal.iter().filter_map(|(event, _)| of(event)).collect();
    let text =
        |path: Path| world.state().nodes().find(|(_, node)| node.path == path).map(|(_, node)| node.path.as_str());
    named.into_iter().filter_map(|(path, why)| Some((text(path)?, why))).collect()
}

fn undo(to: Option<&str>) -> Input {
    Input::Undo { by: "a person".to_owned(), to: to.map(Path::parse) }
}

#[test]
fn a_run_that_fails_is_undone_backwards_before_its_finally() {
    let steps = vec![s("a").undo(true), s("b"), s("c").undo(true), s("d")];
    let mut world = World::new(&undoing(steps, vec![s("f")]), Script::default().outcome("d", FAILS), 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!(undone(&world), ["c", "a"]);
    assert_eq!(standing(&world), [("b", Standing::NoUndo)]);
    assert_eq!((world.status("a"), world.status("b")), (Status::Undone, Status::Succeeded));
    let at = |wanted: &Event| world.journal.iter().position(|(event, _)| event == wanted);
    let (ended, finally) = (Event::UndoEnded { path: Path::root() }, Event::FinallyStarted { path: Path::root() });
    assert!(at(&ended) < at(&finally) && at(&ended).is_some());
}

#[test]
fn a_run_that_succeeds_is_not_undone() {
    let mut world = World::new(&undoing(vec![s("a").undo(true)], vec![]), Script::default(), 8);
    assert_eq!(world.run(), End::Succeeded);
    assert!(world.undone.is_empty());
}

#[test]
fn items_groups_and_what_they_hold_are_undone_backwards_too() {
    let inner = g("n", vec![s("a").undo(true), s("b").undo(true)], vec![s("e").undo(true)]).each(Some(1));
    let steps = vec![inner, s("c").each(Some(1)).undo(true), s("z")];
    let script = Script::default().items("n", &["x", "y"]).items("c", &["p", "q"]).outcome("z", FAILS);
    let mut world = World::new(&undoing(steps, vec![]), script, 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!(undone(&world), ["c[q]", "c[p]", "n[y]/b", "n[y]/a", "n[x]/b", "n[x]/a"]);
    assert_eq!(
        (world.status("n"), world.status("n[x]"), world.status("c")),
        (Status::Undone, Status::Undone, Status::Undone)
    );
    assert_eq!(world.status("n[x]/e"), Status::Succeeded, "what cleans up is not undone");
}

#[test]
fn only_the_group_that_fails_is_undone() {
    let group = g("n", vec![s("b").undo(true), s("c")], vec![]).undoes();
    let steps = vec![s("a").undo(true), group, s("z").when(When::Status).undo(true)];
    let mut world = World::new(&plan(steps, vec![]), Script::default().outcome("c", FAILS), 8);
    assert_eq!(world.run(), End::Failed);
    assert_eq!(undone(&world), ["n/b"]);
    assert_eq!((world.status("a"), world.status("z")), (Status::Succeeded, Status::Succeeded));
}

#[test]
fn undoing_that_fails_is_retried_then_waits_for_a_person_and_goes_on() {
    let script = Script::default().outcome("c", FAILS);
    let script = script.outcome("undo:b", &[Outcome::Transient, Outcome::Transient, Outcome::Transient, Outcome::Ok]);
    let steps = vec![s("a").undo(true), s("b").undo(true), s("c")];
    let mut world = World::new(&undoing(steps, vec![]), script, 8);
    world.run_until(|world| matches!(world.phase(), Phase::Ended(_)));
    assert_eq!(world.ended(), End::Paused);
    assert_eq!(world.tried[&Path::parse("b")], 2);
    let stuck = world.machine.stuck_undos();
    assert_eq!(
        stuck.iter().map(|(path, error)| (path.as_str(), error.message.as_str())).collect::<Vec<_>>(),
        [("b", "b failed")]
    );
    assert_eq!(world.run(), End::Failed);
    assert_eq!(undone(&world), ["b", "a"]);
    assert_eq!(world.tried[&Path::parse("b")], 4);
}

#[test]
fn a_person_may_say_that_what_could_not_be_undone_is_undone() {
    let script = Script::default().outcome("c", FAILS).outcome("undo:b", FAILS);
    let steps = vec![s("a").undo(true), s("b").undo(true), s("c")];
    let mut world = World::new(&undoing(steps, vec![]), script, 8);
    world.run_until(|world| matches!(world.phase(), Phase::Ended(_)));
    let settled = Settled::Done { outputs: json!(null) };
    world.feed(Input::Settle { path: Path::parse("b"), settled });
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Failed);
    assert_eq!(undone(&world), ["b", "a"]);
    assert_eq!(world.tried[&Path::parse("b")], 1);
}

#[test]
fn undoing_goes_on_after_a_crash_and_adopts_what_runs() {
    let steps = vec![s("a").undo(false), s("b").undo(false), s("c")];
    let mut world = World::new(&undoing(steps, vec![]), Script::default().outcome("c", FAILS), 8);
    let path = Path::parse("b");
    let running = Effect::Execute { path: path.clone(), attempt: 2, purpose: Purpose::Undo };
    world.run_until(|world| world.is_effect(&running));
    world.crash(vec![(path, 2, Found::Running)]);
    assert_eq!(world.run(), End::Failed);
    assert_eq!(undone(&world), ["b", "a"]);
    assert_eq!((world.tried[&Path::parse("b")], world.tried[&Path::parse("a")]), (1, 1));
}

#[test]
fn undoing_in_doubt_is_repeated_only_where_it_may_be() {
    for (repeats, ends) in [(true, End::Failed), (false, End::Paused)] {
        let steps = vec![s("a").undo(repeats), s("b")];
        let mut world = World::new(&undoing(steps, vec![]), Script::default().outcome("b", FAILS), 8);
        world.run_until(|world| world.state().running() == 1 && world.phase() == &Phase::Running && world.undoes("a"));
        world.lose_machine();
        world.run_until(|world| matches!(world.phase(), Phase::Ended(_)));
        assert_eq!(world.ended(), ends);
        let doubts = if repeats { vec![] } else { vec![(Path::parse("a"), 2)] };
        assert_eq!(world.machine.doubts(), doubts);
    }
}

#[test]
fn a_person_undoes_a_run_that_has_succeeded_and_resume_does_it_again() {
    let steps = vec![s("a").undo(true), s("b").leaves_nothing(), s("c")];
    let mut world = World::new(&plan(steps, vec![s("f")]), Script::default(), 8);
    assert_eq!(world.run(), End::Succeeded);
    world.feed(undo(None));
    assert_eq!(world.run(), End::Undone);
    assert_eq!((undone(&world), standing(&world)), (vec!["b", "a"], vec![("c", Standing::NoUndo)]));
    assert_eq!(world.executions("f"), 2, "each round has its `finally:`");
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.executions("a"), world.executions("b"), world.executions("c")), (2, 2, 1), "what stands is kept");
}

#[test]
fn a_run_is_undone_up_to_a_step() {
    let steps = vec![s("a").undo(true), g("n", vec![s("b").undo(true)], vec![]), s("c").undo(true)];
    let mut world = World::new(&plan(steps, vec![]), Script::default(), 8);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(world.feed(undo(Some("z"))), vec![], "no such step");
    world.feed(undo(Some("n")));
    assert_eq!(world.run(), End::Undone);
    assert_eq!(undone(&world), ["c"]);
    world.feed(undo(Some("a")));
    assert_eq!(world.run(), End::Undone);
    assert_eq!(undone(&world), ["c", "n/b"]);
    world.feed(Input::Resume);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!((world.executions("a"), world.executions("n/b"), world.executions("c")), (1, 2, 2));
}

#[test]
fn what_runs_when_a_person_undoes_may_finish_and_nothing_new_starts() {
    let steps = vec![s("a").undo(true), s("b").undo(true).retry(9), s("w").needs(&[0]).waits(), s("c")];
    let mut world = World::new(&plan(steps, vec![]), Script::default(), 8);
    world.run_until(|world| world.executions("a") == 1 && world.state().running() == 2);
    world.feed(undo(None));
    let (b, w) = (Path::parse("b"), Path::parse("w"));
    assert!(!world.is_effect(&Effect::Stop { path: b, attempt: 1, kill: false }));
    assert!(world.is_effect(&Effect::Stop { path: w.clone(), attempt: 1, kill: false }), "what only waits is stopped");
    let stopped = AttemptResult::InDoubt { why: "stopped".to_owned() };
    let stopped = Input::Finished { path: w, attempt: 1, result: stopped };
    world.happen(&stopped);
    world.feed(stopped);
    assert_eq!(world.run(), End::Undone);
    assert_eq!((undone(&world), world.executions("c")), (vec!["b", "a"], 0));
}

#[test]
fn what_is_in_doubt_when_a_person_undoes_is_settled_first() {
    for (settled, expected) in [(Settled::Done { outputs: json!(1) }, vec!["b", "a"]), (Settled::Repeat, vec!["a"])] {
        let steps = vec![s("a").undo(true), s("b").undo(true).interrupted(Stop), s("c")];
        let mut world = World::new(&plan(steps, vec![]), Script::default(), 8);
        world.run_until(|world| world.executions("a") == 1 && world.state().running() == 1);
        world.lose_machine();
        world.run_until(|world| matches!(world.phase(), Phase::Ended(End::Paused)));
        world.feed(undo(None));
        world.run_until(|world| matches!(world.phase(), Phase::Ended(End::Paused)));
        assert_eq!(world.machine.doubts(), [(Path::parse("b"), 1)]);
        world.feed(Input::Settle { path: Path::parse("b"), settled });
        world.feed(Input::Resume);
        assert_eq!(world.run(), End::Undone);
        assert_eq!((undone(&world), world.executions("b"), world.executions("c")), (expected, 0, 0));
    }
}

#[test]
fn a_service_is_started_anew_for_what_needs_it_and_stopped_afterwards() {
    let group = g("n", vec![s("v").service().retry(3), s("a").undo(true)], vec![]);
    let mut world = World::new(&plan(vec![group, s("b").undo(true)], vec![]), Script::default(), 8);
    assert_eq!(world.run(), End::Succeeded);
    world.feed(undo(None));
    let v = Path::parse("n/v");
    world.run_until(|world| world.undone.contains_key(&Path::parse("b")));
    world.run_until(|world| world.is_effect(&Effect::Hold { path: v.clone(), attempt: 2 }));
    assert!(!world.undone.contains_key(&Path::parse("n/a")), "it waits for the service");
    assert_eq!(world.run(), End::Undone);
    assert_eq!(undone(&world), ["b", "n/a"]);
}

#[test]
fn a_cancelled_run_can_be_undone_and_stays_cancelled() {
    let steps = vec![s("a").undo(true), s("b")];
    let mut world = World::new(&plan(steps, vec![]), Script::default(), 8);
    world.run_until(|world| world.executions("a") == 1 && world.state().running() == 1);
    world.feed(Input::Cancel { by: "a person".to_owned() });
    assert_eq!(world.run(), End::Cancelled);
    world.feed(undo(None));
    assert_eq!(world.run(), End::Cancelled);
    assert_eq!(undone(&world), ["a"]);
    assert_eq!(world.feed(Input::Resume), vec![]);
}

#[test]
fn cancelling_gives_undoing_up_and_names_what_stands() {
    let steps = vec![s("a").undo(true), s("b").undo(true), s("c")];
    let script = Script::default().outcome("c", FAILS).outcome("undo:b", FAILS);
    let mut world = World::new(&undoing(steps, vec![s("f")]), script, 8);
    world.run_until(|world| matches!(world.phase(), Phase::Ended(End::Paused)));
    world.feed(Input::Cancel { by: "a person".to_owned() });
    assert_eq!(world.run(), End::Cancelled);
    assert_eq!(standing(&world), [("b", Standing::Abandoned), ("a", Standing::Abandoned)]);
    assert_eq!(world.executions("f"), 1);
}
