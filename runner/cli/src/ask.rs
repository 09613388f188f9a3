//! Asking the person at the terminal: the one place that does.
//!
//! A question is written to standard error and answered on standard input; where either is no terminal nobody is asked, and
//! whoever wanted to know ends with exit code 22 instead.

use std::io::{IsTerminal, Write};

/// What came of a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Agreed.
    Yes,
    /// Refused.
    No,
    /// There is nobody to ask.
    Nobody,
}

/// Whether there is somebody to ask.
pub(crate) fn is_possible() -> bool {
    std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
}

/// Asks until the answer is yes or no; nothing but the return key is no, and so is the end of the input. `agreed`: whether
/// the person has said yes to everything beforehand (`--yes`).
pub(crate) fn agree(question: &str, agreed: bool) -> Answer {
    if agreed {
        return Answer::Yes;
    }
    if !is_possible() {
        return Answer::Nobody;
    }
    loop {
        match line(&format!("{question} [y/N] ")).as_deref().map(understood) {
            Some(Some(true)) => return Answer::Yes,
            Some(None) => {}
            Some(Some(false)) | None => return Answer::No,
        }
    }
}

/// Asks for a line of text; `None` where there is nobody to ask, or the input ended.
pub(crate) fn line(prompt: &str) -> Option<String> {
    show(prompt)?;
    let mut answer = String::new();
    let length = std::io::stdin().read_line(&mut answer).ok()?;
    (length > 0).then(|| answer.trim().to_owned())
}

/// Asks for a line that is not shown while it is typed; `None` where there is nobody to ask, or nothing was typed.
pub(crate) fn secret(prompt: &str) -> Option<String> {
    show(prompt)?;
    let answer = console::Term::stderr().read_secure_line().ok()?;
    (!answer.is_empty()).then_some(answer)
}

fn show(prompt: &str) -> Option<()> {
    if !is_possible() {
        return None;
    }
    let mut to = std::io::stderr().lock();
    write!(to, "{prompt}").and_then(|()| to.flush()).ok()
}

/// `None`: neither yes nor no.
fn understood(answer: &str) -> Option<bool> {
    match answer.to_lowercase().as_str() {
        "y" | "yes" => Some(true),
        "" | "n" | "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::understood;

    #[test]
    fn only_a_yes_is_a_yes() {
        assert_eq!(["y", "YES", "", "n", "No"].map(understood), [true, true, false, false, false].map(Some));
        assert_eq!(["yeah", "ja", "1"].map(understood), [None; 3]);
    }
}
