//! Every schedule of at most two crashes, enumerated.
//!
//! A crash strikes while the facts of one input are being made durable: any number of them may have become so, and nothing
//! was acted upon unless all had. Every attempt then in flight meets every fate that is legal for it. An oracle counts what
//! the steps did outside.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use runner_core::plan::Interrupted::{Check, Repeat, Stop};
use runner_core::{
    Ahead, AttemptResult, Compensation, Doing, Effect, End, Event, Found, Input, Interrupted, Kind, Node, OnError,
    Path, Plan, Purpose, Status, When,
};

use crate::build::{g, plan, s};
use crate::script::{Outcome, Say, Script};
use crate::world::{Outside, World, did_its_work, is_alive};

/// What an undisturbed run comes to.
struct Oracle {
    end: End,
    statuses: Vec<(Path, Status)>,
    done: Vec<(Path, u32)>,
    undone: Vec<(Path, u32)>,
}

struct Search {
    oracle: Oracle,
    until: Instant,
    schedules: u64,
    complete: bool,
    /// Whether keepers and machines die, too.
    doubts: bool,
}

/// What may have become of an attempt, and whether it did its work before anybody knew.
pub(crate) type Fate = (Found, Option<Did>);

#[derive(Clone)]
pub(crate) enum Did {
    /// It was counted when it ended.
    Before(AttemptResult),
    /// It ended while no engine lived.
    Meanwhile(AttemptResult),
}

pub(crate) fn statuses(world: &World) -> Vec<(Path, Status)> {
    let mut all: Vec<_> = world.state().nodes().map(|(_, node)| (node.path.clone(), node.status)).collect();
    all.sort_by(|a, b| a.0.cmp(&b.0));
    all
}

impl Search {
    fn explore(&mut self, mut world: World, crashes: u32, repeated: &[Path]) {
        while let Some(input) = world.next_input() {
            let mut before = world.clone();
            // What the input tells has happened, whether or not it becomes durable.
            before.happen(&input);
            world = before.clone();
            let events = world.decide(input);
            if crashes > 0 {
                for durable in 0..=events.len() {
                    if Instant::now() > self.until {
                        self.complete = false;
                        return;
                    }
                    let mut torn = before.clone();
                    torn.journal = world.journal[..world.journal.len() - events.len() + durable].to_vec();
                    if torn.journal.is_empty() {
                        continue;
                    }
                    self.strike(&torn, crashes - 1, repeated, durable == events.len());
                }
            }
            world.act();
        }
        self.schedules += 1;
        self.compare(&world, repeated);
    }

    /// A crash with every combination of fates.
    fn strike(&mut self, torn: &World, crashes: u32, repeated: &[Path], acted: bool) {
        let in_flight = in_flight(torn);
        let fates: Vec<Vec<Fate>> = in_flight.iter().map(|of| fates(torn, of, acted, self.doubts)).collect();
        let combinations: usize = fates.iter().map(Vec::len).product();
        for mut number in 0..combinations {
            let mut world = torn.clone();
            let (mut found, mut repeated) = (Vec::new(), repeated.to_vec());
            let mut chosen = Vec::new();
            for (of, fates) in in_flight.iter().zip(&fates) {
                chosen.push((of.clone(), fates[number % fates.len()].clone()));
                number /= fates.len();
            }
            if !are_possible(&world, &chosen) {
                continue;
            }
            repeated.extend(doubted(&world, &chosen));
            for (of, fate) in &chosen {
                repeated.extend(meet(&mut world, of, fate));
                found.push((of.0.clone(), of.1, fate.0.clone()));
            }
            world.crash(found);
            self.explore(world, crashes, &repeated);
        }
    }

