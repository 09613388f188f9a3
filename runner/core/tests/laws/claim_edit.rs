//! Claims about a run that goes on after an edit.

use std::collections::BTreeMap;
use std::sync::Arc;

use runner_core::plan::Interrupted::{Check, Stop};
use runner_core::{
    AttemptResult, Comparison, Effect, End, Event, Found, Input, NodeId, Path, Phase, Plan, Settled, State, Status,
    Verdict, When,
};
use serde_json::{Value, json};

use crate::build::{g, plan, s};
use crate::script::{Outcome, Script};
use crate::world::World;

impl World {
    /// A person edits the workflow while no engine lives: the next life compares before it does anything. `found` is what
    /// became of the attempts in flight.
    pub(crate) fn edit(
        &mut self,
        plan: &Arc<Plan>,
        script: Script,
        renamed: &[(Path, Path)],
        found: Vec<(Path, u32, Found)>,
    ) -> runner_core::Comparison {
        self.crash(found);
        self.script = Arc::new(script);
        let comparison = runner_core::compare(self.state(), plan, Value::Null, (renamed, &[]), &*self.script);
        let revise = Input::Revise { revision: comparison.revision.clone() };
        self.pending.insert(1, revise);
        if let Phase::Ended(_) = self.phase() {
            self.pending.push_back(Input::Resume);
        }
        comparison
    }
}

/// Follows which steps have finished in this round.
pub(crate) fn note(finished: &mut BTreeMap<Path, u32>, state: &State, event: &Event) {
    match event {
        Event::RoundStarted { .. } => finished.clear(),
        // What changed may run again, and nothing else.
        Event::Revised { .. } | Event::StepReopened { .. } => finished.retain(|path, _| {
            let mut at = state.find(path);
            let kept = at.is_some_and(|id| state.node(id).status == Status::Succeeded);
            let mut outdated = false;
            while let Some(id) = at {
                outdated |= state.node(id).outdated;
                at = state.node(id).parent;
            }
            kept && !outdated
        }),
        Event::StepFinished { path, status: Status::Succeeded, .. } => {
            let Some(id) = state.find(path) else { return };
            let kind = state.step(id).map(|step| &step.kind);
            let service = matches!(kind, Some(runner_core::Kind::Leaf(leaf)) if leaf.service);
            if state.node(id).leaf().is_some() && !service {
                finished.insert(path.clone(), state.node(id).attempts());
            }
        }
        _ => {}
    }
}

/// A run of `before` in which `z` fails, after which it is edited and goes on to its end.
fn edited(before: &Arc<Plan>, script: Script, after: &Arc<Plan>, new: Script, renamed: &[(&str, &str)]) -> World {
    let mut world = World::new(before, script.outcome("z", &[Outcome::Permanent]), 4);
    assert_eq!(world.run(), End::Failed);
    let renamed: Vec<_> = renamed.iter().map(|(old, new)| (Path::parse(old), Path::parse(new))).collect();
    let comparison = world.edit(after, new, &renamed, vec![]);
    assert_eq!(comparison.torn, vec![]);
    assert_eq!(world.run(), End::Succeeded);
    world
}

fn times(world: &World, paths: &[&str]) -> Vec<u32> {
    paths.iter().map(|path| world.executions(path)).collect()
}

