//! Mending the state's journal at a person's word.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

use super::super::error::LedgerError;
use super::super::repair::Damage;
use super::tree;
use super::write::StateWrite;

/// What becomes of a damaged state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateLoss {
    /// Writes before the damage.
    pub kept: usize,
    /// Writes behind it that can be read and still fit: they are kept, too.
    pub regained: usize,
    /// Writes behind it that can be read and do not fit any more, as what they build on is lost.
    pub unfit: usize,
}

/// What would be lost. Unlike the facts of a run, a write that stands behind the damage says all of itself what it does.
pub fn state_loss(damage: &Damage<StateWrite>) -> StateLoss {
    let regained = regained(damage).len();
    StateLoss { kept: damage.before.len(), regained, unfit: damage.behind.len() - regained }
}

/// Sets the damaged journal of the state in `home` (the project's `.runner`) aside, and leaves one with all that can be
/// kept; gives the name of the old one. Requires the state's lock.
pub fn mend_state(home: &Path, at: u64, damage: &Damage<StateWrite>) -> Result<PathBuf, LedgerError> {
    let folder = home.join("state");
    // The index knows of records by their number, and these change.
    let index = folder.join("index");
    match fs::remove_dir_all(&index) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(LedgerError::io("remove", &index, error)),
        _ => {}
    }
    damage.set_aside(&folder, at, &regained(damage))
}

fn regained(damage: &Damage<StateWrite>) -> Vec<&StateWrite> {
    let mut state = Value::Object(Map::new());
    for record in &damage.before {
        // It was applied when it was written.
        let _ = tree::apply(&mut state, &record.event.op);
    }
    let behind = damage.behind.iter().map(|record| &record.event);
    behind.filter(|write| tree::apply(&mut state, &write.op).is_ok()).collect()
}
