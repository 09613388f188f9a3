//! The few signs that states are told by.

/// Signs for a terminal.
#[derive(Debug)]
pub(crate) struct Glyphs {
    pub(crate) spinner: &'static [&'static str],
    pub(crate) open: &'static str,
    pub(crate) pending: &'static str,
    pub(crate) done: &'static str,
    pub(crate) failed: &'static str,
    pub(crate) skipped: &'static str,
    pub(crate) cancelled: &'static str,
    pub(crate) again: &'static str,
    pub(crate) doubt: &'static str,
    pub(crate) serving: &'static str,
    pub(crate) undone: &'static str,
    pub(crate) rail: &'static str,
    pub(crate) more: &'static str,
    pub(crate) dot: &'static str,
    /// Full and empty parts of a bar.
    pub(crate) bar: (&'static str, &'static str),
}

impl Glyphs {
    /// Signs for terminals that show Unicode.
    pub(crate) const UNICODE: Self = Self {
        spinner: &["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"],
        open: "▾",
        pending: "·",
        done: "✓",
        failed: "✗",
        skipped: "-",
        cancelled: "⊘",
        again: "↻",
        doubt: "?",
        serving: "●",
        undone: "↶",
        rail: "│",
        more: "…",
        dot: " · ",
        bar: ("━", "╌"),
    };

    /// Signs for those that do not.
    pub(crate) const ASCII: Self = Self {
        spinner: &["|", "/", "-", "\\"],
        open: "v",
        pending: ".",
        done: "+",
        failed: "x",
        skipped: "-",
        cancelled: "/",
        again: "@",
        doubt: "?",
        serving: "o",
        undone: "<",
        rail: "|",
        more: "~",
        dot: ", ",
        bar: ("=", "-"),
    };

    /// The signs that a locale can show: where its variables name one without UTF-8, plain ones.
    pub(crate) fn of_locale(all: Option<&str>, ctype: Option<&str>, lang: Option<&str>) -> &'static Self {
        let named = [all, ctype, lang].into_iter().flatten().find(|name| !name.is_empty());
        let unicode = named.is_none_or(|name| {
            let name = name.to_ascii_lowercase();
            name.contains("utf-8") || name.contains("utf8")
        });
        if unicode { &Self::UNICODE } else { &Self::ASCII }
    }
}
