//! A clock that stands still, except that waiting turns it.

use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use runner_sdk::Future;
use runner_sdk::world::Clock;

/// Begins at 2026-01-01T00:00:00Z; a wait is over at once and moves the time by its length.
pub(crate) struct TestClock(Mutex<SystemTime>);

impl TestClock {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_225_600)))
    }

    /// Moves the time on.
    pub(crate) fn advance(&self, by: Duration) {
        *self.0.lock().unwrap() += by;
    }
}

impl Clock for TestClock {
    fn now(&self) -> SystemTime {
        *self.0.lock().unwrap()
    }

    fn sleep(&self, duration: Duration) -> Future<'_, ()> {
        Box::pin(async move { self.advance(duration) })
    }
}
