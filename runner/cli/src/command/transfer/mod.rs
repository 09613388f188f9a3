//! `runner export` and `runner import`: a run as one archive, for another machine.
//!
//! The archive is tar compressed with zstd. Its first entry, `run.json`, says what it is and lists every file with its size
//! and digest. Journal, receipts, logs and large outputs are in it; checkpoint, locks and whatever says what is durable on
//! this machine are not. Secrets never were in any of them: they stand there by reference, or sealed with a key that stays.

mod export;
mod import;
mod manifest;

pub(super) use export::{content, export, open};
pub(super) use import::import;
