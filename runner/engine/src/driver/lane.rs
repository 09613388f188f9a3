//! Lanes of in-process work: like the keeper's, but written by this engine, so one is free as soon as its attempt ends.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use runner_keeper::protocol::Range;

use super::entry::LogRange;

/// The lanes of one engine life.
pub(super) struct Lanes {
    folder: PathBuf,
    free: Vec<u32>,
    next: u32,
}

/// A lane's files, open for appending.
pub(super) struct Lane {
    pub(super) number: u32,
    pub(super) out: File,
    pub(super) data: File,
    pub(super) progress: File,
}

impl Lanes {
    pub(super) fn new(run_folder: &Path) -> Self {
        Self { folder: run_folder.join("lanes"), free: Vec::new(), next: 0 }
    }

    /// A lane for one attempt, and where its output begins.
    pub(super) fn open(&mut self) -> io::Result<(Lane, LogRange)> {
        let number = self.free.pop().unwrap_or(self.next);
        self.next = self.next.max(number + 1);
        std::fs::create_dir_all(&self.folder)?;
        let open = |ending: &str| {
            let path = self.folder.join(format!("e{number}.{ending}"));
            File::options().append(true).create(true).open(path)
        };
        let lane = Lane { number, out: open("out")?, data: open("data")?, progress: open("progress")? };
        let length = |file: &File| file.metadata().map(|data| Range { from: data.len(), to: data.len() });
        let log = LogRange {
            lane: format!("e{number}"),
            out: length(&lane.out)?,
            data: length(&lane.data)?,
            progress: length(&lane.progress)?,
            sealed: None,
        };
        Ok((lane, log))
    }

    /// The attempt on a lane ended: where its output ends.
    pub(super) fn close(&mut self, number: u32, mut log: LogRange) -> LogRange {
        for (ending, range) in [("out", &mut log.out), ("data", &mut log.data), ("progress", &mut log.progress)] {
            let path = self.folder.join(format!("e{number}.{ending}"));
            range.to = std::fs::metadata(path).map_or(range.to, |data| data.len().max(range.from));
        }
        self.free.push(number);
        log
    }
}
