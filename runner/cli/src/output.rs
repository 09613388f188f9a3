//! What is printed. A reader that goes away (`runner runs | head -1`) ends the printing, not the program.

use std::io::{IsTerminal, Write};

/// Prints to standard output.
pub(crate) fn print(text: &str) {
    let _ = std::io::stdout().lock().write_all(text.as_bytes());
}

/// Prints to standard output; tells whether anyone still reads.
pub(crate) fn try_print(text: &str) -> bool {
    std::io::stdout().lock().write_all(text.as_bytes()).is_ok()
}

/// Prints a line to standard output.
pub(crate) fn line(text: impl AsRef<str>) {
    print(&format!("{}\n", text.as_ref()));
}

/// Prints a line to standard error.
pub(crate) fn note(text: impl AsRef<str>) {
    // In one write: standard error has no buffer.
    let _ = std::io::stderr().lock().write_all(format!("{}\n", text.as_ref()).as_bytes());
}

/// Prints an error and what can be done.
pub(crate) fn error(message: impl AsRef<str>, hint: Option<&str>) {
    let (red, bold, reset) = if colour_on_stderr() { ("\u{1b}[1;31m", "\u{1b}[1m", "\u{1b}[0m") } else { ("", "", "") };
    note(format!("{red}error{reset}{bold}: {}{reset}", message.as_ref()));
    if let Some(hint) = hint {
        note(format!("  hint: {hint}"));
    }
}

/// Whether standard error shows colours: a terminal that is not dumb, and nobody said `NO_COLOR`.
pub(crate) fn colour_on_stderr() -> bool {
    std::io::stderr().is_terminal() && colours_allowed()
}

/// Whether standard output shows colours.
pub(crate) fn colour_on_stdout() -> bool {
    std::io::stdout().is_terminal() && colours_allowed()
}

fn colours_allowed() -> bool {
    let unset = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
    unset("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The width for texts on standard error, in columns.
pub(crate) fn width() -> usize {
    console::Term::stderr().size_checked().map_or(100, |(_, columns)| usize::from(columns))
}

/// The width for texts on standard output, in columns.
pub(crate) fn columns() -> usize {
    console::Term::stdout().size_checked().map_or(100, |(_, columns)| usize::from(columns))
}

/// A text for standard output, bold where that shows colours.
pub(crate) fn bold(text: &str) -> String {
    if colour_on_stdout() { format!("\u{1b}[1m{text}\u{1b}[0m") } else { text.to_owned() }
}
