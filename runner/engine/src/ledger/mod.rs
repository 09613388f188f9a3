//! What a run writes down so that it can be killed at any instant.
//!
//! A run is one folder ([`RunFolder`]). Its **journal** is the truth: a fact is appended ([`Journal::append`]), made
//! durable ([`Journal::flush`]), and only then acted on. The memory of a run is always the fold of its journal.
//!
//! - `record`, `scan`: a record is a line that carries its own sum and the one before; the first place where none
//!   stands is either the remains of an unfinished flush, which is cut, or damage, which is refused. The evidence is in
//!   the records: each names the flush that it belongs to, and one flush is in flight at a time.
//! - `opening`: a new life reads, judges, cuts, writes the last flush again and syncs before anything is believed.
//! - `repair`: what a person may have done about a journal that is refused.
//! - `reader`: anyone reads along without a lock.
//! - `checkpoint`: the fold up to a mark, always behind the journal and made anew from it when it does not add up.
//! - `blob`: outputs too large for the journal, named by their content.
//! - `state`: what runs leave behind for later ones; a journal of its own.
//! - `lock`, `group`, `queue`: one engine a run, one run a group, who waits for it in line; locks die with their holder
//!   and name it.
//! - `disk`: the narrow door through which all durable writes go.
//!
//! Nothing here knows what the facts mean: every type is generic over the event.

mod blob;
mod checkpoint;
mod disk;
mod ends;
mod error;
mod group;
mod holder;
mod journal;
mod lock;
pub mod machine;
mod opening;
mod queue;
mod reader;
mod record;
mod repair;
mod run_folder;
mod run_move;
mod scan;
mod state;
mod synced;
mod when;

#[cfg(test)]
mod test;

pub use blob::{BLOB_LIMIT, BlobRef, Blobs, INLINE_LIMIT};
pub use checkpoint::{Change, Checkpoint, Opening};
pub use disk::{Disk, DiskFile, RealDisk};
pub use ends::{Ends, ends};
pub use error::{ErrorKind, LedgerError};
pub use group::{Ahead, GroupLock, Policy, Want, WhenBusy, keeper_lock_path, lock_path, user_state_folder};
pub use holder::Holder;
pub use journal::{Durable, JOURNAL, Journal, Opened, SYNCED};
pub use lock::Lock;
pub use opening::Cut;
pub use reader::{Follower, read};
pub use record::Record;
pub use repair::{Damage, Health, examine};
pub use run_folder::{RunFolder, Runs};
pub use scan::Mark;
pub use state::{
    Key, Origin, State, StateLoss, StateOp, StateWrite, Versions, Written, mend_state, read_state, state_history,
    state_loss,
};
