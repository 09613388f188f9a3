//! Sealing: what must be kept but not seen is written encrypted and authenticated (AES-256-GCM).
//!
//! - A [`Key`] seals a *box*: one value, such as an output of a step. Boxes are the engine's.
//! - A [`Sealer`] seals *chunks*: a stream as it comes, such as what a program prints that is captured. Chunks are the
//!   keeper's, each whole when it was written, so that what is there can be opened whoever was killed meanwhile.
//!
//! Everything sealed names its key by its [`KeyId`], which tells nothing of the key, so a key that is missing can be named.
//! What is sealed is bound to its place: a box to the words that it is sealed with, a chunk to its lane, its attempt's
//! beginning there, and how much stood before it. One that was moved does not open.

mod chunk;
mod key;

pub use chunk::{Place, Sealer, open};
pub use key::{Key, KeyId, Keys};

/// Why something sealed does not open.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unopened {
    /// Its key is not at hand.
    #[error("it is sealed with the key `{0}`, which is missing")]
    NoKey(KeyId),
    /// It is not what was sealed, or not where.
    #[error("it is damaged")]
    Damaged,
}
