//! The small process that owns the processes of a run.
//!
//! The engine of a run may be killed at any instant; what it started must not die with it, and what happened
//! meanwhile must not be lost. So the engine starts nothing itself. It asks a *keeper*: one single-threaded process per
//! run, in a session of its own, that starts attempts in process groups of their own, gives them their output files,
//! enforces timeout and grace, and writes what happened to the run's receipts. The engine connects to it, and the next
//! engine life connects to it again.
//!
//! Read on in this order:
//!
//! - [`protocol`]: what engine and keeper say to each other;
//! - [`receipts`]: what the keeper writes down, and how an attempt found in flight is classified from it;
//! - [`lane`]: the append-only files that attempts write into;
//! - [`mask`]: how secrets are kept out of them (the engine masks its own output with the same code);
//! - [`seal`]: how what was captured is kept where a secret may be in it;
//! - [`client`]: how an engine starts a keeper, connects to it, or takes its place where none lives;
//! - [`run`]: the keeper itself;
//! - [`failpoint`] and [`pretence`]: where a test has the keeper or its engine killed, and what it may pretend to them.

pub mod client;
pub mod failpoint;
pub mod lane;
pub mod mask;
pub mod orphan;
pub mod pretence;
pub mod protocol;
pub mod receipts;
pub mod seal;

mod lock;
mod platform;
mod run;
mod serve;
mod socket;

pub use lock::Holder;
pub use platform::boot_id;
pub use run::{BUSY, Options, run};
pub use socket::socket_beside;