    fn compare(&self, world: &World, repeated: &[Path]) {
        let journal = || world.journal.iter().fold(String::new(), |text, (event, _)| format!("{text}\n{event:?}"));
        assert_eq!(world.ended(), self.oracle.end, "{}", journal());
        assert_eq!(statuses(world), self.oracle.statuses, "{}", journal());
        assert!(!world.outside.values().any(is_alive), "something outlives the run: {}", journal());
        for (path, count) in &self.oracle.done {
            let again = repeated.iter().filter(|of| *of == path).count();
            let done = world.done.get(path).copied().unwrap_or(0) as usize;
            assert_eq!(done, *count as usize + again, "effects of `{path}`: {}", journal());
        }
        assert_eq!(world.done.len(), self.oracle.done.len(), "{}", journal());
        for (path, count) in &self.oracle.undone {
            let again = repeated.iter().filter(|of| **of == undo_of(path)).count();
            let undone = world.undone.get(path).copied().unwrap_or(0) as usize;
            assert_eq!(undone, *count as usize + again, "undone effects of `{path}`: {}", journal());
        }
        assert_eq!(world.undone.len(), self.oracle.undone.len(), "{}", journal());
    }
}

/// An attempt that the journal holds for running: its purpose, none for a service that became ready.
pub(crate) type InFlight = (Path, u32, Option<Purpose>);

pub(crate) fn in_flight(torn: &World) -> Vec<InFlight> {
    let mut probe = torn.clone();
    probe.crash(Vec::new());
    let in_flight = probe.current_effects().iter().filter_map(|effect| match effect {
        Effect::Execute { path, attempt, purpose } => Some((path.clone(), *attempt, Some(*purpose))),
        Effect::Hold { path, attempt } => Some((path.clone(), *attempt, None)),
        Effect::Stop { .. } | Effect::Timer { .. } | Effect::Ask { .. } => None,
    });
    in_flight.collect()
}

/// Every fate of an attempt in flight. `acted`: whether what the last facts ask for may have begun.
pub(crate) fn fates(torn: &World, (path, attempt, purpose): &InFlight, acted: bool, doubts: bool) -> Vec<Fate> {
    let doubt = || Found::Ended(AttemptResult::InDoubt { why: "its keeper died".to_owned() });
    let none = |found| (found, None);
    let mut fates = Vec::new();
    let known = torn.outside.get(&(path.clone(), *attempt));
    match known {
        Some(Outside::Gone(result)) => {
            fates.push(none(Found::Ended(result.clone())));
            // Its receipt was lost with the machine.
            if doubts && matches!(result, AttemptResult::Succeeded { .. } | AttemptResult::Failed { .. }) {
                fates.push((doubt(), Some(Did::Before(result.clone()))));
            }
            return fates;
        }
        None => fates.push(none(Found::Ended(AttemptResult::NotStarted))),
        Some(Outside::Alive(_) | Outside::Queued(_)) => {}
    }
    if doubts {
        fates.push(none(doubt()));
    }
    let begun = known.is_some_and(is_alive) || acted;
    if !begun {
        return fates;
    }
    fates.push(none(Found::Running));
    if matches!(purpose, Some(Purpose::Run | Purpose::Undo)) && !is_service(torn, path) {
        let result = match purpose {
            Some(Purpose::Undo) => {
                torn.script.outcome_of_undo(path, torn.tried.get(path).copied().unwrap_or(0)).result(path)
            }
            _ => torn.script.outcome_of(path, torn.executions(path.as_str())).result(path),
        };
        fates.push((Found::Ended(result.clone()), Some(Did::Meanwhile(result.clone()))));
        if doubts {
            fates.push((doubt(), Some(Did::Meanwhile(result))));
        }
    }
    fates
}

