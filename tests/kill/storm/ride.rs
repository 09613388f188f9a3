//! A run through the storm.

use std::time::Duration;

use super::{Calm, Storm, Tally, Victim};
use crate::orders::{Orders, When};
use crate::random::Random;
use crate::support::{Ended, Life};

/// How many lives a run may have before it does not come to its end.
const LIVES: usize = 400;

/// How long a life may take that nobody disturbs any more; the machine may be busy with others.
pub(super) const LONG: Duration = Duration::from_secs(180);

/// The end of a life that comes to its end.
pub(super) fn at_last(life: Life) -> Ended {
    life.end_within(LONG).unwrap_or_else(|life| panic!("it did not end in time: {}", life.kill()))
}

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
        self.drive(("run_started", "succeeded"), &self.words(), random, victims, most, orders, &mut tally);
        self.hold(calm, &mut tally);
        if random.below(3) == 0 {
            let undo = ["undo".to_owned(), self.project.runs().pop().unwrap()];
            let most = tally.kills + most / 3;
            self.drive(("undo_requested", "undone"), &undo, random, victims, most, orders, &mut tally);
            self.hold_undone(&mut tally);
        }
        tally
    }

    /// Lives until the end that is given, beginning with these words until the fact that is given is there.
    #[expect(clippy::too_many_arguments, reason = "called twice, with all that a ride has")]
    fn drive(
        &self,
        (begin, end): (&str, &str),
        first: &[String],
        random: &mut Random,
        victims: &[Victim],
        most: usize,
        orders: &mut Orders,
        tally: &mut Tally,
    ) {
        let mut words = first.to_vec();
        loop {
            tally.lives += 1;
            assert!(tally.lives < LIVES, "it does not come to its end: {}", self.place());
            let command = words.iter().map(String::as_str).collect::<Vec<_>>();
            let ended = if tally.kills >= most {
                Some(at_last(self.project.spawn(&command)))
            } else {
                self.disturbed(&command, random, victims, orders, tally)
            };
            if ended.is_none() && self.has(begin) && self.project.journal().end() == end {
                // Killed after its last fact.
                return;
            }
            let Some(ended) = ended else {
                words = if self.has(begin) { vec!["resume".to_owned()] } else { first.to_vec() };
                continue;
            };
            tally.hear(&ended.stderr);
            match ended.code {
                0 => return,
                22 => {
                    tally.paused += 1;
                    words = self.decide();
                }
                _ => panic!("it ended badly: {ended}\n{}", self.place()),
            }
        }
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
        let (again, alone) = (self.has("run_started"), self.project.keeper().is_none());
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

    fn has(&self, fact: &str) -> bool {
        !self.project.runs().is_empty() && self.project.journal().of(fact).count() > 0
    }
}
