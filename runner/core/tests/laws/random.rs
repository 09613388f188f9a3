//! Generated plans under generated trouble: interrupts, cancels, crashes, late and duplicate inputs, dying services,
//! people who settle doubts either way, and resume after resume.

use std::sync::Arc;

use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use runner_core::{
    AttemptResult, Effect, End, ErrorKind, Event, Found, Input, Interrupted, OnError, Path, Phase, Plan, Selection,
    Settled, Status, StepError, When,
};
use serde_json::json;

use crate::build::{S, g, plan_within, s};
use crate::crash::{InFlight, are_possible, fates, in_flight, meet};
use crate::script::{Outcome, Say, Script};
use crate::world::{World, is_alive};

/// Choices drawn from a seed (splitmix64).
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % sides as u64) as usize
    }
    fn chance(&mut self, percent: usize) -> bool {
        self.roll(100) < percent
    }
    fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.roll(of.len())]
    }
}

struct Maker {
    dice: Dice,
    /// Of what people are asked: dice of its own, so that the other plans stay as they are.
    asks: Dice,
    script: Script,
    ids: usize,
    steps: Vec<S>,
    finally: Vec<S>,
    timeout: Option<u64>,
    undo: bool,
    skip: Vec<Path>,
}

impl Maker {
    fn list(&mut self, size: usize, depth: usize) -> Vec<S> {
        let mut list = Vec::new();
        for at in 0..size {
            let mut step = self.step(depth);
            if self.dice.chance(60) {
                let needs: Vec<_> = (0..at).filter(|_| self.dice.chance(40)).collect();
                step = step.needs(&needs);
            }
            list.push(step);
        }
        list
    }

    fn plan(&self) -> Arc<Plan> {
        let plan = plan_within(self.steps.clone(), self.finally.clone(), self.timeout);
        let selection = Selection { only: Vec::new(), skip: self.skip.clone() };
        Arc::new(Plan { undo: self.undo, selection, ..Arc::unwrap_or_clone(plan) })
    }

    /// A person leaves a step of the workflow out, or nothing any more.
    fn leave_out(&mut self) {
        let id = format!("s{}", 1 + self.asks.roll(self.ids));
        self.skip = if self.asks.chance(30) { Vec::new() } else { vec![Path::root().child(&id)] };
    }

    /// A person edits the workflow while no engine lives.
    fn edit(&mut self, world: &mut World) {
        self.script = (*world.script).clone();
        if self.asks.chance(20) {
            self.leave_out();
        }
        for _ in 0..=self.dice.roll(3) {
            match self.dice.roll(5) {
                0 => {
                    let step = self.step(1);
                    self.steps.push(step);
                }
                1 if self.steps.len() > 1 => drop(self.steps.pop()),
                2 => {
                    let id = format!("s{}", 1 + self.dice.roll(self.ids));
                    self.script = std::mem::take(&mut self.script).items(&id, &["y", "w"]);
                }
                _ => {
                    let id = format!("s{}", 1 + self.dice.roll(self.ids));
                    let written = format!("g{}", self.dice.roll(1000));
                    self.script = std::mem::take(&mut self.script).edited(&id, &written);
                }
            }
        }
        let plan = self.plan();
        let found = found(world, &mut self.dice);
        let before = world.clone();
        let comparison = world.edit(&plan, self.script.clone(), &[], found);
        if !comparison.torn.is_empty() {
            // The person is told, and takes it back.
            *world = before;
            return;
        }
        let kept = comparison.found.iter().filter(|found| found.verdict == runner_core::Verdict::Kept);
        for kept in kept {
            let Some(id) = world.state().find(&kept.path) else { continue };
            let Some(leaf) = world.state().node(id).leaf() else { continue };
            let fresh = runner_core::Evaluate::kept_as(&self.script, world.state(), id, &leaf.fingerprint);
            // What a group did in the end belongs to its round.
            let mut at = Some(id);
            let mut ran = world.state().node(id).status == Status::Succeeded;
            while let Some(id) = at {
                ran &= !matches!(world.state().node(id).role, runner_core::Role::Step { finally: true, .. });
                at = world.state().node(id).parent;
            }
            assert!(!ran || matches!(fresh, Ok(Some(_))), "`{}` is kept, and is not what it was", kept.path);
        }
    }

