//! Writing a journal. Only the holder of the run's lock does.

use std::path::{Path, PathBuf};

use runner_keeper::failpoint::{self, Point};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::disk::{Disk, DiskFile, RealDisk};
use super::error::LedgerError;
use super::opening::{self, Cut};
use super::reader;
use super::record::{self, Record};
use super::scan::Mark;
use super::synced::Synced;

/// The journal's file in its folder.
pub const JOURNAL: &str = "journal";
/// The file that says how far the journal is durable.
pub const SYNCED: &str = "synced";

/// The first and the largest step by which the file grows ahead of its content, in bytes.
const GROWTH: (u64, u64) = (64 << 10, 1 << 20);

/// Records up to `mark` are durable. Only a journal gives these out, so what asks for one only ever sees synced facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Durable(pub(super) Mark);

impl Durable {
    /// The last durable record; 0 for none.
    pub fn seq(self) -> u64 {
        self.0.seq
    }

    /// The place behind it.
    pub fn mark(self) -> Mark {
        self.0
    }
}

/// A journal open for appending.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: Box<dyn DiskFile>,
    synced: Synced,
    /// The file's length: content, then zeros.
    allocated: u64,
    durable: Mark,
    /// The last record appended, durable or not; its offset is that of `durable`.
    seq: u64,
    sum: u32,
    buffer: Vec<u8>,
    poisoned: Option<String>,
}

/// A journal that a new life has taken over.
#[derive(Debug)]
pub struct Opened<T> {
    /// The journal, ready to append.
    pub journal: Journal,
    /// Its records behind the mark it was opened from; all durable.
    pub records: Vec<Record<T>>,
    /// What was cut from its end, if anything.
    pub cut: Option<Cut>,
}

impl Journal {
    /// Begins a new journal in `folder`, which exists; the file and its name are durable when this returns.
    pub fn create(folder: &Path) -> Result<Self, LedgerError> {
        Self::create_on(&RealDisk, folder)
    }

    /// As [`Journal::create`], on a given disk.
    pub fn create_on(disk: &dyn Disk, folder: &Path) -> Result<Self, LedgerError> {
        let path = folder.join(JOURNAL);
        let failed = |action| move |error| LedgerError::io(action, &folder.join(JOURNAL), error);
        let file = disk.create(&path).map_err(failed("create"))?;
        failpoint::hit(Point::JournalCreated);
        let synced = Synced::open(disk, folder.join(SYNCED))?;
        let mut journal = Self::assemble(path.clone(), file, synced, 0, Mark::BEGIN);
        journal.grow(GROWTH.0).map_err(failed("grow"))?;
        journal.file.sync_all().map_err(failed("sync"))?;
        journal.synced.write(0)?;
        disk.sync_folder(folder).map_err(|error| LedgerError::io("sync", folder, error))?;
        failpoint::hit(Point::JournalBegun);
        Ok(journal)
    }

    /// Takes over the journal in `folder` and reads it whole. Requires the run's lock.
    ///
    /// Before it returns, the remains of an unfinished flush are cut and the last flush is written again and synced,
    /// so that everything returned is durable and may be acted on.
    pub fn open<T: DeserializeOwned>(folder: &Path) -> Result<Opened<T>, LedgerError> {
        Self::open_on(&RealDisk, folder, Mark::BEGIN)
    }

    /// As [`Journal::open`], but reads only what stands behind `mark` (a checkpoint's), which must still be there.
    pub fn open_from<T: DeserializeOwned>(folder: &Path, mark: Mark) -> Result<Opened<T>, LedgerError> {
        Self::open_on(&RealDisk, folder, mark)
    }

    /// As [`Journal::open_from`], on a given disk.
    pub fn open_on<T: DeserializeOwned>(disk: &dyn Disk, folder: &Path, mark: Mark) -> Result<Opened<T>, LedgerError> {
        let path = folder.join(JOURNAL);
        let taken = opening::take_over(disk, folder, mark)?;
        let records = reader::decode_all(&path, &taken.bytes, &taken.records)?;
        let journal = Self::assemble(path, taken.file, taken.synced, taken.allocated, taken.end);
        Ok(Opened { journal, records, cut: taken.cut })
    }