/// Whether fates can be together: what was permitted ahead of its turn began only behind the success of what it needs, and
/// where there was a place for it.
pub(crate) fn are_possible(torn: &World, chosen: &[(InFlight, Fate)]) -> bool {
    let mut folded = torn.clone();
    folded.crash(Vec::new());
    let state = folded.state();
    let succeeded = |path: &Path| {
        let fate = chosen.iter().find(|((of, ..), _)| of == path).map(|(_, fate)| fate);
        let done = match fate {
            Some((_, Some(Did::Before(result) | Did::Meanwhile(result))) | (Found::Ended(result), None)) => {
                Some(result)
            }
            _ => None,
        };
        matches!(done, Some(AttemptResult::Succeeded { .. }))
    };
    let slots =
        chosen.iter().filter(|((path, ..), (found, _))| *found == Found::Running && torn.takes_slot(path)).count();
    let behind = |((path, attempt, _), (found, did)): &(InFlight, Fate)| {
        let Some(id) = state.find(path) else { return true };
        let ahead = state.node(id).leaf().is_some_and(|leaf| leaf.ahead != Ahead::No);
        let was_let_go =
            matches!(torn.outside.get(&(path.clone(), *attempt)), Some(Outside::Alive(_) | Outside::Gone(_)));
        let begun = *found == Found::Running || did.is_some();
        let needs_ended = || {
            state.needs_of(id).map(|need| state.node(need)).all(|need| need.status.is_end() || succeeded(&need.path))
        };
        // A receipt is written before what waits behind it is let go: what runs, in the same boot, runs behind receipts.
        let unknown = |need: &Path| {
            let fate = chosen.iter().find(|((of, ..), _)| of == need).map(|(_, (found, _))| found);
            matches!(fate, Some(Found::Ended(AttemptResult::InDoubt { .. })))
        };
        let unreceipted = || state.needs_of(id).any(|need| unknown(&state.node(need).path));
        let ran = !begun || was_let_go || needs_ended();
        !ahead || ran && !(*found == Found::Running && unreceipted())
    };
    slots <= torn.parallel && chosen.iter().all(behind)
}

/// What did its work behind something of which nobody knows any more whether it succeeded: it is done once more.
fn doubted(torn: &World, chosen: &[(InFlight, Fate)]) -> BTreeSet<Path> {
    let mut folded = torn.clone();
    folded.crash(Vec::new());
    let state = folded.state();
    let mut doubted = BTreeSet::new();
    loop {
        let is_known = |need: &Node| {
            let ended = matches!(need.leaf().map(|leaf| &leaf.doing), Some(Doing::Ended { .. }));
            let found = chosen.iter().find(|((of, ..), _)| *of == need.path).map(|(_, (found, _))| found);
            let told = matches!(found, Some(Found::Ended(AttemptResult::Succeeded { .. })));
            need.status.is_end() || ended || told && !doubted.contains(&need.path)
        };
        let early = |path: &Path| {
            let id = state.find(path)?;
            let waits = state.node(id).leaf()?.ahead == Ahead::Waiting;
            Some(waits && !state.needs_of(id).all(|need| is_known(state.node(need))))
        };
        let worked = |found: &Found| matches!(found, Found::Ended(result) if did_its_work(result));
        let next = chosen
            .iter()
            .find(|((path, ..), (found, _))| worked(found) && !doubted.contains(path) && early(path) == Some(true));
        let Some(((path, ..), _)) = next else { return doubted };
        doubted.insert(path.clone());
    }
}

/// Makes a fate true outside; the step, if its work will be done once more for it.
pub(crate) fn meet(world: &mut World, (path, attempt, purpose): &InFlight, (found, did): &Fate) -> Option<Path> {
    let key = (path.clone(), *attempt);
    let Found::Ended(result) = found else {
        world.outside.insert(key, Outside::Alive(purpose.unwrap_or_default()));
        return None;
    };
    world.outside.insert(key, Outside::Gone(result.clone()));
    let did = match did {
        Some(Did::Meanwhile(did)) => {
            world.execute(path, purpose.unwrap_or_default(), did);
            did
        }
        Some(Did::Before(did)) => did,
        None => return None,
    };
    if !matches!(result, AttemptResult::InDoubt { .. }) || !did_its_work(did) {
        return None;
    }
    match purpose {
        Some(Purpose::Undo) => {
            let undo = leaf(world, path).map(|leaf| leaf.undo.clone());
            matches!(undo, Some(Compensation::Undo { repeats: true, .. })).then(|| undo_of(path))
        }
        _ => (rule(world, path) == Repeat).then(|| path.clone()),
    }
}

/// How the undoing of a step is named among what was repeated.
fn undo_of(path: &Path) -> Path {
    Path::parse(&format!("undo:{path}"))
}

