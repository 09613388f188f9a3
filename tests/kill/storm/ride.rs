//! A run through the storm.

use super::{Calm, Storm, Tally, Victim};
use crate::orders::{Orders, When};
use crate::random::Random;
use crate::support::Ended;

/// How many lives a run may have before it does not come to its end.
const LIVES: usize = 400;

impl Storm<'_> {
    /// Runs it, with about `most` kills, and gives what happened.
    pub(crate) fn ride(
        self,
        random: &mut Random,
        victims: &[Victim],
        most: usize,
        calm: &Calm,
        orders: &mut Orders,
    ) -> Tally {
        let mut tally = Tally { runs: 1, ..Tally::default() };
        let mut words = self.words();
        loop {
            tally.lives += 1;
            assert!(tally.lives < LIVES, "it does not come to its end: {}", self.place());
            let command = words.iter().map(String::as_str).collect::<Vec<_>>();
            let ended = if tally.kills >= most {
                Some(self.project.run(&command))
            } else {
                self.disturbed(&command, random, victims, orders, &mut tally)
            };
            if ended.is_none() && self.has_begun() && self.project.journal().end() == "succeeded" {
                // Killed after its last fact.
                break;
            }
            let Some(ended) = ended else {
                words = if self.has_begun() { vec!["resume".to_owned()] } else { self.words() };
                continue;
            };
            tally.hear(&ended.stderr);
            match ended.code {
                0 => break,
                22 => {
                    tally.paused += 1;
                    words = self.decide();
                }
                _ => panic!("it ended badly: {ended}\n{}", self.place()),
            }
        }
        self.hold(calm, &mut tally);
        tally
    }

    /// One life with a kill in it, at a fail point or at a random instant; its end if it came of itself.
    fn disturbed(
        &self,
        command: &[&str],
        random: &mut Random,
        victims: &[Victim],
        orders: &mut Orders,
        tally: &mut Tally,
    ) -> Option<Ended> {
        let (again, alone) = (self.has_begun(), self.project.keeper().is_none());
        let fits = |when| match when {
            When::Any | When::KeeperKilled | When::EngineKilled => true,
            When::Again => again,
            When::Alone => again && alone,
        };
        let order = if random.below(4) > 0 { orders.next(fits) } else { None };
        let Some(order) = order else {
            return self.strike(self.project.spawn(command), random.instant(), *random.of(victims), tally);
        };
        std::fs::write(&self.order, order.text(random)).unwrap();
        self.carry_out(self.project.spawn(command), &order, random, orders, tally)
    }

    pub(super) fn has_begun(&self) -> bool {
        !self.project.runs().is_empty() && self.project.journal().of("run_started").count() > 0
    }
}
