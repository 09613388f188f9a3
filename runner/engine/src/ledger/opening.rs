//! How a new life takes over a journal: read, judge, cut, and make durable what it is about to believe.

use std::path::Path;

use runner_keeper::failpoint::{self, Point};

use super::disk::{Disk, DiskFile};
use super::error::LedgerError;
use super::journal::{JOURNAL, SYNCED};
use super::reader;
use super::scan::{self, Mark, Scan, Standing, Tail};
use super::synced::{self, Synced, Witness};

/// What was removed from a journal's end: the remains of a flush that never ended, of which nothing was acted on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cut {
    /// The first record that did not stand.
    pub record: u64,
    /// Where it began, in bytes.
    pub offset: u64,
    /// How many bytes were zeroed.
    pub bytes: u64,
}

/// A journal taken over, with its bytes still to be decoded.
pub(super) struct Taken {
    pub(super) file: Box<dyn DiskFile>,
    pub(super) synced: Synced,
    pub(super) allocated: u64,
    pub(super) bytes: Vec<u8>,
    pub(super) records: Vec<Standing>,
    pub(super) end: Mark,
    pub(super) cut: Option<Cut>,
}

/// Reads the journal in `folder` from `mark` on and readies it for appending; everything it returns is durable.
pub(super) fn take_over(disk: &dyn Disk, folder: &Path, mark: Mark) -> Result<Taken, LedgerError> {
    let path = folder.join(JOURNAL);
    let failed = |action| {
        let path = path.clone();
        move |error| LedgerError::io(action, &path, error)
    };
    let witness = synced::read(disk, &folder.join(SYNCED))?;
    let file = disk.open(&path).map_err(failed("open"))?;
    let bytes = reader::read_from(disk, &path, mark)?;
    let scan = scan::scan(&path, &bytes, mark)?;
    let cut = judged(&path, &scan, mark, &witness)?;
    let Scan { records, end, .. } = scan;
    if let Some(cut) = &cut {
        zero(&*file, cut).map_err(failed("cut"))?;
        file.sync_all().map_err(failed("sync"))?;
    }
    // A sync that failed in an earlier life may have left pages that are read but were never written: write them again.
    if let Some(flush) = records.last().map(|last| last.flush) {
        let first = records.iter().find(|record| record.flush == flush).map_or(0, |first| first.line.start);
        let last = records.last().map_or(0, |last| last.line.end);
        file.write_all_at(&bytes[first..last], mark.offset + first as u64).map_err(failed("rewrite"))?;
    }
    failpoint::hit(Point::JournalRewritten);
    file.sync_all().map_err(failed("sync"))?;
    let synced = Synced::open(disk, folder.join(SYNCED))?;
    disk.sync_folder(folder).map_err(|error| LedgerError::io("sync", folder, error))?;
    synced.write(end.seq)?;
    failpoint::hit(Point::JournalTaken);
    let allocated = file.size().map_err(failed("measure"))?;
    Ok(Taken { file, synced, allocated, bytes, records, end, cut })
}

/// What is to be cut from a journal that was scanned from `mark` on; refuses one that is damaged or has lost facts.
pub(super) fn judged(path: &Path, scan: &Scan, mark: Mark, witness: &Witness) -> Result<Option<Cut>, LedgerError> {
    let end = scan.end;
    let cut = match &scan.tail {
        Tail::Clean => None,
        Tail::Damaged { why } => return Err(damaged(path, end, why.clone())),
        Tail::Torn { length } => {
            let bytes = mark.offset + *length as u64 - end.offset;
            Some(Cut { record: end.seq + 1, offset: end.offset, bytes })
        }
    };
    trust(path, end, witness, cut.as_ref())?;
    Ok(cut)
}

/// Refuses a journal that is shorter than it is known to have been.
fn trust(path: &Path, end: Mark, witness: &Witness, cut: Option<&Cut>) -> Result<(), LedgerError> {
    if end.seq >= witness.seq {
        return Ok(());
    }
    let since = if witness.this_boot { "since the machine started" } else { "before the machine started" };
    if cut.is_some() {
        let why = format!("it cannot be read, yet `{SYNCED}` says that record {} was durable, {since}", witness.seq);
        return Err(damaged(path, end, why));
    }
    let witness_text = format!("`{SYNCED}`, written {since},");
    Err(LedgerError::LostFacts { path: path.into(), last: end.seq, needed: witness.seq, witness: witness_text })
}

fn zero(file: &dyn DiskFile, cut: &Cut) -> std::io::Result<()> {
    let zeros = vec![0; usize::try_from(cut.bytes.min(1 << 20)).unwrap_or(1)];
    let mut done = 0;
    while done < cut.bytes {
        let step = usize::try_from(cut.bytes - done).map_or(zeros.len(), |rest| rest.min(zeros.len()));
        file.write_all_at(&zeros[..step], cut.offset + done)?;
        done += step as u64;
    }
    Ok(())
}

fn damaged(path: &Path, end: Mark, why: String) -> LedgerError {
    LedgerError::Damaged { path: path.to_path_buf(), record: end.seq + 1, offset: end.offset, why }
}
