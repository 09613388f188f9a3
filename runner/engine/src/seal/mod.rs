//! Sealed outputs: what a run must keep and nobody may read from its folder.
//!
//! An output that is a secret stands in the journal, the checkpoint and the blobs as a box ([`Sealed`]), which names the
//! secret and its key. The keys are the user's, in one file outside of every project ([`KeyFile`]): the newest seals,
//! the older ones still open. A run notes the names of the keys that it was sealed with ([`Seals`]), so that one that is
//! missing can be told before it is needed.

mod file;
mod run;
mod sealed;

pub use file::{KeyFile, KeyFileError};
pub use run::{Seals, keys_of};
pub use sealed::Sealed;
