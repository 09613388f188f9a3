//! SIGKILL at random instants, and what must hold all the same.
//!
//! A workflow of forty process steps is run, killed and resumed until it ends, again and again. Outside of it every step
//! leaves its own trace (`storm/step.sh`): a line when it begins, one when its effect is there, one more if it finds
//! another attempt of itself alive. Held against an undisturbed run:
//!
//! - where the engine alone is killed, no process step is ever in doubt and every effect is there exactly once;
//! - where the keeper is killed, too, what was in flight follows its rule and nothing else is repeated;
//! - never two attempts of a step are alive at once, the outputs are the same, and nothing is left.
//!
//! `SEED` chooses the instants, `KILLS` says how many there are in all (200).

mod random;
mod service;
mod storm;
mod trace;

use random::Random;
use storm::{Storm, Tally, Victim};

const SEED: u64 = 20_261_121;

fn seed() -> u64 {
    std::env::var("SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED)
}

fn kills() -> usize {
    std::env::var("KILLS").ok().and_then(|kills| kills.parse().ok()).unwrap_or(200)
}

/// Storms until `kills` have been dealt.
fn storms(name: &str, seed: u64, kills: usize, victims: &[Victim]) -> Tally {
    let calm = Storm::begin().calm();
    let (mut random, mut tally) = (Random::new(seed), Tally::default());
    while tally.kills < kills {
        let run = Storm::begin().ride(&mut random, victims, kills - tally.kills, &calm);
        tally.add(&run);
    }
    eprintln!("{name}: seed {seed}: {tally}");
    tally
}

#[test]
fn killing_the_engine_leaves_every_effect_exactly_once() {
    let tally = storms("engine killed", seed(), kills() * 3 / 5, &[Victim::Engine]);
    assert_eq!(tally.doubts, 0, "no process step may be in doubt");
    assert!(tally.adopted > 0 && tally.taken > 0, "nothing was in flight: {tally}");
}

#[test]
fn killing_the_keeper_too_repeats_nothing_but_what_was_in_doubt() {
    let victims = [Victim::Engine, Victim::Keeper, Victim::KeeperThenEngine, Victim::EngineThenKeeper];
    let tally = storms("keeper killed, too", seed() + 1, kills() - kills() * 3 / 5, &victims);
    assert!(tally.doubts > 0 && tally.repeated > 0 && tally.paused > 0, "nothing was in doubt: {tally}");
}
