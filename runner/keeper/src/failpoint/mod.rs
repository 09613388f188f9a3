//! Named points at which a test has a process killed: one at each durable transition and each message.
//!
//! They exist only where the feature `failpoints` is on, which no release has; elsewhere [`hit`] is nothing. The engine
//! and the host have points of their own; all names stand in [`Point`], so that a test can demand every one of them.
//!
//! `RUNNER_FAILPOINT` names a file. While that holds a line `POINT N VICTIM`, the N-th time that one process passes the
//! point it kills itself (`self`), the process at the other end of its connection (`peer`), or both (`both`) with SIGKILL.
//! Before that it moves the order away, so that an order is carried out once, and adds a line to the file's `.log`.

#[cfg(feature = "failpoints")]
mod armed;
mod point;

pub use point::Point;

#[cfg(feature = "failpoints")]
pub use armed::{hit, peer_of};

/// Passes a point: nothing, in this build.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn hit(_: impl Into<Option<Point>>) {}

/// Notes who is at the other end of the connection: of no interest in this build.
#[cfg(not(feature = "failpoints"))]
#[inline]
pub fn peer_of(_: Option<&std::os::unix::net::UnixStream>) {}

#[cfg(all(feature = "failpoints", not(debug_assertions)))]
compile_error!("fail points are for tests: a release has none");
