//! One line.

use super::text;

/// What a piece of a line means, and so how it is painted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ink {
    Plain,
    Strong,
    Faint,
    Good,
    Bad,
    Care,
    Busy,
}

impl Ink {
    fn code(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Strong => "\u{1b}[1m",
            Self::Faint => "\u{1b}[2m",
            Self::Good => "\u{1b}[32m",
            Self::Bad => "\u{1b}[31m",
            Self::Care => "\u{1b}[33m",
            Self::Busy => "\u{1b}[36m",
        }
    }
}

/// A line of pieces. The pieces hold cleaned text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Ink, String)>);

impl Line {
    /// A line of one piece.
    pub(crate) fn of(ink: Ink, text: impl Into<String>) -> Self {
        Self(vec![(ink, text.into())])
    }

    /// Adds a piece.
    pub(crate) fn push(&mut self, ink: Ink, text: impl Into<String>) -> &mut Self {
        self.0.push((ink, text.into()));
        self
    }

    /// Adds spaces up to a column.
    pub(crate) fn pad(&mut self, column: usize) -> &mut Self {
        let missing = column.saturating_sub(self.width());
        self.push(Ink::Plain, " ".repeat(missing))
    }

    /// How many columns it takes.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, piece)| text::width(piece)).sum()
    }

    /// Cuts it to a width.
    pub(crate) fn cut(mut self, columns: usize, mark: &str) -> Self {
        if self.width() <= columns {
            return self;
        }
        let mut left = columns;
        let mut kept = Vec::new();
        for (ink, piece) in std::mem::take(&mut self.0) {
            let whole = text::width(&piece);
            // The mark needs its column: a piece that just fills the line is cut when more follows.
            if whole < left {
                left -= whole;
                kept.push((ink, piece));
                continue;
            }
            let (piece, _) = text::cut(&(piece + "\u{a0}"), left, mark);
            kept.push((ink, piece));
            break;
        }
        Self(kept)
    }

    /// The bare text.
    pub(crate) fn plain(&self) -> String {
        self.paint(false)
    }

    /// The text, painted or bare; without spaces at its end.
    pub(crate) fn paint(&self, colour: bool) -> String {
        let mut painted = String::new();
        for (ink, piece) in &self.0 {
            if colour && !ink.code().is_empty() && !piece.is_empty() {
                painted.push_str(ink.code());
                painted.push_str(piece);
                painted.push_str("\u{1b}[0m");
            } else {
                painted.push_str(piece);
            }
        }
        painted.truncate(painted.trim_end().len());
        painted
    }
}
