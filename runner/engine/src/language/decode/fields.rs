//! The fields of a mapping.

use super::Decoder;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::language::ast::{Named, Spanned};
use crate::language::reader::{Entry, Key, Node};

/// The fields of a mapping whose keys are known.
pub(super) struct Fields<'n> {
    entries: &'n [Entry],
    /// The place to point at for the whole.
    pub(super) head: Span,
}

impl<'n> Fields<'n> {
    /// The value of a key.
    pub(super) fn get(&self, key: &str) -> Option<&'n Node> {
        self.entry(key).map(|entry| &entry.value)
    }

    /// The place of a key.
    pub(super) fn key(&self, key: &str) -> Option<Span> {
        self.entry(key).map(|entry| entry.key.span)
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.entry(key).is_some()
    }

    fn entry(&self, key: &str) -> Option<&'n Entry> {
        self.entries.iter().find(|entry| entry.key.text == key)
    }
}

impl Decoder<'_> {
    /// The fields of a mapping that may hold the `known` keys; those in `later` are said to come with later versions.
    pub(super) fn fields<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        known: &[&str],
        later: &[&str],
    ) -> Option<Fields<'n>> {
        let Some(entries) = node.as_mapping() else {
            self.mismatch(node, &format!("{what} as a mapping"), None);
            return None;
        };
        for entry in entries {
            let key = entry.key.text.as_str();
            if known.contains(&key) {
                continue;
            }
            if self.sink.is_full() {
                self.error(entry.key.span, format!("unknown key `{key}` in {what}"));
                continue;
            }
            let message = format!("unknown key `{key}` in {what}");
            let hint = if later.contains(&key) {
                Some(format!("`{key}` is not yet known to this version"))
            } else {
                synonym(key, known).or_else(|| did_you_mean(key, known.iter().copied())).or_else(|| Some(listed(known)))
            };
            self.sink.push(Diagnostic::error(self.source, entry.key.span, message).maybe_hint(hint));
        }
        Some(Fields { entries, head: node.head })
    }

    /// The entries of a mapping whose keys are names; wrong names are reported and their entries are left out.
    pub(super) fn entries<'n>(
        &mut self,
        node: &'n Node,
        what: &str,
        named: fn(&mut Self, &Key) -> Option<Spanned<String>>,
    ) -> Vec<Named<&'n Node>> {
        let Some(entries) = node.as_mapping() else {
            self.mismatch(node, &format!("{what} as a mapping of names"), None);
            return Vec::new();
        };
        let one = |entry: &'n Entry| named(self, &entry.key).map(|name| Named { name, value: &entry.value });
        entries.iter().filter_map(one).collect()
    }

    /// The items of a list.
    pub(super) fn items<'n>(&mut self, node: &'n Node, expected: &str, hint: Option<String>) -> Option<&'n [Node]> {
        if node.as_sequence().is_none() {
            self.mismatch(node, expected, hint);
        }
        node.as_sequence()
    }

    /// Reports a key that must be there.
    pub(super) fn missing(&mut self, span: Span, what: &str, key: &str) {
        self.error(span, format!("{what} needs `{key}`"));
    }
}

/// Words of other tools, and what they are called here.
const SYNONYMS: [(&str, &str); 24] = [
    ("if", "when"),
    ("depends_on", "needs"),
    ("depends-on", "needs"),
    ("deps", "needs"),
    ("after", "needs"),
    ("loop", "foreach"),
    ("for_each", "foreach"),
    ("with_items", "foreach"),
    ("matrix", "foreach"),
    ("continue_on_error", "on_error"),
    ("continue-on-error", "on_error"),
    ("ignore_errors", "on_error"),
    ("retries", "retry"),
    ("jobs", "steps"),
    ("tasks", "steps"),
    ("stages", "steps"),
    ("params", "inputs"),
    ("parameters", "inputs"),
    ("vars", "inputs"),
    ("environment", "env"),
    ("working-directory", "dir"),
    ("working_directory", "dir"),
    ("cwd", "dir"),
    ("register", "outputs"),
];

/// The hint for a word of another tool.
fn synonym(key: &str, known: &[&str]) -> Option<String> {
    let field = match key {
        "cmd" | "cmds" | "command" => Some("command"),
        "shell" | "script" => Some("script"),
        _ => None,
    };
    if let Some(field) = field.filter(|_| known.contains(&"uses")) {
        return Some(format!("a command is a step of its own: `uses: exec.run` with `{field}` under `with`"));
    }
    let (_, name) = SYNONYMS.iter().find(|(word, name)| *word == key && known.contains(name))?;
    Some(format!("here it is called `{name}`"))
}

fn listed(known: &[&str]) -> String {
    let names: Vec<_> = known.iter().map(|name| format!("`{name}`")).collect();
    format!("known are {}", names.join(", "))
}
