//! Texts from outside, fit for a terminal.

use unicode_width::UnicodeWidthChar;

/// How many marks may stand on one letter; more would reach into the lines around.
const MARKS: usize = 3;

/// A line of text in which nothing moves the cursor, rings, colours, or turns the direction of writing. Of a line that was
/// overwritten by carriage returns the last state stays. Joiners and variants go, too: terminals do not agree on how wide
/// what they join is. Not more than `most` characters.
pub(crate) fn clean(text: &str, most: usize) -> String {
    let text = last_state(text.trim_end_matches(['\r', '\n']));
    let mut cleaned = String::new();
    let (mut count, mut marks) = (0, 0);
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        if count >= most {
            break;
        }
        match letter {
            '\u{1b}' => skip_escape(&mut letters),
            // The same sequences in one character.
            '\u{90}' | '\u{98}' | '\u{9d}'..='\u{9f}' => skip_string(&mut letters),
            '\u{9b}' => skip_control(&mut letters),
            '\t' | '\n' => {
                cleaned.push_str("  ");
                (count, marks) = (count + 2, 0);
            }
            _ if letter.is_control() || is_invisible(letter) => {}
            _ if letter.width() == Some(0) => {
                marks += 1;
                if marks <= MARKS && count > 0 {
                    cleaned.push(letter);
                }
            }
            _ => {
                cleaned.push(letter);
                (count, marks) = (count + 1, 0);
            }
        }
    }
    cleaned
}

/// The last lines of a piece of output, cleaned; empty ones at the end left out.
pub(crate) fn last_lines(bytes: &[u8], lines: usize, most: usize) -> Vec<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut found: Vec<_> = text
        .trim_end()
        .rsplit('\n')
        .map(|line| clean(line, most))
        .filter(|line| !line.trim().is_empty())
        .take(lines)
        .collect();
    found.reverse();
    found
}

/// How many columns a cleaned text takes.
pub(crate) fn width(text: &str) -> usize {
    text.chars().map(|letter| letter.width().unwrap_or(0)).sum()
}

/// As much of a cleaned text as fits into so many columns, with its width; cut off with `mark` where it does not.
pub(crate) fn cut(text: &str, columns: usize, mark: &str) -> (String, usize) {
    let whole = width(text);
    if whole <= columns {
        return (text.to_owned(), whole);
    }
    let room = columns.saturating_sub(width(mark));
    let (mut kept, mut used) = (String::new(), 0);
    for letter in text.chars() {
        let wide = letter.width().unwrap_or(0);
        if used + wide > room {
            break;
        }
        kept.push(letter);
        used += wide;
    }
    if columns > 0 {
        kept.push_str(mark);
        used += width(mark);
    }
    (kept, used)
}

/// A cleaned text in lines of at most so many columns, broken between words where it can be.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.split(' ') {
        let wide = width(word);
        if used > 0 && used + 1 + wide > columns {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        // A word that is longer than a line is left whole: the terminal breaks it, and it can be copied.
        line.push_str(word);
        used += wide;
    }
    lines.push(line);
    lines
}

/// What is left of a line after its carriage returns.
fn last_state(line: &str) -> &str {
    line.rsplit('\r').find(|state| !state.is_empty()).unwrap_or_default()
}

fn is_invisible(letter: char) -> bool {
    matches!(letter,
        '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}

fn skip_escape(letters: &mut std::str::Chars<'_>) {
    match letters.next() {
        Some('[') => skip_control(letters),
        Some(']' | 'P' | 'X' | '^' | '_') => skip_string(letters),
        // A sequence with intermediate bytes, such as one that chooses a character set.
        Some(' '..='/') => {
            let _ = letters.find(|letter| matches!(letter, '0'..='~'));
        }
        _ => {}
    }
}

/// A control sequence up to its final byte.
fn skip_control(letters: &mut std::str::Chars<'_>) {
    let _ = letters.find(|letter| matches!(letter, '@'..='~'));
}

/// A string such as a window's title, up to its end.
fn skip_string(letters: &mut std::str::Chars<'_>) {
    let mut escaped = false;
    for letter in letters.by_ref() {
        match letter {
            '\u{7}' | '\u{9c}' => return,
            '\\' if escaped => return,
            _ => escaped = letter == '\u{1b}',
        }
    }
}
