//! Which lane in-process work writes to while it runs, for who follows its log: what the keeper's receipts are for processes.
//! Nothing depends on it, and it is not synced; when an attempt ends, the journal says where its output lies.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::entry::LogRange;

/// An attempt that writes to a lane of the engine.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inside {
    /// The sequence of the fact that it started.
    pub attempt: u64,
    /// The lane.
    pub lane: String,
    /// Where its lines begin.
    pub out: u64,
    /// Where its data begin.
    pub data: u64,
}

impl Inside {
    /// The file of a run's folder in which they stand, one a line.
    pub fn path(run: &Path) -> PathBuf {
        run.join("lanes").join("inside")
    }

    /// All that were noted so far; what is only half written comes later.
    pub fn read(run: &Path) -> std::io::Result<Vec<Self>> {
        let text = match std::fs::read(Self::path(run)) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other?,
        };
        Ok(text.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect())
    }
}

/// Where they are noted in one engine life.
#[derive(Debug, Default)]
pub(super) struct Notes(Option<File>);

impl Notes {
    /// Notes an attempt. What cannot be noted is seen when it ends.
    pub(super) fn note(&mut self, run: &Path, attempt: u64, log: &LogRange) {
        if self.0.is_none() {
            self.0 = File::options().append(true).create(true).open(Inside::path(run)).ok();
        }
        let inside = Inside { attempt, lane: log.lane.clone(), out: log.out.from, data: log.data.from };
        if let (Some(file), Ok(mut line)) = (&mut self.0, serde_json::to_vec(&inside)) {
            line.push(b'\n');
            let _ = file.write_all(&line);
        }
    }
}
