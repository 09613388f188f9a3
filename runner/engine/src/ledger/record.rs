//! One record of a journal, as a line of JSON that carries its own proof.
//!
//! ```text
//! {"v":1,"seq":7,"flush":5,"at":1763717162000,"prev":"8c7dd922","event":{…},"sum":"ad0c2001"}
//! ```
//!
//! `sum` is the CRC-32 of every byte before it in the line, and `prev` is the `sum` of the record before (zero before
//! the first): a record stands only behind the one it was written behind. The keys have one order and no spaces, so a
//! line is read by its shape and one that was changed, even only in its spelling, is not accepted.

use std::ops::Range;

use serde::Serialize;

/// The newest format of a journal that this release reads, and the one it writes.
pub(crate) const VERSION: u64 = 1;

/// What every line of this format begins with.
pub(crate) const HEAD: &[u8] = b"{\"v\":1,\"seq\":";

const SUM: &[u8] = b",\"sum\":\"";
/// `,"sum":"` + eight digits + `"}`.
const TAIL: usize = SUM.len() + 8 + 2;
/// The bytes that end a line, from its sum's digits on: eight digits, `"}` and the newline.
pub(crate) const SEAL: usize = 8 + 2 + 1;

/// One fact of a journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<T> {
    /// Its number, counted from 1 without gaps; also its line.
    pub seq: u64,
    /// The first sequence of the flush that made it durable.
    pub flush: u64,
    /// When it was appended, in milliseconds of wall time since 1970.
    pub at: u64,
    /// The fact.
    pub event: T,
}

/// A line whose shape and sum are right; its place behind the one before is not yet checked.
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) seq: u64,
    pub(crate) flush: u64,
    pub(crate) at: u64,
    pub(crate) prev: u32,
    pub(crate) sum: u32,
    /// Where the event's JSON stands in the line.
    pub(crate) event: Range<usize>,
}

/// Why a line is not a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// A newer release wrote it.
    Newer(u64),
    /// It is not what anyone wrote.
    Bad(&'static str),
}

/// Appends the line of one record to `buffer` and returns its sum; on an error `buffer` is as before.
pub(crate) fn encode<T: Serialize + ?Sized>(
    buffer: &mut Vec<u8>,
    seq: u64,
    flush: u64,
    at: u64,
    prev: u32,
    event: &T,
) -> Result<u32, serde_json::Error> {
    use std::io::Write;
    let begin = buffer.len();
    // Writing to memory cannot fail; the event's own serialisation can.
    let _ = write!(
        buffer,
        "{{\"v\":{VERSION},\"seq\":{seq},\"flush\":{flush},\"at\":{at},\"prev\":\"{prev:08x}\",\"event\":"
    );
    if let Err(error) = serde_json::to_writer(&mut *buffer, event) {
        buffer.truncate(begin);
        return Err(error);
    }
    let sum = crc32fast::hash(&buffer[begin..]);
    let _ = writeln!(buffer, ",\"sum\":\"{sum:08x}\"}}");
    Ok(sum)
}

/// Reads a line (without its newline).
pub(crate) fn decode(line: &[u8]) -> Result<Line, Flaw> {
    newer(line)?;
    let body = line.len().checked_sub(TAIL).ok_or(Flaw::Bad("it is cut short"))?;
    let (text, tail) = line.split_at(body);
    let digits = tail.strip_prefix(SUM).and_then(|rest| rest.strip_suffix(b"\"}")).ok_or(Flaw::Bad("it has no sum"))?;
    let sum = hexadecimal(digits).ok_or(Flaw::Bad("its sum is not a number"))?;
    if crc32fast::hash(text) != sum {
        return Err(Flaw::Bad("its sum does not match its content"));
    }
    shape(text, sum).ok_or(Flaw::Bad("it is not shaped like a record"))
}

/// Refuses a line of a later format, of which nothing but the leading version is known.
fn newer(line: &[u8]) -> Result<(), Flaw> {
    let Some(rest) = line.strip_prefix(b"{\"v\":") else { return Ok(()) };
    match number(rest) {
        Some((version, rest)) if version > VERSION && rest.first() == Some(&b',') => Err(Flaw::Newer(version)),
        _ => Ok(()),
    }
}

fn shape(text: &[u8], sum: u32) -> Option<Line> {
    let (seq, rest) = number(text.strip_prefix(HEAD)?)?;
    let (flush, rest) = number(rest.strip_prefix(b",\"flush\":")?)?;
    let (at, rest) = number(rest.strip_prefix(b",\"at\":")?)?;
    let rest = rest.strip_prefix(b",\"prev\":\"")?;
    let prev = hexadecimal(rest.get(..8)?)?;
    let event = rest[8..].strip_prefix(b"\",\"event\":")?;
    Some(Line { seq, flush, at, prev, sum, event: text.len() - event.len()..text.len() })
}

fn number(text: &[u8]) -> Option<(u64, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    Some((std::str::from_utf8(digits).ok()?.parse().ok()?, rest))
}

/// Exactly eight lower-case hexadecimal digits.
pub(crate) fn hexadecimal(digits: &[u8]) -> Option<u32> {
    if digits.len() != 8 || !digits.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}
