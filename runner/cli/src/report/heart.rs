//! Names what still runs when nothing was said for a while.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use runner_core::{Path, StepError};

use super::draw::short;
use crate::output;

/// How often what still runs is named, where `RUNNER_HEARTBEAT` does not say otherwise.
const HEARTBEAT: Duration = Duration::from_secs(30);

/// How many steps a heartbeat names.
const NAMED: usize = 5;

/// A step under way.
pub(super) struct Busy {
    pub(super) since: Instant,
    /// Why its last attempt failed, until it is known what follows.
    pub(super) failed: Option<(u32, StepError)>,
}

/// The steps under way.
pub(super) type Running = BTreeMap<Path, Busy>;

/// The time since then, as lines begin.
pub(super) fn stamp(begun: Instant) -> String {
    let seconds = begun.elapsed().as_secs();
    let (hours, minutes, seconds) = (seconds / 3600, seconds % 3600 / 60, seconds % 60);
    if hours > 0 { format!("{hours}:{minutes:02}:{seconds:02} ") } else { format!("{minutes:02}:{seconds:02} ") }
}

/// How often the heart beats; never for `0s`.
pub(super) fn heartbeat(given: Option<&str>) -> Option<Duration> {
    let given = given.and_then(|text| runner_sdk::unit::Duration::parse(text).ok());
    let every = given.map_or(HEARTBEAT, |given| given.0);
    (!every.is_zero()).then_some(every)
}

pub(super) struct Beating {
    pub(super) running: Running,
    /// When something was last told.
    pub(super) spoken: Instant,
    over: bool,
}

/// Names what still runs when nothing was said for a while.
pub(super) struct Heart {
    pub(super) shared: Arc<(Mutex<Beating>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Heart {
    pub(super) fn start(begun: Instant, every: Option<Duration>) -> Self {
        let beating = Beating { running: Running::new(), spoken: begun, over: false };
        let shared = Arc::new((Mutex::new(beating), Condvar::new()));
        let thread = every.and_then(|every| {
            let shared = Arc::clone(&shared);
            let name = std::thread::Builder::new().name("heartbeat".to_owned());
            name.spawn(move || beat(&shared.0, &shared.1, begun, every)).ok()
        });
        Self { shared, thread }
    }
}

impl Drop for Heart {
    fn drop(&mut self) {
        self.shared.0.lock().unwrap_or_else(PoisonError::into_inner).over = true;
        self.shared.1.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn beat(beating: &Mutex<Beating>, wake: &Condvar, begun: Instant, every: Duration) {
    let mut held = beating.lock().unwrap_or_else(PoisonError::into_inner);
    while !held.over {
        let silent = held.spoken.elapsed();
        if silent >= every {
            held.spoken = Instant::now();
            if let Some(line) = still(&held.running, every) {
                output::note(format!("{}{line}", stamp(begun)));
            }
        }
        let left = every.saturating_sub(held.spoken.elapsed());
        held = wake.wait_timeout(held, left).unwrap_or_else(PoisonError::into_inner).0;
    }
}

/// What has run for at least that long.
fn still(running: &Running, least: Duration) -> Option<String> {
    let mut long: Vec<_> = running.iter().filter(|(_, busy)| busy.since.elapsed() >= least).collect();
    long.sort_by_key(|(_, busy)| busy.since);
    let named = long.iter().take(NAMED).map(|(path, busy)| {
        format!("{path} ({})", short(u64::try_from(busy.since.elapsed().as_millis()).unwrap_or(0)))
    });
    let named: Vec<_> = named.collect();
    let more = long.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    (!long.is_empty()).then(|| format!("… still running {}{more}", named.join(", ")))
}