fn verdicts(comparison: &Comparison) -> Vec<(String, Verdict)> {
    let mut all: Vec<_> =
        comparison.found.iter().map(|found| (found.path.to_string(), found.verdict.clone())).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

#[test]
fn what_is_unchanged_is_kept_and_what_changed_runs_again_with_what_depends_on_it() {
    let same =
        plan(vec![s("a"), s("b").needs(&[]), s("c").needs(&[0]), s("d").needs(&[1]), s("z").needs(&[2, 3])], vec![]);
    let world = edited(&same, Script::default(), &same, Script::default().edited("a", "g"), &[]);
    assert_eq!(times(&world, &["a", "b", "c", "d", "z"]), [2, 1, 2, 1, 2]);
}

#[test]
fn the_comparison_says_beforehand_what_will_be() {
    let before =
        plan(vec![s("a"), s("b").needs(&[]), s("c").needs(&[0]), s("old").needs(&[]), s("z").needs(&[2])], vec![]);
    let after =
        plan(vec![s("a"), s("b").needs(&[]), s("c").needs(&[0]), s("new").needs(&[]), s("z").needs(&[2])], vec![]);
    let mut world = World::new(&before, Script::default().outcome("z", &[Outcome::Permanent]), 4);
    world.run();
    let before = world.state().clone();
    let comparison = world.edit(&after, Script::default().edited("a", "g"), &[], vec![]);
    assert!(before == *world.state(), "comparing changes nothing");
    let expected = [
        ("a", Verdict::Changed),
        ("b", Verdict::Kept),
        ("c", Verdict::After(Path::parse("a"))),
        ("new", Verdict::New),
        ("old", Verdict::Gone),
        ("z", Verdict::Open),
    ];
    assert_eq!(verdicts(&comparison), expected.map(|(path, verdict)| (path.to_owned(), verdict)));
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(times(&world, &["a", "b", "c", "old", "new", "z"]), [2, 1, 2, 1, 1, 2]);
    assert_eq!(
        world.state().find(&Path::parse("old")).map(|old| world.state().nodes().any(|(id, _)| id == old)),
        Some(false)
    );
}

#[test]
fn a_new_step_runs_and_what_is_finished_after_it_is_kept() {
    let before = plan(vec![s("a"), s("c"), s("z")], vec![]);
    let after = plan(vec![s("a"), s("b"), s("c"), s("z")], vec![]);
    let world = edited(&before, Script::default(), &after, Script::default(), &[]);
    assert_eq!(times(&world, &["a", "b", "c", "z"]), [1, 1, 1, 2]);
}

#[test]
fn a_renamed_step_is_kept_and_so_are_two_that_change_their_names() {
    let before = plan(vec![s("a"), s("b"), g("n", vec![s("x")], vec![]), s("z")], vec![]);
    let after = plan(vec![s("b"), s("a"), g("m", vec![s("x")], vec![]), s("z")], vec![]);
    let world = edited(&before, Script::default(), &after, Script::default(), &[("a", "b"), ("b", "a"), ("n", "m")]);
    assert_eq!(times(&world, &["a", "b", "n/x", "m/x", "z"]), [1, 1, 1, 0, 2]);
    assert_eq!(world.status("m/x"), Status::Succeeded);
}

#[test]
fn a_name_that_a_new_step_takes_over_is_not_the_old_one() {
    let before = plan(vec![s("a"), s("z")], vec![]);
    let after = plan(vec![s("b"), s("a"), s("z")], vec![]);
    let world = edited(&before, Script::default(), &after, Script::default(), &[("a", "b")]);
    assert_eq!(times(&world, &["b", "a", "z"]), [0, 2, 2]);
}

#[test]
fn a_changed_step_of_a_group_opens_the_group_and_what_needs_it() {
    let same =
        plan(vec![g("n", vec![s("x"), s("y").needs(&[]), s("w").needs(&[0])], vec![s("f")]), s("b"), s("z")], vec![]);
    let world = edited(&same, Script::default(), &same, Script::default().edited("x", "g"), &[]);
    assert_eq!(times(&world, &["n/x", "n/y", "n/w", "n/f", "b", "z"]), [2, 1, 2, 2, 2, 2]);
}

#[test]
fn items_are_told_apart_by_their_keys() {
    let same = plan(vec![g("n", vec![s("x")], vec![]).each(None), s("z").needs(&[])], vec![]);
    let old = Script::default().items("n", &["p", "q"]);
    let new = Script::default().items("n", &["q", "r"]);
    let world = edited(&same, old, &same, new, &[]);
    assert_eq!(times(&world, &["n[p]/x", "n[q]/x", "n[r]/x", "z"]), [1, 1, 1, 2]);
}

#[test]
fn a_step_that_became_something_else_is_gone_and_new() {
    let before = plan(vec![s("a"), s("b").each(None), s("z")], vec![]);
    let after = plan(vec![g("a", vec![s("x")], vec![]), s("b"), s("z")], vec![]);
    let world = edited(&before, Script::default().items("b", &["p"]), &after, Script::default(), &[]);
    assert_eq!(times(&world, &["a", "a/x", "b[p]", "b", "z"]), [1, 1, 1, 1, 2]);
}

#[test]
fn what_was_skipped_by_its_condition_runs_where_that_holds_now() {
    let same =
        plan(vec![s("a").when(When::Condition), s("b").when(When::Condition).needs(&[]), s("z").needs(&[])], vec![]);
    let no = Script::default().say("a", crate::script::Say::No).say("b", crate::script::Say::No);
    let world = edited(&same, no.clone(), &same, no.say("a", crate::script::Say::Yes), &[]);
    assert_eq!(times(&world, &["a", "b"]), [1, 0]);
}

/// A chain in whose first step the engine was killed; the attempt is `found`, and the step is edited.
fn killed(first: crate::build::S, found: Found, edit: &str) -> (World, Comparison) {
    let same = plan(vec![first, s("b")], vec![]);
    let mut world = World::new(&same, Script::default(), 4);
    world.run_until(|world| !world.outside.is_empty());
    if let Found::Ended(result) = &found {
        world.outside.insert((Path::parse("a"), 1), crate::world::Outside::Gone(result.clone()));
        world.execute(&Path::parse("a"), runner_core::Purpose::Run, result);
    }
    let comparison = world.edit(&same, Script::default().edited(edit, "g"), &[], vec![(Path::parse("a"), 1, found)]);
    (world, comparison)
}

#[test]
fn an_adopted_attempt_ends_as_it_began_and_then_the_changed_step_runs_again() {
    let (mut world, comparison) = killed(s("a"), Found::Running, "a");
    assert_eq!(verdicts(&comparison)[0].1, Verdict::Changed);
    assert!(comparison.found.iter().any(|found| found.path.as_str() == "a" && found.finished));
    while !world.pending.is_empty() {
        world.tick();
    }
    let running: Vec<_> = world.current_effects().iter().cloned().collect();
    let first = Effect::Execute { path: Path::parse("a"), attempt: 1, purpose: runner_core::Purpose::Run };
    assert_eq!(running, [first], "nobody stops it, and no other one begins");
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(times(&world, &["a", "b"]), [2, 1]);
}

#[test]
fn an_adopted_attempt_of_an_unchanged_step_is_the_steps_end() {
    let (mut world, _) = killed(s("a"), Found::Running, "b");
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(times(&world, &["a", "b"]), [1, 1]);
}

#[test]
fn a_doubt_is_settled_before_the_changed_step_runs_again() {
    let doubt = || Found::Ended(AttemptResult::InDoubt { why: "its keeper died".to_owned() });
    let (mut world, _) = killed(s("a").interrupted(Stop), doubt(), "a");
    world.run_until(|world| *world.phase() == Phase::Ended(End::Paused));
    assert_eq!(world.machine.doubts(), vec![(Path::parse("a"), 1)]);
    world.feed(Input::Settle { path: Path::parse("a"), settled: Settled::Done { outputs: json!(1) } });
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(times(&world, &["a", "b"]), [1, 1], "what was said to be done was done as it was written then");
    // A check is made, and then it runs again all the same.
    let (mut world, _) = killed(s("a").interrupted(Check), doubt(), "a");
    assert_eq!(world.run(), End::Succeeded);
    let checks = world
        .journal
        .iter()
        .filter(|(event, _)| matches!(event, Event::AttemptStarted { purpose: runner_core::Purpose::Check, .. }));
    assert_eq!((checks.count(), world.executions("a")), (1, 1));
}

#[test]
fn a_live_service_that_changed_is_stopped_and_begins_anew_before_what_needs_it() {
    let same = plan(vec![s("v").service(), s("b"), s("c")], vec![]);
    let mut world = World::new(&same, Script::default(), 4);
    world.run_until(|world| world.executions("b") == 1);
    let found = vec![(Path::parse("v"), 1, Found::Running), (Path::parse("c"), 1, Found::Running)];
    world.edit(&same, Script::default().edited("v", "g"), &[], found);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(times(&world, &["b", "c"]), [2, 2]);
    let started = world
        .journal
        .iter()
        .filter(|(event, _)| matches!(event, Event::AttemptStarted { path, .. } if path.as_str() == "v"));
    assert_eq!(started.count(), 2);
}

#[test]
fn a_gone_step_that_runs_is_waited_for_and_a_gone_service_is_stopped() {
    let before = plan(vec![s("v").service(), s("a").needs(&[]), s("b").needs(&[])], vec![]);
    let after = plan(vec![s("b").needs(&[])], vec![]);
    let mut world = World::new(&before, Script::default(), 4);
    world.run_until(|world| world.state().services() == 1);
    let found = ["v", "a", "b"].map(|path| (Path::parse(path), 1, Found::Running)).to_vec();
    world.edit(&after, Script::default(), &[], found);
    assert_eq!(world.run(), End::Succeeded);
    assert!(!world.outside.values().any(crate::world::is_alive));
    assert_eq!(times(&world, &["a", "b"]), [1, 1]);
}

#[test]
fn a_step_under_way_that_is_something_else_now_tears_the_run() {
    let before = plan(vec![s("a"), s("b")], vec![]);
    let mut world = World::new(&before, Script::default(), 4);
    world.run_until(|world| !world.outside.is_empty());
    let after = plan(vec![g("a", vec![s("x")], vec![]), s("b")], vec![]);
    let comparison = runner_core::compare(world.state(), &after, json!(null), (&[], &[]), &*world.script);
    assert_eq!(comparison.torn, vec![Path::parse("a")]);
}

#[test]
fn a_step_changed_while_the_end_of_its_run_was_under_way_runs_again_after_that() {
    let same = plan(vec![s("a"), s("b").needs(&[])], vec![s("f")]);
    let mut world = World::new(&same, Script::default(), 4);
    world.run_until(|world| world.outside.keys().any(|(path, _)| path.as_str() == "f"));
    world.edit(&same, Script::default().edited("a", "g"), &[], vec![(Path::parse("f"), 1, Found::Running)]);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(times(&world, &["a", "b", "f"]), [2, 1, 2]);
}

/// The outermost node around a node, or itself, that is to begin anew.
pub(crate) fn anew(state: &State, id: NodeId) -> Option<NodeId> {
    let around = std::iter::successors(Some(id), |id| state.node(*id).parent);
    around.filter(|id| state.node(*id).outdated).last()
}
