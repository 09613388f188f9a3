//! What a program printed that was captured: read from its lane, opened where it is sealed.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use runner_keeper::lane::folder;
use runner_keeper::seal::{Keys, Place, Unopened, open};

use super::entry::LogRange;

/// The most that a step may leave as data, in bytes.
const MOST: u64 = 64 << 20;

/// How much longer sealed output may be than what is in it: programs that print byte by byte make chunks of a byte.
const OVERHEAD: u64 = 8;

/// What an attempt of the run in `run` printed that was captured. `Err` within tells why it does not open; the keys are
/// asked for only where it is sealed.
pub fn captured(run: &Path, log: &LogRange, keys: impl FnOnce() -> Keys) -> io::Result<Result<Vec<u8>, Unopened>> {
    let length = log.data.length();
    if length == 0 {
        return Ok(Ok(Vec::new()));
    }
    let too_much = |bytes: u64| {
        let message = format!("it printed {bytes} bytes to be captured, more than the {MOST} that are kept");
        io::Error::new(io::ErrorKind::FileTooLarge, message)
    };
    let limit = if log.sealed.is_some() { MOST * OVERHEAD } else { MOST };
    if length > limit {
        return Err(too_much(length));
    }
    let mut file = File::open(folder(run).join(format!("{}.data", log.lane)))?;
    file.seek(SeekFrom::Start(log.data.from))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    if (bytes.len() as u64) < length {
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, "a part of it is lost"));
    }
    if log.sealed.is_none() {
        return Ok(Ok(bytes));
    }
    let Ok(lane) = log.lane.parse() else { return Ok(Err(Unopened::Damaged)) };
    let opened = open(&keys(), Place { lane, begin: log.data.from }, &bytes);
    match opened {
        Ok(plain) if plain.len() as u64 > MOST => Err(too_much(plain.len() as u64)),
        opened => Ok(opened),
    }
}
