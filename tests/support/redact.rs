//! What differs from run to run, listed once.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

/// What to look for, and what stands for it.
const DIFFERS: &[(&str, &str)] = &[
    // The id of a run: time, workflow, four digits.
    (r"\b\d{8}-\d{6}-([a-z0-9_-]+)-[0-9a-f]{4}\b", "RUN-$1"),
    // Who holds a lock, and since when.
    (r"\bprocess \d+", "process PID"),
    (r"\bsince \d\d:\d\d:\d\d(Z|\.\d+)?", "since TIME"),
    (r"\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)?", "TIME"),
    // How long something took.
    (r"\b\d+(\.\d+)?(ms|s)\b", "DURATION"),
    (r"\b127\.0\.0\.1:\d+", "127.0.0.1:PORT"),
];

/// A text without what differs from run to run. `base` is the project's temporary folder.
pub fn redact(text: &str, base: &Path) -> String {
    static PATTERNS: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
        let compile = |(pattern, stand_in): &(&str, &'static str)| (Regex::new(pattern).unwrap(), *stand_in);
        DIFFERS.iter().map(compile).collect()
    });
    let text = text.replace(&*base.to_string_lossy(), "BASE").replace(env!("CARGO_BIN_EXE_runner"), "runner");
    PATTERNS.iter().fold(text, |text, (pattern, stand_in)| pattern.replace_all(&text, *stand_in).into_owned())
}
