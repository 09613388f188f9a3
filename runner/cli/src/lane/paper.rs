//! Where words of steps are written: whole lines, with the step's name before each where there are several steps.

use std::collections::BTreeMap;
use std::io::{IsTerminal, Write};

use super::piece::Stream;
use crate::output;
use crate::words;

/// How long a line without an end may grow before it is shown all the same, in bytes.
const LONG: usize = 1 << 20;

/// Standard output.
pub(super) struct Paper {
    out: std::io::BufWriter<std::io::Stdout>,
    terminal: bool,
    /// The only step whose words there are; none where lines carry the name of their step.
    only: Option<String>,
    /// How many attempts there are of the only step.
    attempts: usize,
    /// Begun lines, by step and attempt.
    begun: BTreeMap<(String, u32), Vec<u8>>,
    /// Whose words the last line was, where the steps' names are not before them.
    heading: Option<(u32, Stream)>,
    read: bool,
}

impl Paper {
    pub(super) fn new(only: Option<&str>) -> Self {
        Self {
            out: std::io::BufWriter::new(std::io::stdout()),
            terminal: std::io::stdout().is_terminal(),
            only: only.map(str::to_owned),
            attempts: 0,
            begun: BTreeMap::new(),
            heading: None,
            read: true,
        }
    }

    /// An attempt will write.
    pub(super) fn expect(&mut self, path: &str) {
        if self.only.as_deref().is_some_and(|only| only != path) {
            self.only = None;
        }
        self.attempts += 1;
    }

    /// Writes the whole lines that there are now, and keeps the begin of the next.
    pub(super) fn write(&mut self, path: &str, attempt: u32, stream: Stream, bytes: &[u8]) {
        let key = (path.to_owned(), attempt);
        let mut text = self.begun.remove(&key).unwrap_or_default();
        text.extend_from_slice(bytes);
        let whole = match text.iter().rposition(|byte| *byte == b'\n') {
            Some(at) => at + 1,
            None if text.len() > LONG => text.len(),
            None => 0,
        };
        let rest = text.split_off(whole);
        self.lines(path, attempt, stream, &text);
        if !rest.is_empty() {
            self.begun.insert(key, rest);
        }
    }

    /// Nothing more comes: a begun line ends, too.
    pub(super) fn close(&mut self, path: &str, attempt: u32, stream: Stream) {
        if let Some(mut rest) = self.begun.remove(&(path.to_owned(), attempt)) {
            rest.push(b'\n');
            self.lines(path, attempt, stream, &rest);
        }
    }

    /// Tells that a part of a log is no longer there.
    pub(super) fn lost(&mut self, path: &str, attempt: u32, bytes: u64) {
        self.flush();
        output::note(format!("log lost: {} of `{path}` (attempt {attempt})", words::counted(bytes as usize, "byte")));
    }

    /// Tells that what was captured is not shown.
    pub(super) fn withheld(&mut self, path: &str, attempt: u32, why: &str) {
        self.flush();
        output::note(format!("what `{path}` captured (attempt {attempt}) is sealed and not shown: {why}"));
    }

    /// Whether anyone still reads.
    pub(super) fn is_read(&self) -> bool {
        self.read
    }

    pub(super) fn flush(&mut self) {
        self.read &= self.out.flush().is_ok();
    }

    fn lines(&mut self, path: &str, attempt: u32, stream: Stream, text: &[u8]) {
        if text.is_empty() {
            return;
        }
        let prefix = if self.only.is_some() {
            self.head(attempt, stream);
            String::new()
        } else {
            let label = if stream == Stream::Data { " data" } else { "" };
            format!("{path}{label} | ")
        };
        for line in text.split_inclusive(|byte| *byte == b'\n') {
            if self.terminal {
                let line = words::harmless(&String::from_utf8_lossy(line));
                for line in line.split_inclusive('\n') {
                    self.put(prefix.as_bytes());
                    self.put(line.as_bytes());
                }
            } else {
                self.put(prefix.as_bytes());
                self.put(line);
            }
        }
    }

    /// Where only one step speaks, a line says which attempt it is, if there are several, and where captured data begin.
    fn head(&mut self, attempt: u32, stream: Stream) {
        if self.heading == Some((attempt, stream)) {
            return;
        }
        let several = self.attempts > 1 || attempt > 1;
        if several && self.heading.is_none_or(|(before, _)| before != attempt) {
            self.put(format!("attempt {attempt}:\n").as_bytes());
        }
        if stream == Stream::Data {
            self.put(b"data:\n");
        }
        self.heading = Some((attempt, stream));
    }

    fn put(&mut self, bytes: &[u8]) {
        self.read &= self.out.write_all(bytes).is_ok();
    }
}
