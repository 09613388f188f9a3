//! The picture on the terminal, drawn over the one before.
//!
//! The cursor rests at the begin of the line below the picture, so that what the terminal echoes (`^C`) harms nothing, and
//! lines are not filled up, so that a narrower window has little to reflow. Both are why this is not left to a crate: the
//! common ones fill lines to the full width and rest at their end.

use std::fmt::Write as _;
use std::io::Write;

use crate::report::draw::Line;

/// Begin and end of an update that is shown at once, where the terminal knows of that.
const BEGIN: &str = "\u{1b}[?2026h";
const END: &str = "\u{1b}[?2026l";

/// A terminal with a picture at its bottom.
pub(super) struct Screen<W> {
    to: W,
    colour: bool,
    /// How wide the lines of the picture are.
    drawn: Vec<usize>,
}

impl<W: Write> Screen<W> {
    pub(super) fn new(to: W, colour: bool) -> Self {
        Self { to, colour, drawn: Vec::new() }
    }

    /// Draws the picture anew in a terminal of so many columns, with lines that stay above it.
    pub(super) fn show(&mut self, above: &[String], lines: &[Line], columns: usize) {
        let mut text = String::from(BEGIN);
        self.rewind(&mut text, columns);
        for line in above {
            text.push_str(line);
            text.push_str("\u{1b}[K\r\n");
        }
        for line in lines {
            text.push_str(&line.paint(self.colour));
            text.push_str("\u{1b}[K\r\n");
        }
        text.push_str("\u{1b}[J");
        text.push_str(END);
        self.drawn = lines.iter().map(Line::width).collect();
        self.write(&text);
    }

    /// The picture is left where it is: something else was written below it.
    pub(super) fn forget(&mut self) {
        self.drawn.clear();
    }

    /// Puts lines that stay in the place of the picture.
    pub(super) fn end(&mut self, lines: &[String], columns: usize) {
        let mut text = String::new();
        self.rewind(&mut text, columns);
        for line in lines {
            text.push_str(line);
            text.push_str("\u{1b}[K\r\n");
        }
        // Last, not first: tmux keeps in its history what is cleared from the top of a screen.
        text.push_str("\u{1b}[J");
        self.drawn.clear();
        self.write(&text);
    }

    /// Moves to the begin of the picture. In a window that became narrower its lines take more rows than they did.
    fn rewind(&self, text: &mut String, columns: usize) {
        let rows: usize = self.drawn.iter().map(|width| width.div_ceil(columns.max(1)).max(1)).sum();
        text.push('\r');
        if rows > 0 {
            let _ = write!(text, "\u{1b}[{rows}A");
        }
    }

    fn write(&mut self, text: &str) {
        // A terminal that went away takes the picture with it, not the run.
        let _ = self.to.write_all(text.as_bytes()).and_then(|()| self.to.flush());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::draw::Ink;

    /// What is written by `act` on a screen with two lines of 30 columns.
    fn written(act: impl FnOnce(&mut Screen<&mut Vec<u8>>)) -> String {
        let (mut before, mut after) = (Vec::new(), Vec::new());
        let lines = [Line::of(Ink::Plain, "x".repeat(30)), Line::of(Ink::Plain, "y".repeat(30))];
        let mut first = Screen::new(&mut before, false);
        first.show(&[], &lines, 80);
        let mut screen = Screen { to: &mut after, colour: false, drawn: first.drawn };
        act(&mut screen);
        String::from_utf8(after).unwrap()
    }

    #[test]
    fn a_picture_is_drawn_over_the_one_before() {
        let text = written(|screen| screen.show(&["said".to_owned()], &[Line::of(Ink::Bad, "z")], 80));
        assert_eq!(text, "\u{1b}[?2026h\r\u{1b}[2Asaid\u{1b}[K\r\nz\u{1b}[K\r\n\u{1b}[J\u{1b}[?2026l");
    }

    #[test]
    fn in_a_window_that_became_narrower_the_lines_are_found_where_they_wrapped() {
        assert!(written(|screen| screen.show(&[], &[], 20)).contains("\r\u{1b}[4A"));
        assert!(written(|screen| screen.show(&[], &[], 0)).contains("\r\u{1b}[60A"));
    }

    #[test]
    fn at_the_end_nothing_of_the_picture_stays() {
        assert_eq!(written(|screen| screen.end(&["done".to_owned()], 80)), "\r\u{1b}[2Adone\u{1b}[K\r\n\u{1b}[J");
    }
}
