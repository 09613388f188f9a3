//! What one attempt says: a range of each of its lane's files.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

use runner_engine::driver::LogRange;

/// How much is read at once, in bytes.
const CHUNK: usize = 64 * 1024;

/// Which of a lane's files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stream {
    /// What was said.
    Out,
    /// What was captured.
    Data,
}

/// What one attempt says.
pub(super) struct Piece {
    pub(super) path: String,
    pub(super) attempt: u32,
    lane: Option<String>,
    out: Span,
    data: Span,
    /// Where its output lies, once it has ended, if what was captured is sealed.
    pub(super) sealed: Option<LogRange>,
}

/// From which byte is still to be read, and up to which.
#[derive(Clone, Copy, Debug, Default)]
struct Span {
    at: u64,
    to: Option<u64>,
}

impl Piece {
    pub(super) fn new(path: &str, attempt: u32) -> Self {
        Self { path: path.to_owned(), attempt, lane: None, out: Span::default(), data: Span::default(), sealed: None }
    }

    /// The attempt writes, from these places on.
    pub(super) fn begun(&mut self, lane: &str, out: u64, data: u64) {
        if self.lane.is_none() {
            self.lane = Some(lane.to_owned());
            self.out.at = out;
            self.data.at = data;
        }
    }

    /// The attempt ended and has written this.
    pub(super) fn ended(&mut self, log: &LogRange) {
        if self.lane.is_none() {
            self.lane = Some(log.lane.clone());
            self.out.at = log.out.from;
            self.data.at = log.data.from;
        }
        self.out.to = Some(log.out.to);
        self.data.to = Some(log.data.to);
        self.sealed = log.sealed.is_some().then(|| log.clone());
    }

    /// Whether it has ended.
    pub(super) fn is_over(&self) -> bool {
        self.out.to.is_some()
    }

    /// Hands on what was not read yet. `Err` tells how many bytes of what the journal names are not there.
    pub(super) fn read(
        &mut self,
        run: &Path,
        stream: Stream,
        mut hand: impl FnMut(&[u8]),
    ) -> io::Result<Result<(), u64>> {
        let (ending, span) = match stream {
            Stream::Out => ("out", &mut self.out),
            Stream::Data => ("data", &mut self.data),
        };
        let Some(lane) = &self.lane else { return Ok(Ok(())) };
        let mut left = span.to.map_or(u64::MAX, |to| to.saturating_sub(span.at));
        if left == 0 {
            return Ok(Ok(()));
        }
        let opened = File::open(runner_keeper::lane::folder(run).join(format!("{lane}.{ending}")));
        let mut file = match opened {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(if span.to.is_some() { Err(left) } else { Ok(()) });
            }
            other => other?,
        };
        file.seek(SeekFrom::Start(span.at))?;
        let mut chunk = vec![0; CHUNK];
        while left > 0 {
            let most = usize::try_from(left).map_or(CHUNK, |left| left.min(CHUNK));
            let length = file.read(&mut chunk[..most])?;
            if length == 0 {
                break;
            }
            hand(&chunk[..length]);
            span.at += length as u64;
            left -= length as u64;
        }
        Ok(if span.to.is_some() && left > 0 { Err(left) } else { Ok(()) })
    }
}
