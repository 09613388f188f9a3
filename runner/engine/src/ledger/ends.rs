//! The two ends of a journal, for who wants to know no more: however long a run was, little of it is read.

use std::fs::File;
use std::io;
use std::ops::Range;
use std::os::unix::fs::FileExt;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::error::LedgerError;
use super::journal::JOURNAL;
use super::record::{self, Record};

/// How much is read at first of each end, in bytes.
const WINDOW: u64 = 16 << 10;

/// Records of both ends of a journal.
#[derive(Debug)]
pub struct Ends<T> {
    /// The first ones, from the first on.
    pub head: Vec<Record<T>>,
    /// The last ones, up to the last that is whole.
    pub tail: Vec<Record<T>>,
}

/// At least the first `head` records of the journal in `folder`, and as many of its last as `enough` asks for, which is
/// given those that were read so far. `None` where a record there does not read well: who reads the whole learns why.
/// Nothing is held against what stands in the middle.
pub fn ends<T: DeserializeOwned>(
    folder: &Path,
    head: usize,
    enough: impl Fn(&[Record<T>]) -> bool,
) -> Result<Option<Ends<T>>, LedgerError> {
    let path = folder.join(JOURNAL);
    let read = || -> io::Result<Option<Ends<T>>> {
        let file = File::open(&path)?;
        let Some(first) = first(&file, head)? else { return Ok(None) };
        let length = written(&file)?;
        let mut window = WINDOW;
        loop {
            let from = length.saturating_sub(window);
            let Some(last) = records(&file, from..length, from > 0)? else { return Ok(None) };
            if from == 0 || enough(&last) {
                return Ok(Some(Ends { head: first, tail: last }));
            }
            window *= 4;
        }
    };
    // A run that ends meanwhile trims its journal: what was there is not, and is looked for anew.
    let read = || loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {}
            read => return read,
        }
    };
    read().map_err(|error| LedgerError::io("read", &path, error))
}

fn first<T: DeserializeOwned>(file: &File, count: usize) -> io::Result<Option<Vec<Record<T>>>> {
    let length = file.metadata()?.len();
    let mut window = WINDOW;
    loop {
        let Some(found) = records(file, 0..window.min(length), false)? else { return Ok(None) };
        if found.len() >= count || window >= length {
            return Ok(Some(found));
        }
        window *= 4;
    }
}

/// Where what was written ends: behind it there may be zeros, which wait to be written over.
fn written(file: &File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    while end > 0 {
        let from = end.saturating_sub(WINDOW);
        let block = read(file, from..end)?;
        if let Some(last) = block.iter().rposition(|byte| *byte != 0) {
            return Ok(from + last as u64 + 1);
        }
        end = from;
    }
    Ok(0)
}

/// The whole records of a piece; of one that begins in the middle of a record, those behind it. What an unfinished write
/// left at the end is none.
fn records<T: DeserializeOwned>(file: &File, piece: Range<u64>, middle: bool) -> io::Result<Option<Vec<Record<T>>>> {
    let bytes = read(file, piece)?;
    let Some(end) = bytes.iter().rposition(|byte| *byte == b'\n') else { return Ok(Some(Vec::new())) };
    let lines = bytes[..end].split(|byte| *byte == b'\n').skip(usize::from(middle));
    let decode = |line: &[u8]| {
        let known = record::decode(line).ok()?;
        let event = serde_json::from_slice(&line[known.event]).ok()?;
        Some(Record { seq: known.seq, flush: known.flush, at: known.at, event })
    };
    Ok(lines.map(decode).collect())
}

fn read(file: &File, piece: Range<u64>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(piece.end - piece.start).unwrap_or_default()];
    file.read_exact_at(&mut bytes, piece.start)?;
    Ok(bytes)
}
