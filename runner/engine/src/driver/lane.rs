//! Lanes of in-process work: like the keeper's, but written by this engine, so one is free as soon as its attempt ends.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use runner_keeper::protocol::Range;

use super::LogRange;

const ENDINGS: [&str; 3] = ["out", "data", "progress"];

/// The engine's lanes. One goes to the next attempt when the one before has ended.
pub(super) struct Lanes {
    folder: PathBuf,
    /// Lanes that nobody has, and how long their files are.
    free: Vec<(u32, [u64; 3])>,
    busy: BTreeMap<u32, [Arc<LaneFile>; 3]>,
    next: u32,
}

/// A file of a lane, opened when something is first written to it: most work inside the engine says nothing.
#[derive(Debug)]
pub struct LaneFile {
    path: PathBuf,
    file: OnceLock<Option<File>>,
}

impl LaneFile {
    fn new(path: PathBuf) -> Arc<Self> {
        Arc::new(Self { path, file: OnceLock::new() })
    }

    /// One of which nothing is kept.
    pub(crate) fn nowhere() -> Arc<Self> {
        Self::new(PathBuf::from("/dev/null"))
    }

    /// Appends bytes, in one write. What cannot be written is lost: a full disk must not fail a step that only wanted to say
    /// something.
    pub fn append(&self, bytes: &[u8]) {
        let open = || File::options().append(true).create(true).open(&self.path).ok();
        if let Some(mut file) = self.file.get_or_init(open).as_ref() {
            let _ = file.write_all(bytes);
        }
    }

    /// How long it is, if anything was written to it.
    fn length(&self) -> Option<u64> {
        Some(self.file.get()?.as_ref()?.metadata().ok()?.len())
    }
}

/// One lane.
pub(super) struct Lane {
    pub(super) number: u32,
    pub(super) files: [Arc<LaneFile>; 3],
}

impl Lanes {
    pub(super) fn new(run_folder: &Path) -> Self {
        Self { folder: run_folder.join("lanes"), free: Vec::new(), busy: BTreeMap::new(), next: 0 }
    }

    fn path(&self, number: u32, ending: &str) -> PathBuf {
        self.folder.join(format!("e{number}.{ending}"))
    }

    /// A lane for one attempt, and where its output begins.
    pub(super) fn open(&mut self) -> io::Result<(Lane, LogRange)> {
        let (number, lengths) = match self.free.pop() {
            Some(free) => free,
            None => self.add()?,
        };
        let files = ENDINGS.map(|ending| LaneFile::new(self.path(number, ending)));
        let [out, data, progress] = lengths.map(|length| Range { from: length, to: length });
        self.busy.insert(number, files.clone());
        Ok((Lane { number, files }, LogRange { lane: format!("e{number}"), out, data, progress, sealed: None }))
    }

    /// One more lane; another life may have written to it.
    fn add(&mut self) -> io::Result<(u32, [u64; 3])> {
        std::fs::create_dir_all(&self.folder)?;
        let length = |ending| std::fs::metadata(self.path(self.next, ending)).map_or(0, |data| data.len());
        let lengths = ENDINGS.map(length);
        self.next += 1;
        Ok((self.next - 1, lengths))
    }

    /// The attempt on a lane ended: where its output ends.
    pub(super) fn close(&mut self, number: u32, mut log: LogRange) -> LogRange {
        let files = self.busy.remove(&number);
        let ranges = [&mut log.out, &mut log.data, &mut log.progress];
        for (file, range) in files.iter().flatten().zip(ranges) {
            range.to = file.length().map_or(range.to, |length| length.max(range.from));
        }
        self.free.push((number, [log.out.to, log.data.to, log.progress.to]));
        log
    }
}