fn leaf<'a>(world: &'a World, path: &Path) -> Option<&'a runner_core::Leaf> {
    let steps = &world.plan.steps;
    let id = path.as_str().rsplit('/').next()?.split('[').next()?;
    steps
        .iter()
        .find(|step| step.id == id)
        .and_then(|step| if let Kind::Leaf(leaf) = &step.kind { Some(leaf) } else { None })
}

fn rule(world: &World, path: &Path) -> Interrupted {
    leaf(world, path).map_or(Stop, |leaf| leaf.interrupted)
}

fn is_service(world: &World, path: &Path) -> bool {
    leaf(world, path).is_some_and(|leaf| leaf.service)
}

/// Plans of which steps are permitted ahead of their turn.
fn permitted() -> Vec<(&'static str, Arc<Plan>, Script)> {
    let permits = || Script::default().permits();
    vec![
        ("permitted chain", plan(vec![s("a"), s("b"), s("c")], vec![]), permits()),
        (
            "permitted behind others",
            plan(vec![s("a").interrupted(Stop), s("b"), s("c").interrupted(Check), s("d")], vec![]),
            permits(),
        ),
        ("permitted diamond", plan(vec![s("a"), s("b"), s("c").needs(&[0]), s("d").needs(&[1, 2])], vec![]), permits()),
        (
            "permitted, independent",
            plan(vec![s("a").needs(&[]), s("b").needs(&[]), s("c").needs(&[])], vec![]),
            permits(),
        ),
        (
            "permitted behind a retry",
            plan(vec![s("a").retry(2), s("b"), s("c")], vec![]),
            permits().outcome("a", &[Outcome::Transient, Outcome::Ok]),
        ),
        (
            "permitted behind a failure",
            plan(vec![s("a"), s("b"), s("c"), s("d").needs(&[0])], vec![s("f")]),
            permits().outcome("a", &[Outcome::Permanent]),
        ),
    ]
}

/// Small plans, at most four steps each, that between them hold everything.
fn plans() -> Vec<(&'static str, Arc<Plan>, Script)> {
    let none = Script::default;
    let flaky = |path: &str| Script::default().outcome(path, &[Outcome::Transient, Outcome::Ok]);
    let each = |step| plan(vec![s("a"), step, s("z")], vec![]);
    vec![
        ("chain", plan(vec![s("a"), s("b").interrupted(Stop), s("c").interrupted(Check)], vec![]), none()),
        ("parallel", plan(vec![s("a").interrupted(Check), s("b").needs(&[]).interrupted(Stop)], vec![]), none()),
        ("diamond", plan(vec![s("a"), s("b"), s("c").needs(&[0]), s("d").needs(&[1, 2])], vec![]), none()),
        (
            "retry",
            plan(vec![s("a").retry(3).interrupted(Stop), s("b").interrupted(Check).retry(2)], vec![]),
            flaky("a"),
        ),
        ("retry check", plan(vec![s("a").interrupted(Check).retry(2), s("b")], vec![]), flaky("a")),
        ("foreach", each(s("b").each(Some(1)).interrupted(Stop)), none().items("b", &["x", "y"])),
        ("empty foreach", each(s("b").each(None)), none()),
        (
            "nested",
            plan(vec![g("n", vec![s("a"), s("b").interrupted(Check)], vec![]), s("z").interrupted(Stop)], vec![]),
            none(),
        ),
        ("finally", plan(vec![g("n", vec![s("a")], vec![s("f").interrupted(Stop)]), s("z")], vec![s("y")]), none()),
        (
            "finally after failure",
            plan(vec![g("n", vec![s("a"), s("b")], vec![s("f")]).on_error(OnError::Continue), s("z")], vec![]),
            none().outcome("n/a", &[Outcome::Permanent]),
        ),
        (
            "failure",
            plan(vec![s("a").retry(2), s("b"), s("c").when(When::Status).interrupted(Stop)], vec![s("f")]),
            none().outcome("a", &[Outcome::Transient]).say("c", Say::Failure),
        ),
        ("service", plan(vec![s("v").service().retry(9), s("b").interrupted(Stop), s("c")], vec![]), none()),
        (
            "service in a group",
            plan(
                vec![g("n", vec![s("v").service().retry(9), s("b")], vec![s("f")]), s("z").interrupted(Check)],
                vec![],
            ),
            none(),
        ),
        (
            "until",
            plan(vec![s("a").until(5, Some(1000)), s("b")], vec![]),
            none().outcome("a", &[Outcome::Output(false.into()), Outcome::Ok]),
        ),
        (
            "foreach of groups",
            plan(vec![s("a"), g("n", vec![s("b")], vec![s("f")]).each(Some(1))], vec![]),
            none().items("n", &["x", "y"]),
        ),
    ]
}

