//! What the keeper writes down: the run's file `receipts`, JSON lines, appended.
//!
//! Of every attempt there are up to three records: [`Record::Spawning`] before it is started, [`Record::Spawned`]
//! after, and [`Record::Ended`] (or [`Record::Failed`]) at the end. They are written, not synced: they survive the
//! death of every process, but not of the machine. Only while no engine is connected is an end made durable, with the
//! attempt's data before it; such a record says so.
//!
//! An engine reads them when it finds an attempt in flight: [`read`], then [`Receipts::classify`].

mod checksum;
mod classify;
mod read;
mod record;
mod write;

pub use classify::{Doubt, Found};
pub use read::{Receipts, read, read_to};
pub use record::{Ended, Failed, KeeperStarted, Record, Spawned, Spawning};
pub(crate) use write::Writer;

use std::io;
use std::path::{Path, PathBuf};

/// The file of a run's receipts.
pub fn path(run_dir: &Path) -> PathBuf {
    run_dir.join("receipts")
}

/// Gives the receipts of a run another name, `receipts.damaged-N`; none where there is no file. To be called with the
/// keeper's lock in hand.
pub fn set_aside(run_dir: &Path) -> io::Result<()> {
    let from = path(run_dir);
    let (mut number, mut to) = (1, from.with_extension("damaged-1"));
    while to.exists() {
        number += 1;
        to = from.with_extension(format!("damaged-{number}"));
    }
    match std::fs::rename(&from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.and_then(|()| std::fs::File::open(run_dir)?.sync_all()),
    }
}
