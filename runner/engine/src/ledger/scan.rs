//! Reading a journal's bytes: which records stand, and what to make of the first place where none does.

use std::ops::Range;
use std::path::Path;

use super::error::LedgerError;
use super::record::{self, Flaw, HEAD, Line, VERSION};

/// A place in a journal between two records: everything before it was read and held.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Mark {
    /// The last record before the place; 0 at the journal's begin.
    pub seq: u64,
    /// That record's sum.
    pub sum: u32,
    /// The place, in bytes from the journal's begin.
    pub offset: u64,
}

impl Mark {
    /// The begin of every journal.
    pub const BEGIN: Self = Self { seq: 0, sum: 0, offset: 0 };
}

/// A record that stands, by its place in the scanned bytes.
#[derive(Debug)]
pub(crate) struct Standing {
    pub(crate) seq: u64,
    pub(crate) flush: u64,
    pub(crate) at: u64,
    /// The whole line, with its newline.
    pub(crate) line: Range<usize>,
    pub(crate) event: Range<usize>,
}

/// What was found behind the records that stand.
#[derive(Debug)]
pub(crate) enum Tail {
    /// Nothing, or zeros.
    Clean,
    /// The remains of an unfinished flush; `length` bytes of the scanned ones up to the last that is not zero.
    Torn { length: usize },
    /// Something that no unfinished flush leaves behind.
    Damaged { why: String },
}

/// What a journal's bytes hold.
#[derive(Debug)]
pub(crate) struct Scan {
    pub(crate) records: Vec<Standing>,
    /// The place behind the last record that stands.
    pub(crate) end: Mark,
    pub(crate) tail: Tail,
}

/// Reads `bytes`, which are those of the journal `path` from `from` on; refuses a newer format.
pub(crate) fn scan(path: &Path, bytes: &[u8], from: Mark) -> Result<Scan, LedgerError> {
    let mut records = Vec::new();
    let mut end = from;
    let mut place = 0;
    let flaw = loop {
        let rest = &bytes[place..];
        if matches!(rest.first(), None | Some(0)) {
            break None;
        }
        let newline = rest.iter().position(|byte| *byte == b'\n');
        let line = match (newline, record::decode(&rest[..newline.unwrap_or(rest.len())])) {
            (_, Err(Flaw::Newer(found))) => return Err(too_new(path, found)),
            (_, Err(Flaw::Bad(why))) => break Some(why),
            (None, Ok(_)) => break Some("it does not end with a newline"),
            (Some(_), Ok(line)) => line,
        };
        if line.seq != end.seq + 1 || line.prev != end.sum {
            break Some("it does not follow the record before it");
        }
        let length = newline.map_or(rest.len(), |newline| newline + 1);
        records.push(Standing {
            seq: line.seq,
            flush: line.flush,
            at: line.at,
            line: place..place + length,
            event: place + line.event.start..place + line.event.end,
        });
        place += length;
        end = Mark { seq: line.seq, sum: line.sum, offset: from.offset + place as u64 };
    };
    let tail = judge(path, &bytes[place..], place, end.seq + 1, flaw)?;
    Ok(Scan { records, end, tail })
}

/// One flush is in flight at a time, so a record that names a flush begun after `bad` was only written once `bad` was
/// durable: then this is damage. Without such a witness it is the tail of a flush that never ended.
fn judge(path: &Path, rest: &[u8], place: usize, bad: u64, flaw: Option<&str>) -> Result<Tail, LedgerError> {
    let Some(last) = rest.iter().rposition(|byte| *byte != 0) else { return Ok(Tail::Clean) };
    let why = flaw.unwrap_or("it is blank");
    let rest = &rest[..=last];
    let mut from = 0;
    while let Some(found) = find(&rest[from..], b"{\"v\":") {
        let begin = from + found;
        from = begin + 1;
        let at_line_start = begin == 0 || matches!(rest[begin - 1], 0 | b'\n');
        if !at_line_start && !rest[begin..].starts_with(HEAD) {
            continue;
        }
        let Some(newline) = find(&rest[begin..], b"\n") else { break };
        match record::decode(&rest[begin..begin + newline]) {
            Err(Flaw::Newer(found)) if at_line_start => return Err(too_new(path, found)),
            Err(_) => {}
            Ok(line) if line.flush > bad => {
                let why = format!(
                    "{why}, yet record {} behind it was written only after it was durable (its flush began at {})",
                    line.seq, line.flush
                );
                return Ok(Tail::Damaged { why });
            }
            Ok(_) => from = begin + newline + 1,
        }
    }
    Ok(Tail::Torn { length: place + last + 1 })
}

/// The records that can be read in `bytes`, wherever they stand, with the place of each one's event.
pub(crate) fn readable(bytes: &[u8]) -> Vec<(Line, Range<usize>)> {
    let mut found = Vec::new();
    let mut from = 0;
    while let Some(begin) = find(&bytes[from..], HEAD).map(|place| from + place) {
        let end = find(&bytes[begin..], b"\n").map_or(bytes.len(), |length| begin + length);
        from = begin + 1;
        if let Ok(line) = record::decode(&bytes[begin..end]) {
            let event = begin + line.event.start..begin + line.event.end;
            found.push((line, event));
            from = end;
        }
    }
    found
}

fn too_new(path: &Path, found: u64) -> LedgerError {
    LedgerError::NewerVersion { path: path.to_path_buf(), found, known: VERSION }
}

fn find(bytes: &[u8], needle: &[u8]) -> Option<usize> {
    bytes.windows(needle.len()).position(|window| window == needle)
}