fn search(name: &str, plan: &Arc<Plan>, script: &Script, crashes: u32, doubts: bool, until: Instant) -> (u64, bool) {
    // Where steps are permitted ahead, they wait for one another's place, too.
    let parallel = if script.permits { 1 } else { 4 };
    let mut undisturbed = World::new(plan, script.clone(), parallel);
    let end = undisturbed.run();
    let oracle = Oracle {
        end,
        statuses: statuses(&undisturbed),
        done: undisturbed.done.iter().map(|(path, count)| (path.clone(), *count)).collect(),
        undone: undisturbed.undone.iter().map(|(path, count)| (path.clone(), *count)).collect(),
    };
    for (path, count) in oracle.done.iter().chain(&oracle.undone) {
        // A `finally:` runs in every round.
        assert!(*count == 1 || script.afterwards, "{name}: `{path}` did its work {count} times undisturbed");
    }
    let mut search = Search { oracle, until, schedules: 0, complete: true, doubts };
    search.explore(World::new(plan, script.clone(), parallel), crashes, &[]);
    (search.schedules, search.complete)
}

fn seconds() -> u64 {
    std::env::var("CRASH_SECONDS").ok().and_then(|seconds| seconds.parse().ok()).unwrap_or(6)
}

#[test]
#[expect(clippy::print_stderr, reason = "the numbers of a torture run are for people")]
fn every_schedule_of_two_crashes_ends_as_an_undisturbed_run() {
    let long = Instant::now() + Duration::from_hours(1);
    let (mut one, mut two, mut cut) = (0, 0, Vec::new());
    for (name, plan, script) in plans().into_iter().chain(crate::taken_back::plans()).chain(permitted()) {
        for doubts in [false, true] {
            one += search(name, &plan, &script, 1, doubts, long).0;
        }
    }
    let until = Instant::now() + Duration::from_secs(seconds());
    for doubts in [false, true] {
        for (name, plan, script) in plans().into_iter().chain(crate::taken_back::plans()).chain(permitted()) {
            let (schedules, complete) = search(name, &plan, &script, 2, doubts, until);
            two += schedules;
            if !complete {
                cut.push(format!("{name}{}", if doubts { " with doubts" } else { "" }));
            }
        }
    }
    eprintln!("{one} schedules of at most one crash, {two} of at most two; cut short by the time limit: {cut:?}");
    assert!(one > 1000);
}

#[test]
fn facts_are_not_lost_by_their_form() {
    let mut world = World::new(&plan(vec![s("a"), s("b")], vec![]), Script::default(), 2);
    world.run();
    for (event, _) in &world.journal {
        let text = serde_json::to_string(event).unwrap();
        assert_eq!(serde_json::from_str::<Event>(&text).unwrap(), *event);
    }
}

#[test]
fn a_second_recovery_in_one_life_is_inert() {
    let mut world = World::new(&plan(vec![s("a")], vec![]), Script::default(), 2);
    world.run_until(|world| !world.outside.is_empty());
    world.crash(vec![(Path::parse("a"), 1, Found::Running)]);
    world.tick();
    world.tick();
    assert_eq!(world.feed(Input::Recovered { found: vec![] }), vec![]);
    assert_eq!(world.run(), End::Succeeded);
    assert_eq!(world.executions("a"), 1);
}
