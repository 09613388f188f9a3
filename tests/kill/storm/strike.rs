//! Killing in the middle of a life.

use std::time::{Duration, Instant};

use super::ride::{LONG, at_last};
use super::{Storm, Tally, Victim};
use crate::orders::{Order, Orders, When};
use crate::random::Random;
use crate::support::{Ended, Life};
use crate::trace::{self, Trace};

/// How long a keeper whose engine was killed is given to pass a point.
const WIDOWED: Duration = Duration::from_secs(3);

impl Storm<'_> {
    /// Kills at an instant; gives the life's end if it came of itself.
    pub(super) fn strike(&self, life: Life, at: Duration, victim: Victim, tally: &mut Tally) -> Option<Ended> {
        let mut life = match life.end_within(at) {
            Ok(ended) => return Some(ended),
            Err(life) => life,
        };
        let mut killed_keeper = false;
        if matches!(victim, Victim::Keeper | Victim::KeeperThenEngine) {
            killed_keeper = self.project.kill_keeper();
        }
        if victim == Victim::Keeper && killed_keeper {
            tally.kills += 1;
            tally.keepers += 1;
            // It lives on, and is killed later, or comes to its end.
            life = match life.end_within(at * 2) {
                Ok(ended) => return Some(ended),
                Err(life) => life,
            };
        }
        let ended = life.kill();
        tally.kills += 1;
        tally.hear_killed(&ended);
        if victim == Victim::EngineThenKeeper || victim == Victim::Everything {
            killed_keeper = self.project.kill_keeper();
        }
        if victim == Victim::Everything {
            self.project.kill_all();
        }
        if killed_keeper && victim != Victim::Keeper {
            tally.kills += 1;
            tally.keepers += 1;
        }
        // It ended before it was struck.
        (ended.code != 137).then_some(ended)
    }

    /// Has an order carried out; gives the life's end if it came of itself.
    pub(super) fn carry_out(
        &self,
        life: Life,
        order: &Order,
        random: &mut Random,
        orders: &mut Orders,
        tally: &mut Tally,
    ) -> Option<Ended> {
        let (_, keeper) = order.kills();
        let ended = match self.await_order(life, order, random.instant(), tally) {
            Ok(ended) => ended,
            // An engine without a keeper goes on, for a while or to its end.
            Err(life) if keeper && order.victim != "both" && random.below(2) == 0 => {
                life.end_within(random.instant()).unwrap_or_else(|life| {
                    tally.kills += 1;
                    life.kill()
                })
            }
            // It dies in a moment, or comes to its end.
            Err(life) => at_last(life),
        };
        self.close(order, orders, tally);
        tally.hear_killed(&ended);
        (ended.code != 137).then_some(ended)
    }

    /// Waits until an order is carried out or the life ends, which is given back then; sees to it that the point is passed.
    fn await_order(&self, mut life: Life, order: &Order, at: Duration, tally: &mut Tally) -> Result<Ended, Life> {
        let begun = Instant::now();
        let mut struck = false;
        while self.is_open() {
            assert!(begun.elapsed() < LONG, "`{}` is not passed, nor does its life end: {}", order.point, self.place());
            life = match life.end_within(Duration::from_millis(1)) {
                Ok(ended) => return Ok(ended),
                Err(life) => life,
            };
            if struck || begun.elapsed() < at {
                continue;
            }
            if order.when == When::EngineKilled && self.has_process() {
                tally.kills += 1;
                let ended = life.kill();
                let widowed = Instant::now();
                while self.is_open() && widowed.elapsed() < WIDOWED {
                    std::thread::sleep(Duration::from_millis(1));
                }
                return Ok(ended);
            }
            // One that has not yet accepted its engine is started again, without a word.
            if order.when == When::KeeperKilled && self.has_process() && self.project.kill_keeper() {
                struck = true;
                tally.kills += 1;
                tally.keepers += 1;
            }
        }
        Err(life)
    }

    /// Whether an attempt of a process step is under way.
    fn has_process(&self) -> bool {
        let open = |trace: &Trace| trace.begun.len() > trace.done.len();
        trace::read(self.project.path())
            .iter()
            .any(|(name, trace)| !self.expected.steps.get(name).is_some_and(|step| step.is_service()) && open(trace))
    }

    /// Whether the order was not carried out yet.
    fn is_open(&self) -> bool {
        self.order.exists()
    }

    /// Counts what became of an order.
    fn close(&self, order: &Order, orders: &mut Orders, tally: &mut Tally) {
        // Whoever is quicker has it.
        if std::fs::remove_file(&self.order).is_ok() {
            return orders.missed(order.clone());
        }
        let (engine, keeper) = order.kills();
        tally.kills += usize::from(engine) + usize::from(keeper);
        tally.keepers += usize::from(keeper);
        orders.dealt(order);
    }
}
