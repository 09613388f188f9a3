//! SIGKILL at random instants and at every fail point, and what must hold all the same.
//!
//! Workflows are made up ([`flow`]), run, killed and resumed until they end. Outside of the engine every attempt of a
//! process step leaves a trace (`script/step.sh`): a line when it begins, one when its effect is there, one more if it
//! finds another attempt of itself alive; all in one file, in the order in which it happened. Held against that:
//!
//! - where the engine alone is killed, no process step is ever in doubt and every effect is there exactly once;
//! - where the keeper is killed, too, or everything, what was in flight follows its rule and nothing else is repeated;
//! - never two attempts of a step are alive at once; nothing begins before what it needs has ended well, and nothing begins
//!   again once what needs it has begun; the outputs are those of an undisturbed run, and nothing is left;
//! - a run that is undone is undone backwards, each step of it once, under the same kills.
//!
//! `SEED` chooses workflows and instants, `KILLS` says how many kills there are in all. With the feature `failpoints`
//! every point of [`runner_keeper::failpoint`] is the place of at least two of them; `ONLY` chooses points by a part of
//! their names.

#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]
#![expect(clippy::print_stderr, reason = "what a test says")]

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod clock;
mod flow;
mod orders;
mod random;
mod reboot;
mod storm;
mod trace;

use flow::Flow;
use orders::Orders;
use random::Random;
use storm::{Storm, Tally, Victim};

const SEED: u64 = 20_261_121;

/// So many kills catch everything that there is to be caught.
const ENOUGH: usize = 80;

/// How many kills there are between two lines that say how far it is: a long storm that is cut off counts for what it did.
const TELL: usize = 500;

/// How many runs each workflow is put through.
const RUNS: usize = 2;

/// How many kills one run takes before it is left in peace.
const MOST: usize = 20;

fn seed() -> u64 {
    std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED)
}

fn kills() -> usize {
    std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(300)
}

/// Storms until `kills` have been dealt and every order was carried out.
fn storms(name: &str, seed: u64, kills: usize, victims: &[Victim], mut orders: Orders) -> Tally {
    let (mut random, mut tally) = (Random::new(seed), Tally::default());
    let mut told = 0;
    while tally.kills < kills || orders.are_left() {
        if tally.kills - told >= TELL {
            told = tally.kills;
            eprintln!("{name}: seed {seed}, so far: {tally}");
        }
        let flow = Flow::grow(random.next());
        let calm = Storm::begin(&flow).calm();
        for _ in 0..RUNS {
            let left = if orders.are_left() { MOST } else { MOST.min(kills.saturating_sub(tally.kills)) };
            if left > 0 {
                tally.add(&Storm::begin(&flow).ride(&mut random, victims, left, &calm, &mut orders));
            }
        }
    }
    assert!(tally.kills < ENOUGH || tally.permitted > 0, "nothing was permitted ahead: {tally}");
    eprintln!("{name}: seed {seed}: {tally}\n{orders}");
    tally
}

#[test]
fn killing_the_engine_leaves_every_effect_exactly_once() {
    let tally = storms("engine killed", seed(), kills() / 2, &[Victim::Engine], Orders::at_engines());
    assert_eq!(tally.doubts, 0, "no process step may be in doubt");
    let enough = tally.kills < ENOUGH || (tally.adopted > 0 && tally.taken > 0);
    assert!(enough, "nothing was in flight: {tally}");
}

#[test]
fn killing_the_keeper_too_repeats_nothing_but_what_was_in_doubt() {
    let victims =
        [Victim::Engine, Victim::Keeper, Victim::KeeperThenEngine, Victim::EngineThenKeeper, Victim::Everything];
    let tally = storms("keeper killed, too", seed() + 1, kills() - kills() / 2, &victims, Orders::at_all());
    let enough = tally.kills < ENOUGH || (tally.doubts > 0 && tally.repeated > 0 && tally.paused > 0);
    assert!(enough, "nothing was in doubt: {tally}");
}
