//! What stands in for k0rdent behaves as k0rdent does.

#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]

mod defect;
mod definition;
mod lab;
mod refusal;
mod region;
mod trouble;
mod world;
