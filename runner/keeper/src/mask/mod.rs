//! Secrets are kept out of what is printed and stored: each occurrence becomes [`MASK`].
//!
//! The rules:
//!
//! - A secret is looked for as it is and in every encoding that programs commonly print: [`encodings`].
//! - A secret of several lines is looked for whole and line by line: programs print keys and tokens in pieces. A line
//!   counts when, without surrounding white space, it has at least [`SHORTEST`] bytes.
//! - A secret of fewer than [`SHORTEST`] bytes is not looked for: it would turn up everywhere, and the holes that it
//!   leaves would tell what it is. [`Masker::unmasked`] names such secrets so that the caller can warn.
//! - Occurrences that overlap are masked as one.
//! - An occurrence split across reads is found: [`Stream`] holds back what may be the beginning of a secret, and
//!   nothing more.

mod encoding;
mod masker;
mod stream;

pub use encoding::{SHORTEST, encodings};
pub use masker::Masker;
pub use stream::Stream;

/// What stands in place of a secret.
pub const MASK: &str = "***";
