//! Times, tables and foreign text, as people read them.

use time::OffsetDateTime;
use time::macros::format_description;
use unicode_width::UnicodeWidthStr;

/// Milliseconds as `0.3 s`, `12 s`, `3m 05s`, `2h 03m`, `4d 01h`.
pub(crate) fn elapsed(milliseconds: u64) -> String {
    let seconds = milliseconds / 1000;
    match seconds {
        0..10 => format!("{}.{} s", seconds, milliseconds % 1000 / 100),
        10..60 => format!("{seconds} s"),
        60..3600 => format!("{}m {:02}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h {:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {:02}h", seconds / 86400, seconds % 86400 / 3600),
    }
}

/// Milliseconds since 1970 as `2026-11-21 10:15:02 UTC`.
pub(crate) fn clock(milliseconds: u64) -> String {
    let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
    let time = OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000);
    time.ok().and_then(|time| time.format(format).ok()).unwrap_or_else(|| milliseconds.to_string())
}

/// Bytes as `312 B`, `4.2 KiB`, `1.0 GiB`.
pub(crate) fn size(bytes: u64) -> String {
    let units = [(30, "GiB"), (20, "MiB"), (10, "KiB")];
    match units.into_iter().find(|(shift, _)| bytes >> shift > 0) {
        Some((shift, unit)) => format!("{}.{} {unit}", bytes >> shift, (bytes >> (shift - 10) & 1023) * 10 / 1024),
        None => format!("{bytes} B"),
    }
}

/// Whether a step's path is inside another's.
pub(crate) fn is_in(path: &str, around: &str) -> bool {
    path.strip_prefix(around).is_some_and(|rest| rest.starts_with(['/', '[']))
}

/// `1 step`, `2 steps`.
pub(crate) fn counted(number: usize, thing: &str) -> String {
    if number == 1 { format!("1 {thing}") } else { format!("{number} {thing}s") }
}

/// Rows as aligned columns, two spaces between them; the last column is not padded.
pub(crate) fn table(rows: &[Vec<String>]) -> String {
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<_> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width.saturating_sub(cell.width()) + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// A text, broken between words into lines of so many columns; all but the first begin with an indent.
pub(crate) fn wrapped(text: &str, columns: usize, indent: usize) -> String {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.width() + 1 + word.width() <= columns.max(20) => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines.join(&format!("\n{}", " ".repeat(indent)))
}

/// A text that may come from anywhere, as it is fit for standard output: as it is where that is no terminal.
pub(crate) fn for_stdout(text: &str) -> String {
    use std::io::IsTerminal;
    if std::io::stdout().is_terminal() { harmless(text) } else { text.to_owned() }
}

/// A text that may come from anywhere, fit for a terminal: what would move the cursor, ring, or change the direction of
/// writing is shown as an escape instead; a lone carriage return begins a new line.
pub(crate) fn harmless(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '\n' | '\t' => safe.push(letter),
            '\r' if letters.peek() == Some(&'\n') => {}
            '\r' => safe.push('\n'),
            _ if letter.is_control() || turns(letter) => safe.extend(letter.escape_default()),
            _ => safe.push(letter),
        }
    }
    safe
}

/// Whether a character changes the direction of what is written after it.
fn turns(letter: char) -> bool {
    matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{elapsed, harmless, table};

    #[test]
    fn times_are_as_exact_as_people_want_them() {
        let shown = [0, 950, 9_990, 10_000, 61_000, 3_723_000, 90_000_000].map(elapsed);
        assert_eq!(shown, ["0.0 s", "0.9 s", "9.9 s", "10 s", "1m 01s", "1h 02m", "1d 01h"]);
    }

    #[test]
    fn sizes_are_told_in_the_largest_unit() {
        let shown = [0, 1023, 1024, 4_300, 5 << 20, (7 << 30) + (1 << 29)].map(super::size);
        assert_eq!(shown, ["0 B", "1023 B", "1.0 KiB", "4.1 KiB", "5.0 MiB", "7.5 GiB"]);
    }

    #[test]
    fn what_moves_the_cursor_is_shown_as_an_escape() {
        assert_eq!(harmless("a\u{1b}[2Jb\u{7}c\u{9b}d"), "a\\u{1b}[2Jb\\u{7}c\\u{9b}d");
        assert_eq!(harmless("10%\r20%\r\ndone\tß"), "10%\n20%\ndone\tß");
        assert_eq!(harmless("a\u{202e}b"), "a\\u{202e}b");
    }

    #[test]
    fn wide_characters_keep_the_columns_straight() {
        let rows = [vec!["名".to_owned(), "x".to_owned()], vec!["ab".to_owned(), "y".to_owned()]];
        assert_eq!(table(&rows), "名  x\nab  y\n");
    }
}
