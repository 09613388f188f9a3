//! What engine and keeper say to each other, over a unix socket.
//!
//! A message is one JSON value behind its length ([`frame`]). The engine speaks first, with [`Hello`]; the keeper
//! answers with [`Welcome`] or [`Reply::Refused`]. From then on both sides speak when they have something to say:
//! requests of the engine are not answered one by one, what becomes of an attempt is reported as it happens.
//!
//! The protocol has a version. A newer engine speaks the version that the keeper wrote into its lock
//! ([`crate::Holder`]); a keeper refuses a version that it does not know.

mod attempt;
mod frame;
mod reply;
mod request;
mod text;

pub use attempt::{Exit, FailureKind, Marks, Range, Ranges, Reason, SpawnFailure};
pub use frame::{Decoder, FrameError, LONGEST_FRAME, encode};
pub use reply::{Exited, Leftover, Reply, Running, Started, Welcome};
pub use request::{Hello, Mask, Request, Start};
pub use text::{Bytes, Text};

/// The version of the protocol that this build speaks.
pub const PROTOCOL: u32 = 2;

/// The first version in which attempts may be permitted ahead of their turn ([`Start::behind`]).
pub const PERMITS: u32 = 2;