    fn step(&mut self, depth: usize) -> S {
        self.ids += 1;
        let id = format!("s{}", self.ids);
        let mut step = if depth > 0 && self.dice.chance(30) {
            let size = 1 + self.dice.roll(3);
            let steps = self.list(size, depth - 1);
            let size = self.dice.roll(3);
            let finally = self.list(size, depth - 1);
            let group = g(&id, steps, finally);
            let group = if self.dice.chance(25) { group.timeout(50) } else { group };
            let group = if self.dice.chance(30) { group.undoes() } else { group };
            self.ruled(group)
        } else {
            let leaf = self.leaf(&id);
            self.ruled(leaf)
        };
        if self.dice.chance(20) {
            let most = self.dice.roll(4);
            step = step.each((most > 0).then_some(most));
            let keys: Vec<_> = ["x", "y", "z"].into_iter().filter(|_| self.dice.chance(70)).collect();
            self.script = std::mem::take(&mut self.script).items(&id, &keys);
        }
        let (when, say) = match self.dice.roll(10) {
            0 => (When::Condition, *self.dice.pick(&[Say::Yes, Say::No, Say::Broken])),
            1 => (When::Status, *self.dice.pick(&[Say::Yes, Say::Failure, Say::Success])),
            _ => (When::Success, Say::Yes),
        };
        self.script = std::mem::take(&mut self.script).say(&id, say);
        let step = if self.asks.chance(4) { step.confirm() } else { step };
        step.when(when)
    }

    fn ruled(&mut self, step: S) -> S {
        step.on_error(*self.dice.pick(&[OnError::Stop, OnError::Stop, OnError::Continue, OnError::Ignore]))
    }

    fn leaf(&mut self, id: &str) -> S {
        let rule = *self.dice.pick(&[Interrupted::Repeat, Interrupted::Check, Interrupted::Stop]);
        let mut leaf = s(id).retry(1 + self.dice.roll(3) as u32).interrupted(rule);
        let mut outcomes: Vec<_> = (0..self.dice.roll(3)).map(|_| self.outcome()).collect();
        match self.dice.roll(10) {
            0 | 1 => leaf = leaf.service(),
            2 => {
                leaf = leaf.until(5, self.dice.chance(70).then_some(20));
                outcomes.push(Outcome::Output(json!(false)));
                outcomes.push(Outcome::Ok);
            }
            3 => leaf = leaf.waits(),
            4 if self.asks.chance(30) => leaf = leaf.approval(),
            _ if self.dice.chance(60) => outcomes.push(Outcome::Ok),
            _ => {}
        }
        match self.dice.roll(4) {
            0 => leaf = leaf.leaves_nothing(),
            1 | 2 => leaf = leaf.undo(self.dice.chance(50)),
            _ => {}
        }
        let mut undo: Vec<_> = (0..self.dice.roll(4)).map(|_| self.outcome()).collect();
        undo.push(Outcome::Ok);
        let script = std::mem::take(&mut self.script).outcome(&format!("undo:{id}"), &undo);
        let mut script = script.outcome(id, &outcomes);
        if self.dice.chance(30) {
            script = script.strict(id);
        }
        if self.dice.chance(4) {
            let what = *self.dice.pick(&["outputs", "ready", "until", "retry", "render", "enter", "items"]);
            script = script.broken(&format!("{what}:{id}"));
        }
        self.script = script;
        leaf
    }

    fn outcome(&mut self) -> Outcome {
        self.dice.pick(&[Outcome::Ok, Outcome::Transient, Outcome::Transient, Outcome::Permanent]).clone()
    }
}

/// Something bad or odd. `None`: nothing of the kind is possible now.
fn trouble(world: &mut World, dice: &mut Dice) -> Option<Input> {
    match dice.roll(9) {
        7 => Some(undo(world, dice)),
        0 => Some(Input::Interrupt { kill: dice.chance(30), by: "SIGINT".to_owned() }),
        1 => dice.chance(30).then(|| Input::Cancel { by: "a person".to_owned() }),
        2 => {
            late(world, dice);
            None
        }
        3 => {
            crash(world, dice);
            None
        }
        4 | 5 => {
            let held = world.current_effects().iter().filter_map(|effect| match effect {
                Effect::Hold { path, attempt } => Some((path.clone(), *attempt)),
                _ => None,
            });
            let held: Vec<_> = held.collect();
            let (path, attempt) = if held.is_empty() { return None } else { dice.pick(&held).clone() };
            let error = StepError::new(ErrorKind::Transient, "died");
            Some(Input::Finished { path, attempt, result: AttemptResult::Failed { error } })
        }
        6 => {
            let doubts = world.machine.doubts();
            let (path, _) = if doubts.is_empty() { return None } else { dice.pick(&doubts).clone() };
            let done = Settled::Done { outputs: json!(1) };
            Some(Input::Settle { path, settled: if dice.chance(50) { done } else { Settled::Repeat } })
        }
        _ => Some(Input::Resume),
    }
}

