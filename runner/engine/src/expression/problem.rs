//! What is wrong with a text, and where.

use std::fmt;

/// One thing wrong with a template or an expression, found while reading, checking or evaluating it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where, in bytes from the start of the text it was found in.
    pub offset: usize,
    /// What is wrong: a lower-case fragment with values in backticks.
    pub message: String,
    /// What to do about it, where that is known.
    pub hint: Option<String>,
}

impl Problem {
    /// A problem without a hint.
    pub fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { offset, message: message.into(), hint: None }
    }

    /// The same problem with a hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = Some(hint.into());
        self
    }

    /// The same problem with a hint, if there is one; an earlier hint stays where there is none.
    #[must_use]
    pub fn maybe_hint(mut self, hint: Option<String>) -> Self {
        if hint.is_some() {
            self.hint = hint;
        }
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}", self.message)?;
        match &self.hint {
            Some(hint) => write!(out, " ({hint})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Problem {}

/// The hint that names the known names nearest to `name`, or all of them when they are few.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let allowed = (name.chars().count() / 3).max(1);
    let mut close: Vec<(usize, &str)> = known
        .iter()
        .map(|candidate| (distance(name, candidate), *candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .collect();
    close.sort_unstable();
    close.dedup();
    close.truncate(3);
    if !close.is_empty() {
        let names: Vec<String> = close.iter().map(|(_, name)| format!("`{name}`")).collect();
        return Some(format!("did you mean {}?", names.join(" or ")));
    }
    if known.is_empty() || known.len() > 12 {
        return None;
    }
    let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
    Some(format!("known here: {}", names.join(", ")))
}

/// Edits between two names, where `a-b`, `aB` and `a_b` count as one edit apart at most.
fn distance(name: &str, candidate: &str) -> usize {
    let plain = |text: &str| text.replace(['-', '_'], "").to_lowercase();
    if plain(name) == plain(candidate) {
        return usize::from(name != candidate);
    }
    // Long garbage is never near anything; the measure is quadratic.
    if name.len() > 64 || candidate.len() > 64 {
        return usize::MAX;
    }
    strsim::damerau_levenshtein(name, candidate)
}

/// `name` as it may stand in a message: in backticks, cut when it is long.
pub(super) fn shown(name: &str) -> String {
    if name.chars().count() <= 60 {
        return format!("`{name}`");
    }
    let cut: String = name.chars().take(57).collect();
    format!("`{cut}…`")
}

#[cfg(test)]
mod tests {
    use super::{Problem, nearest, shown};

    #[test]
    fn near_names_are_offered_best_first() {
        assert_eq!(nearest("retri", ["retry", "return", "metro"]), Some("did you mean `retry`?".into()));
        assert_eq!(nearest("base-64", ["base64", "json"]), Some("did you mean `base64`?".into()));
    }

    #[test]
    fn few_names_are_listed_and_many_are_not() {
        assert_eq!(nearest("zzzz", ["a", "b"]), Some("known here: `a`, `b`".into()));
        let many: Vec<String> = (0..20).map(|i| format!("name{i}")).collect();
        assert_eq!(nearest("zzzzzzzzz", many.iter().map(String::as_str)), None);
        assert_eq!(nearest("x", []), None);
    }

    #[test]
    fn long_names_are_cut_in_messages() {
        assert_eq!(shown(&"é".repeat(100)).chars().count(), 60);
    }

    #[test]
    fn a_problem_reads_with_its_hint() {
        assert_eq!(Problem::new(3, "no").hint("yes").to_string(), "no (yes)");
    }
}
