//! Time that passes at once.

use std::collections::BTreeMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// After so many turns of the runtime in which nothing asked for the time, nothing is left to be done at this instant. Each
/// turn lets everything run that is ready; a step takes four of them from its end to what follows from it.
const QUIET: u32 = 16;

/// A clock that stands still while anything is to be done, and then leaps to the next instant that somebody waits for.
#[derive(Debug)]
pub(super) struct Clock(Mutex<Time>);

#[derive(Debug)]
struct Time {
    /// Milliseconds since 1970.
    now: u64,
    /// Who waits, by the instant and the order in which they came.
    waiting: BTreeMap<(u64, u64), Option<Waker>>,
    /// How many have come.
    came: u64,
    /// Counts whatever is done.
    stirs: u64,
}

impl Clock {
    /// A clock that shows `now`.
    pub(super) fn at(now: u64) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Time { now, waiting: BTreeMap::new(), came: 0, stirs: 0 })))
    }

    fn time(&self) -> MutexGuard<'_, Time> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, in milliseconds since 1970.
    pub(super) fn now(&self) -> u64 {
        let mut time = self.time();
        time.stirs += 1;
        time.now
    }

    /// Resolves when so much time has passed.
    pub(super) fn sleep(self: &Arc<Self>, duration: Duration) -> Sleep {
        let mut time = self.time();
        time.came += 1;
        time.stirs += 1;
        let until = time.now.saturating_add(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX));
        let key = (until, time.came);
        time.waiting.insert(key, None);
        drop(time);
        Sleep { clock: Arc::clone(self), key }
    }

    /// Lets time pass, until nobody waits for anything any more.
    pub(super) async fn run(&self) {
        loop {
            let (mut stirs, mut quiet) = (self.time().stirs, 0);
            while quiet < QUIET {
                tokio::task::yield_now().await;
                let now = self.time().stirs;
                quiet = if now == stirs { quiet + 1 } else { 0 };
                stirs = now;
            }
            let mut time = self.time();
            let Some((&(instant, _), _)) = time.waiting.iter().find(|((until, _), _)| *until > time.now) else {
                return;
            };
            time.now = instant;
            let due = time.waiting.range_mut(..=(instant, u64::MAX));
            due.filter_map(|(_, waker)| waker.take()).for_each(Waker::wake);
        }
    }
}

/// Waiting for an instant.
#[derive(Debug)]
pub(super) struct Sleep {
    clock: Arc<Clock>,
    key: (u64, u64),
}

impl Future for Sleep {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut time = self.clock.time();
        time.stirs += 1;
        if time.now >= self.key.0 {
            return Poll::Ready(());
        }
        time.waiting.insert(self.key, Some(context.waker().clone()));
        Poll::Pending
    }
}

impl Drop for Sleep {
    fn drop(&mut self) {
        self.clock.time().waiting.remove(&self.key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_passes_at_once_and_in_order() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let order = runtime.block_on(async {
            let clock = Clock::at(1000);
            let order = Arc::new(Mutex::new(Vec::new()));
            for (name, seconds) in [("late", 3600), ("soon", 1), ("soon too", 1), ("now", 0)] {
                let (clock, order) = (Arc::clone(&clock), Arc::clone(&order));
                tokio::spawn(async move {
                    clock.sleep(Duration::from_secs(seconds)).await;
                    order.lock().unwrap().push((name, clock.now()));
                    if name == "soon" {
                        clock.sleep(Duration::from_secs(5)).await;
                        order.lock().unwrap().push(("after soon", clock.now()));
                    }
                });
            }
            clock.run().await;
            Arc::try_unwrap(order).unwrap().into_inner().unwrap()
        });
        let expected = [("now", 1000), ("soon", 2000), ("soon too", 2000), ("after soon", 7000), ("late", 3_601_000)];
        assert_eq!(order, expected);
    }
}