/// A person wants the run to be undone, wholly or up to some step.
fn undo(world: &World, dice: &mut Dice) -> Input {
    let succeeded = world.state().nodes().filter(|(_, node)| node.status == Status::Succeeded);
    let succeeded: Vec<_> = succeeded.map(|(_, node)| node.path.clone()).collect();
    let to = (!succeeded.is_empty() && dice.chance(40)).then(|| dice.pick(&succeeded).clone());
    Input::Undo { by: "a person".to_owned(), to }
}

/// Tells again what was told: nothing comes of it.
fn late(world: &mut World, dice: &mut Dice) {
    let is_late = |input: &Input| match input {
        Input::TimerFired { timer } => {
            !world.current_effects().iter().any(|e| matches!(e, Effect::Timer { timer: set, .. } if set == timer))
        }
        Input::Finished { path, attempt, .. } | Input::Announced { path, attempt, .. } => {
            !world.current_effects().iter().any(|effect| match effect {
                Effect::Execute { path: of, attempt: number, .. } => (of, number) == (path, attempt),
                Effect::Hold { path: of, attempt: number } => {
                    (of, number) == (path, attempt) && matches!(input, Input::Finished { .. })
                }
                _ => false,
            })
        }
        _ => false,
    };
    let is_over = matches!(world.phase(), Phase::Ended(_));
    let told: Vec<_> = world.told.iter().filter(|input| is_over || is_late(input)).cloned().collect();
    for _ in 0..3.min(told.len()) {
        let again = dice.pick(&told).clone();
        assert_eq!(world.feed(again.clone()), vec![], "{again:?} came late");
    }
}

fn crash(world: &mut World, dice: &mut Dice) {
    let mut acted = true;
    if let Some(input) = world.next_input().filter(|_| dice.chance(70)) {
        world.happen(&input);
        let before = world.journal.len();
        let made = world.decide(input).len();
        let durable = dice.roll(made + 1);
        world.journal.truncate(before + durable);
        acted = durable == made;
        if world.journal.is_empty() {
            *world = World::new(&world.plan, (*world.script).clone(), 2);
            return;
        }
    }
    let found = found_after(world, dice, acted);
    world.crash(found);
}

/// What a new life finds of the attempts in flight.
fn found(world: &mut World, dice: &mut Dice) -> Vec<(Path, u32, Found)> {
    found_after(world, dice, true)
}

fn found_after(world: &mut World, dice: &mut Dice, acted: bool) -> Vec<(Path, u32, Found)> {
    let in_flight = in_flight(world);
    let mut found = Vec::new();
    let choose = |dice: &mut Dice| {
        let fate = |of: &InFlight| (of.clone(), dice.pick(&fates(world, of, acted, true)).clone());
        in_flight.iter().map(fate).collect::<Vec<_>>()
    };
    let mut chosen = choose(dice);
    while !are_possible(world, &chosen) {
        chosen = choose(dice);
    }
    for (of, fate) in chosen {
        meet(world, &of, &fate);
        found.push((of.0, of.1, fate.0));
    }
    found
}

fn live(mut maker: Maker, parallel: usize, edits: bool) {
    let mut world = World::new(&maker.plan(), maker.script.clone(), parallel);
    let (mut dice, mut asks) = (Dice(maker.dice.0), Dice(maker.asks.0));
    let (mut rounds, mut troubles, mut undone, mut pauses) = (0, 12, 0, 0);
    for _ in 0..3000 {
        let questions = world.machine.questions();
        if world.pending.is_empty() && !questions.is_empty() && asks.chance(10) {
            let answer = world.answer(asks.pick(&questions).clone());
            world.feed(answer);
            continue;
        }
        if troubles > 0 && world.pending.is_empty() && dice.chance(20) {
            troubles -= 1;
            let begun = !matches!(world.phase(), Phase::Blank | Phase::Ended(End::Succeeded | End::Cancelled))
                && !world.state().is_cancelled()
                && !world.state().is_undoing();
            if edits && begun && dice.chance(30) {
                maker.edit(&mut world);
            } else if let Some(input) = trouble(&mut world, &mut dice) {
                world.happen(&input);
                world.feed(input);
            }
            continue;
        }
        let possible = world.possible();
        let input = match world.pending.pop_front() {
            Some(input) => input,
            None if !possible.is_empty() => dice.pick(&possible).clone(),
            None => match world.ended() {
                End::Paused if pauses > 100 => panic!("it asks for ever"),
                End::Paused => {
                    pauses += 1;
                    world.person().unwrap_or(Input::Resume)
                }
                End::Succeeded | End::Failed | End::Cancelled if undone < 2 && dice.chance(40) => {
                    undone += 1;
                    undo(&world, &mut dice)
                }
                End::Undone if rounds < 3 && dice.chance(50) => {
                    rounds += 1;
                    Input::Resume
                }
                End::Failed | End::TimedOut if rounds < 3 => {
                    rounds += 1;
                    Input::Resume
                }
                End::Interrupted => Input::Resume,
                End::Failed | End::TimedOut | End::Succeeded | End::Cancelled | End::Undone => {
                    return hold_end(&world, parallel);
                }
            },
        };
        world.happen(&input);
        world.feed(input);
    }
    panic!("the run does not end: {}", world.story());
}