    fn assemble(path: PathBuf, file: Box<dyn DiskFile>, synced: Synced, allocated: u64, end: Mark) -> Self {
        let Mark { seq, sum, .. } = end;
        Self { path, file, synced, allocated, durable: end, seq, sum, buffer: Vec::new(), poisoned: None }
    }

    /// Adds a fact, at `at` milliseconds of wall time, and returns its sequence. It is not durable before [`flush`](Self::flush).
    pub fn append<T: Serialize + ?Sized>(&mut self, at: u64, event: &T) -> Result<u64, LedgerError> {
        self.refuse_if_poisoned()?;
        let (seq, flush) = (self.seq + 1, self.durable.seq + 1);
        let sum = record::encode(&mut self.buffer, seq, flush, at, self.sum, event)
            .map_err(|error| LedgerError::Encode { reason: error.to_string() })?;
        (self.seq, self.sum) = (seq, sum);
        failpoint::hit(Point::FactAppended);
        Ok(seq)
    }

    /// Makes everything appended durable: one write and one sync, none when there is nothing.
    ///
    /// After a failure this journal takes nothing more.
    pub fn flush(&mut self) -> Result<Durable, LedgerError> {
        self.refuse_if_poisoned()?;
        if !self.buffer.is_empty() {
            let written = self.write_out();
            self.poison_on(written)?;
        }
        Ok(Durable(self.durable))
    }

    fn write_out(&mut self) -> Result<(), LedgerError> {
        failpoint::hit(Point::FlushBegins);
        let failed = |action| move |path: &Path, error| LedgerError::io(action, path, error);
        let end = self.durable.offset + self.buffer.len() as u64;
        if end > self.allocated {
            let step = self.allocated.clamp(GROWTH.0, GROWTH.1);
            self.grow(end + step).map_err(|error| failed("grow")(&self.path, error))?;
        }
        self.file
            .write_all_at(&self.buffer, self.durable.offset)
            .map_err(|error| failed("append to")(&self.path, error))?;
        failpoint::hit(Point::FlushWritten);
        self.file.sync_data().map_err(|error| failed("sync")(&self.path, error))?;
        failpoint::hit(Point::FlushSynced);
        self.durable = Mark { seq: self.seq, sum: self.sum, offset: end };
        self.buffer.clear();
        self.synced.write(self.durable.seq)?;
        failpoint::hit(Point::FlushNamed);
        Ok(())
    }

    /// What is durable so far.
    pub fn durable(&self) -> Durable {
        Durable(self.durable)
    }

    /// Refuses with [`LedgerError::LostFacts`] unless the record that `mark` names is there and durable.
    pub fn holds(&self, mark: Mark) -> Result<(), LedgerError> {
        reader::read_from(&RealDisk, &self.path, mark).map(|_| ())
    }

    /// The last record appended, durable or not; 0 for none.
    pub fn last(&self) -> u64 {
        self.seq
    }

    /// The journal's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Ends a run: flushes, and trims the file to its content.
    ///
    /// That it cannot be trimmed is no failure: all is durable, and zeros behind it are the end, too.
    pub fn finish(mut self) -> Result<Durable, LedgerError> {
        self.flush()?;
        let trimmed = self.file.truncate(self.durable.offset);
        failpoint::hit(Point::JournalTrimmed);
        let _ = trimmed.and_then(|()| self.file.sync_all());
        Ok(Durable(self.durable))
    }

    /// Fills with zeros up to `length`, so that appending later changes no metadata.
    fn grow(&mut self, length: u64) -> std::io::Result<()> {
        let zeros = vec![0; usize::try_from((length - self.allocated).min(GROWTH.1)).unwrap_or(1)];
        while self.allocated < length {
            let step = usize::try_from(length - self.allocated).map_or(zeros.len(), |rest| rest.min(zeros.len()));
            self.file.write_all_at(&zeros[..step], self.allocated)?;
            self.allocated += step as u64;
        }
        Ok(())
    }

    fn refuse_if_poisoned(&self) -> Result<(), LedgerError> {
        match &self.poisoned {
            None => Ok(()),
            Some(reason) => Err(LedgerError::Poisoned { path: self.path.clone(), reason: reason.clone() }),
        }
    }

    fn poison_on(&mut self, result: Result<(), LedgerError>) -> Result<(), LedgerError> {
        if let Err(error) = &result {
            self.poisoned = Some(error.to_string());
        }
        result
    }
}
