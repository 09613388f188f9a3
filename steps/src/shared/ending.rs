//! How a program ended, in words.

use runner_sdk::{Error, Exit};

/// At most so many bytes of a program's last words enter a message.
const LAST_WORDS: usize = 600;

/// The error of a program that failed: who, how, and its last words. Transient, since most programs that fail once may
/// succeed the next time; the caller's `retry.when` sees the exit code and can say otherwise.
pub fn failed(who: &str, exit: Exit, tail: &str) -> Error {
    let how = match exit {
        Exit::Code(code) => format!("exited with code {code}"),
        Exit::Signal(signal) => format!("was ended by {}", signal_name(signal)),
    };
    let error = Error::transient(with_last_words(format!("{who} {how}"), tail)).exit_code(Some(exit.code()));
    match exit {
        Exit::Code(126) => error.hint("code 126 of a shell: a command is there but may not be executed"),
        Exit::Code(127) => error.hint("code 127 of a shell: a command was not found; is it installed and on `PATH`?"),
        Exit::Code(137) => {
            error.hint("code 137 of a shell: a command was killed by SIGKILL, perhaps for lack of memory")
        }
        Exit::Signal(9) => error.hint("SIGKILL from outside: perhaps the system ran out of memory"),
        _ => error,
    }
}

/// `message`, followed by a program's last words where it had any.
pub fn with_last_words(message: String, tail: &str) -> String {
    match last_words(tail) {
        words if words.is_empty() => message,
        words => format!("{message}: {words}"),
    }
}

/// The last three lines that say something, in one line, without colours and overwritten progress.
pub fn last_words(tail: &str) -> String {
    let tail = without_escapes(tail);
    let lines = tail.lines().rev().map(|line| line.trim_end().rsplit('\r').next().unwrap_or_default().trim());
    let mut lines: Vec<_> = lines.filter(|line| !line.is_empty()).take(3).collect();
    lines.reverse();
    let words = lines.join(" | ");
    let start = words.len().saturating_sub(LAST_WORDS);
    match (start..words.len()).find(|at| words.is_char_boundary(*at)) {
        Some(at) if start > 0 => format!("…{}", &words[at..]),
        _ => words,
    }
}

/// Text without terminal escapes and control characters other than line ends and tabs.
fn without_escapes(text: &str) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\u{1b}' if chars.peek() == Some(&'[') => {
                chars.next();
                while chars.next().is_some_and(|c| !('@'..='~').contains(&c)) {}
            }
            '\u{1b}' => {
                chars.next();
            }
            '\n' | '\r' | '\t' => clean.push(c),
            c if c.is_control() => {}
            c => clean.push(c),
        }
    }
    clean
}

/// The name of a signal, such as `SIGTERM`.
pub fn signal_name(signal: i32) -> String {
    let name = match signal {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        5 => "TRAP",
        6 => "ABRT",
        8 => "FPE",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        24 => "XCPU",
        25 => "XFSZ",
        other => return of_this_system(other).map_or_else(|| format!("signal {other}"), |name| format!("SIG{name}")),
    };
    format!("SIG{name}")
}

/// The signals whose numbers differ between systems.
fn of_this_system(signal: i32) -> Option<&'static str> {
    let names: &[(i32, &str)] = if cfg!(target_os = "linux") {
        &[(7, "BUS"), (10, "USR1"), (12, "USR2"), (31, "SYS")]
    } else {
        &[(10, "BUS"), (12, "SYS"), (30, "USR1"), (31, "USR2")]
    };
    names.iter().find(|(number, _)| *number == signal).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_names_who_how_and_the_last_words() {
        let error = failed("`make`", Exit::Code(2), "compiling\n\nno rule\nstop\n");
        assert_eq!(error.message, "`make` exited with code 2: compiling | no rule | stop");
        assert_eq!(error.exit_code, Some(2));
        let error = failed("`sleep`", Exit::Signal(15), "");
        assert_eq!((error.message.as_str(), error.exit_code), ("`sleep` was ended by SIGTERM", Some(143)));
    }

    #[test]
    fn last_words_have_no_colours_and_no_overwritten_progress() {
        assert_eq!(last_words("\u{1b}[31merror:\u{1b}[0m no\r\n 10%\r 50%\rdone\n\u{7}"), "error: no | done");
        assert_eq!(last_words("\u{1b}"), "");
        assert_eq!(last_words("\u{1b}[31"), "");
    }

    #[test]
    fn long_last_words_are_cut_between_characters() {
        let words = last_words(&"é€".repeat(1000));
        assert!(words.starts_with('…') && words.len() <= LAST_WORDS + 3, "{}", words.len());
    }
}
