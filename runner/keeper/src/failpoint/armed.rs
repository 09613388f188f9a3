//! Fail points that kill.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI32, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::process::{Pid, Signal, getpid, kill_process};

use super::Point;

/// The variable that names the file with the order.
const VARIABLE: &str = "RUNNER_FAILPOINT";

/// The process at the other end of this one's connection; 0 while there is none.
static PEER: AtomicI32 = AtomicI32::new(0);

/// The order that was read last, and how often its point was passed since.
static PASSED: Mutex<(String, u64)> = Mutex::new((String::new(), 0));

/// Notes that `peer` means who is at the other end, or nobody.
pub fn peer_of(stream: Option<&UnixStream>) {
    #[cfg(target_os = "linux")]
    let peer = stream.and_then(|stream| rustix::net::sockopt::socket_peercred(stream).ok());
    #[cfg(target_os = "linux")]
    PEER.store(peer.map_or(0, |peer| peer.pid.as_raw_pid()), Ordering::SeqCst);
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// Passes a point, which is the end of this process or of its peer if somebody ordered it.
pub fn hit(point: impl Into<Option<Point>>) {
    if let Some(point) = point.into() {
        pass(point);
    }
}

fn pass(point: Point) {
    static PLACE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let Some(place) = PLACE.get_or_init(|| std::env::var_os(VARIABLE).map(PathBuf::from)) else { return };
    let Ok(order) = fs::read_to_string(place) else { return };
    let words: Vec<&str> = order.split_whitespace().collect();
    let [name, number, victim] = words[..] else { return };
    let other = Pid::from_raw(PEER.load(Ordering::SeqCst));
    if name != point.name() || (victim != "self" && other.is_none()) || number.parse() != Ok(passed(&order)) {
        return;
    }
    // Of several processes that are there at once, one carries it out.
    if fs::rename(place, place.with_extension(format!("taken-{}", std::process::id()))).is_err() {
        return;
    }
    note(place, point, victim);
    if let Some(other) = other.filter(|_| victim != "self") {
        // It may have ended by itself meanwhile.
        let _ = kill_process(other, Signal::KILL);
    }
    if victim != "peer" {
        let _ = kill_process(getpid(), Signal::KILL);
    }
}

/// How often the point of this order was passed, with this time.
fn passed(order: &str) -> u64 {
    let mut passed = PASSED.lock().unwrap_or_else(PoisonError::into_inner);
    if passed.0 != order {
        *passed = (order.to_owned(), 0);
    }
    passed.1 += 1;
    passed.1
}

fn note(place: &Path, point: Point, victim: &str) {
    let log = OpenOptions::new().append(true).create(true).open(place.with_extension("log"));
    let line = format!("{} {victim}\n", point.name());
    // A test that misses the line counts the point as never passed, and fails.
    let _ = log.and_then(|mut log| log.write_all(line.as_bytes()));
}
