//! The real binary in a project of its own, for tests.
//!
//! ```ignore
//! let project = Project::new();
//! project.workflow("hello", "steps: [{id: a, uses: log.print, with: {message: hi}}]");
//! let ended = project.run(&["run", "hello"]);
//! assert_eq!(ended.code, 0, "{ended}");
//! ```
//!
//! A [`Project`] is a temporary folder with homes of its own. [`Project::run`] runs the binary to its end,
//! [`Project::spawn`] gives a [`Life`] that can be signalled and killed, [`Project::journal`] reads what was written down,
//! and [`Project::processes`] is everything alive that was started: each carries a mark in its environment. All of it is
//! killed when the project is dropped. What differs from run to run is taken out of texts by [`Project::redact`], in one
//! place.

#![expect(unreachable_pub, reason = "a part of each test program")]
#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]
#![expect(clippy::print_stderr, reason = "what a test says")]

pub mod control_plane;
pub mod helm;
pub mod journal;
mod life;
pub mod process;
mod project;
mod redact;

pub use journal::Journal;
pub use life::{Ended, Life};
pub use process::Process;
pub use project::Project;

use std::time::{Duration, Instant};

/// How long anything may take before a test gives up on it.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Waits until something is there, and gives it. For what nobody tells us of: other processes' files and ends.
///
/// # Panics
///
/// When it takes longer than [`PATIENCE`].
pub fn await_some<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < end, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
}

/// Waits until something holds.
///
/// # Panics
///
/// When it takes longer than [`PATIENCE`].
pub fn await_that(what: &str, mut look: impl FnMut() -> bool) {
    await_some(what, || look().then_some(()));
}

/// Says why a test, or a part of one, does not run here; in CI, what is needed has to be there.
///
/// # Panics
///
/// Where `CI=true`.
pub fn skip(why: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "skipped in CI: {why}");
    eprintln!("SKIPPED: {why}");
}
