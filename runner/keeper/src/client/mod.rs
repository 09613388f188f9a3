//! The engine's side: starting a keeper, connecting to it, and taking its place where none lives.
//!
//! A life of an engine goes like this. It has journaled its epoch under the run's lock. It calls [`connect`]. If that
//! gives [`ConnectError::None`], no keeper lives: it calls [`seize`] and, with the keeper's lock in hand, reads the
//! receipts ([`crate::receipts::read`]) and classifies what was in flight. (A keeper that starts late does not get the
//! lock and exits.) Then it drops the lock, calls [`spawn`] and [`connect`]. If it is connected at once, it reads the
//! receipts up to [`crate::protocol::Welcome::receipts_len`].

mod connect;
mod seize;
mod spawn;

pub use connect::{ConnectError, Connected, connect};
pub use seize::{Seized, seize};
pub use spawn::{SpawnError, spawn};
