//! Files whose writes are there whole or not at all.
//!
//! A write goes to a file beside its target (see [`beside`]), is synced, renamed over the target, and the folder synced.
//! Killed at any instant, it leaves under the real name what stood there before or what was to stand there; the file
//! beside it is recognised and removed by the next write of the same target.

mod beside;
mod folder;
mod real;
mod staged;

pub use real::RealFiles;

#[cfg(test)]
mod tests;
