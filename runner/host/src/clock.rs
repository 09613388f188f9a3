//! The time.

use std::time::{Duration, SystemTime};

use runner_sdk::Future;
use runner_sdk::world::Clock;

/// The machine's clock: wall time, and monotonic waiting.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealClock;

impl Clock for RealClock {
    fn now(&self) -> SystemTime {
        SystemTime::now()
    }

    fn sleep(&self, duration: Duration) -> Future<'_, ()> {
        Box::pin(tokio::time::sleep(duration))
    }
}
