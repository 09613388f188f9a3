//! A text with a name, and places in it.

use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

/// A text that diagnostics point into: a file, or a value from the command line.
#[derive(Debug)]
pub struct Source {
    name: String,
    text: String,
    lines: OnceLock<Vec<usize>>,
}

/// A range of bytes of a [`Source`], half open.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// Line and column, both counted from 1, the column in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Span {
    /// The bytes from `start` up to `end`.
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// As a range, for slicing.
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// The smallest span that covers both.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        Self { start: self.start.min(other.start), end: self.end.max(other.end) }
    }
}

impl Source {
    /// A text under the name that a person knows it by (a path as given, or the option it came from).
    pub fn new(name: impl Into<String>, text: impl Into<String>) -> Arc<Self> {
        Arc::new(Self { name: name.into(), text: text.into(), lines: OnceLock::new() })
    }

    /// The name that a person knows it by.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The text of a span; empty when the span does not lie in this text.
    pub fn slice(&self, span: Span) -> &str {
        self.text.get(span.range()).unwrap_or_default()
    }

    /// The bytes at which lines start.
    fn lines(&self) -> &[usize] {
        self.lines.get_or_init(|| {
            let breaks = self.text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
            std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect()
        })
    }

    /// The span with both ends moved into the text and onto character boundaries.
    pub fn clamp(&self, span: Span) -> Span {
        let start = floor(&self.text, span.start);
        let end = ceil(&self.text, span.end);
        Span { start, end: end.max(start) }
    }

    /// Line and column of a byte; the end of the text for one behind it.
    pub fn position(&self, offset: usize) -> Position {
        let offset = floor(&self.text, offset);
        let line = self.lines().partition_point(|start| *start <= offset);
        let start = self.lines()[line - 1];
        Position { line, column: self.text[start..offset].chars().count() + 1 }
    }

    /// The span of a whole line, counted from 1, without its break; an empty one at the end for a line that is not there.
    pub fn line(&self, line: usize) -> Span {
        let Some(start) = line.checked_sub(1).and_then(|index| self.lines().get(index).copied()) else {
            return Span::new(self.text.len(), self.text.len());
        };
        let end = self.lines().get(line).map_or(self.text.len(), |next| next - 1);
        let text = &self.text[start..end];
        Span { start, end: start + text.strip_suffix('\r').unwrap_or(text).len() }
    }
}

/// The last character boundary at or before a byte.
pub(crate) fn floor(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The first character boundary at or after a byte.
pub(crate) fn ceil(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at += 1;
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let source = Source::new("x", "äö: ü\r\nb");
        let offset = source.text().find('ü').unwrap_or_default();
        assert_eq!(source.position(offset), Position { line: 1, column: 5 });
        assert_eq!(source.position(usize::MAX), Position { line: 2, column: 2 });
        assert_eq!(source.slice(source.line(1)), "äö: ü");
        assert_eq!(source.slice(source.line(3)), "");
    }

    #[test]
    fn a_place_inside_a_character_is_moved_to_its_start() {
        let source = Source::new("x", "ä");
        assert_eq!(source.clamp(Span::new(1, 1)), Span::new(0, 2));
        assert_eq!(source.position(1), Position { line: 1, column: 1 });
        assert_eq!(source.clamp(Span::new(9, 3)), Span::new(2, 2));
    }
}
