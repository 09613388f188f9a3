//! What the shell is to do, as data.

use crate::event::{Purpose, TimerId};
use crate::path::Path;

/// Something that is to be under way outside. The set of all of them is a function of the state.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// An attempt runs.
    Execute {
        /// The step.
        path: Path,
        /// Which attempt.
        attempt: u32,
        /// What for.
        purpose: Purpose,
    },
    /// A service that became ready lives on.
    Hold {
        /// The step.
        path: Path,
        /// Which attempt.
        attempt: u32,
    },
    /// An attempt is asked to stop.
    Stop {
        /// The step.
        path: Path,
        /// Which attempt.
        attempt: u32,
        /// Whether it is killed.
        kill: bool,
    },
    /// A person is asked.
    Ask {
        /// The step.
        path: Path,
    },
    /// A timer runs.
    Timer {
        /// The timer.
        timer: TimerId,
        /// Wall time when it was set, in milliseconds since 1970.
        at: u64,
        /// Milliseconds until it fires.
        duration: u64,
    },
}

/// How the set of effects changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// Is to be under way from now on.
    Begin(Effect),
    /// No longer.
    Cease(Effect),
}
