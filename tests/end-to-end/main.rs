//! End to end: the real binary, killed, stopped, resumed, and given what it must refuse.

#![allow(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]
#![allow(clippy::print_stderr, reason = "what a test says")]

#[path = "../support/mod.rs"]
mod support;

mod kill;