fn hold_end(world: &World, parallel: usize) {
    assert_eq!(world.state().is_cancelled(), world.ended() == End::Cancelled);
    assert!(!world.outside.values().any(is_alive), "something outlives the run");
    assert!(world.most_slots <= parallel, "{} of {parallel} slots: {}", world.most_slots, world.story());
    assert_eq!((world.state().running(), world.state().services()), (0, 0), "{}", world.story());
    let mut open: Vec<_> = world.state().root().into_iter().collect();
    while let Some(id) = open.pop() {
        let node = world.state().node(id);
        let inside_what_never_began = node.parent.is_some_and(|parent| {
            matches!(world.state().node(parent).status, Status::Skipped | Status::Cancelled | Status::Failed)
        });
        // What was to run again, had the run not been ended before.
        let put_off = node.outdated && world.ended() != End::Succeeded;
        assert!(
            node.status.is_end() || put_off || inside_what_never_began,
            "`{}` is {:?} in {:?}:{}",
            node.path,
            node.status,
            node.parent.map(|p| world.state().node(p)),
            world.story()
        );
        open.extend(node.children());
    }
    assert!(world.state().find(&Path::root()).is_some());
}

fn maker(seed: u64, steps: usize, finally: usize) -> Maker {
    let (dice, script) = (Dice(seed), Script::default());
    let mut maker = Maker {
        dice,
        asks: Dice(!seed),
        script,
        ids: 0,
        steps: Vec::new(),
        finally: Vec::new(),
        timeout: None,
        undo: false,
        skip: Vec::new(),
    };
    (maker.steps, maker.finally) = (maker.list(steps, 2), maker.list(finally, 1));
    maker.timeout = maker.dice.chance(10).then_some(100);
    maker.undo = maker.dice.chance(30);
    if maker.asks.chance(20) {
        maker.leave_out();
    }
    maker.script.permits = maker.dice.chance(70);
    maker
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases().unwrap_or(1500), rng_seed: seed(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_plan_ends_whatever_happens(seed: u64, steps in 1_usize..7, finally in 0_usize..3, parallel in 1_usize..=8) {
        live(maker(seed, steps, finally), parallel, false);
    }

    #[test]
    fn every_plan_ends_however_it_is_edited(seed: u64, steps in 1_usize..7, finally in 0_usize..3, parallel in 1_usize..=8) {
        live(maker(seed, steps, finally), parallel, true);
    }
}

/// How many cases to try, where a torture run asks for more than the usual ones.
fn cases() -> Option<u32> {
    std::env::var("PROPTEST_CASES").ok().and_then(|cases| cases.parse().ok())
}

/// The usual cases are always the same ones.
fn seed() -> RngSeed {
    if cases().is_some() { RngSeed::Random } else { RngSeed::Fixed(7) }
}

/// Plans whose edits beside undoing, or beside what was permitted ahead, once hung or ended wrongly.
#[test]
fn what_once_went_wrong_beside_an_edit_ends() {
    for (seed, steps, finally, parallel) in [
        (2_617_629_938_996_391_819, 1, 2, 1),
        (7_910_548_845_687_121_652, 1, 2, 3),
        (10_712_083_596_825_554_846, 2, 0, 1),
        (11_258_559_364_823_611_105, 3, 2, 2),
        (13_154_181_704_335_618_248, 1, 2, 2),
        (14_647_259_756_733_385_102, 6, 2, 1),
        (15_263_373_294_501_422_687, 4, 1, 4),
        (16_499_927_489_492_952_874, 2, 0, 1),
        (16_890_804_560_096_505_986, 4, 2, 2),
    ] {
        live(maker(seed, steps, finally), parallel, true);
    }
}

impl World {
    /// What a person says to a run that waits for nobody any more: one whose questions were answered goes on with them.
    pub(crate) fn go_on(&self) -> Input {
        let since = self.journal.iter().rev().take_while(|(event, _)| !matches!(event, Event::RoundEnded { .. }));
        let answered = since.into_iter().any(|(event, _)| matches!(event, Event::QuestionAnswered { .. }));
        if answered { Input::GoOn } else { Input::Resume }
    }
}
