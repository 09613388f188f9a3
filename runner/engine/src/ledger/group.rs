//! The lock of a `concurrency.group`: one run at a time, in all checkouts of one person.
//!
//! A group has two files in the user's state folder, named by the group's hash. The engine locks `<hash>`; the keeper of
//! a run in the group locks `<hash>.keeper` and names its run there. The group is busy while either is held, except that
//! a run's own keeper does not keep its next engine out.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::disk::{RealDisk, create_folders};
use super::error::LedgerError;
use super::holder::Holder;
use super::lock::Lock;

/// A held group.
#[derive(Debug)]
pub struct GroupLock {
    lock: Lock,
}

impl GroupLock {
    /// Takes the group for the run in `run_folder`, or says who has it. `state` is the user's state folder
    /// (see [`user_state_folder`]).
    pub fn try_take(state: &Path, group: &str, run_folder: &Path, mut holder: Holder) -> Result<Self, LedgerError> {
        let path = lock_path(state, group);
        let folder = path.parent().unwrap_or(state);
        create_folders(&RealDisk, folder).map_err(|error| LedgerError::io("create", folder, error))?;
        let what = format!("the concurrency group `{group}`");
        // As the keeper names it: without links.
        let run_folder = run_folder.canonicalize().or_else(|_| std::path::absolute(run_folder));
        let run_folder = run_folder.map_err(|error| LedgerError::io("find", folder, error))?;
        holder.run = Some(run_folder.clone());
        holder.group = Some(group.to_owned());
        let lock = Lock::try_take(&path, &what, holder)?;
        match Lock::holder(&keeper_lock_path(state, group))? {
            Some(keeper) if keeper.run.as_deref() != Some(&run_folder) => {
                Err(LedgerError::Busy { what, holder: Some(Box::new(keeper)) })
            }
            _ => Ok(Self { lock }),
        }
    }

    /// The lock's file.
    pub fn path(&self) -> &Path {
        self.lock.path()
    }
}

/// Where the user's state lies: `$XDG_STATE_HOME/runner`, else `~/.local/state/runner`; nothing without either.
pub fn user_state_folder(state_home: Option<&Path>, home: Option<&Path>) -> Option<PathBuf> {
    // The XDG specification has relative paths ignored.
    match state_home.filter(|path| path.is_absolute()) {
        Some(path) => Some(path.join("runner")),
        None => home.filter(|path| path.is_absolute()).map(|home| home.join(".local/state/runner")),
    }
}

/// The file that the engine locks for a group.
pub fn lock_path(state: &Path, group: &str) -> PathBuf {
    state.join("locks").join(&hex(&Sha256::digest(group))[..32])
}

/// The file that the keeper of a run in the group locks, with a JSON text in which `run` is the run's absolute folder.
pub fn keeper_lock_path(state: &Path, group: &str) -> PathBuf {
    lock_path(state, group).with_extension("keeper")
}

/// Bytes as lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
