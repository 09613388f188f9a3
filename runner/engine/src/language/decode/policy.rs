//! `defaults`, `concurrency`, `retry`, `until` and their like.

use super::Decoder;
use crate::language::ast::{Concurrency, Defaults, Named, OnError, Retry, Until};
use crate::language::reader::{Key, Node};
use crate::ledger::WhenBusy;

const ON_ERROR: [(&str, OnError); 4] =
    [("stop", OnError::Stop), ("continue", OnError::Continue), ("ignore", OnError::Ignore), ("undo", OnError::Undo)];
/// Those that fit a whole workflow.
const ON_ERROR_OF_ALL: [(&str, OnError); 2] = [("stop", OnError::Stop), ("undo", OnError::Undo)];

/// The keys of `retry`.
pub(super) const RETRY: [&str; 6] = ["attempts", "delay", "factor", "max_delay", "jitter", "when"];
/// The keys of `until`.
pub(super) const UNTIL: [&str; 3] = ["that", "every", "within"];
/// The keys of `concurrency`.
pub(super) const CONCURRENCY: [&str; 3] = ["group", "when_busy", "within"];
/// The keys of `defaults`.
pub(super) const DEFAULTS: [&str; 7] = ["timeout", "retry", "grace", "env", "dir", "on_error", "with"];

impl Decoder<'_> {
    pub(super) fn on_error(&mut self, node: &Node) -> Option<crate::language::ast::Spanned<OnError>> {
        self.choice(node, &ON_ERROR, &[])
    }

    /// `on_error` of a whole workflow.
    pub(super) fn on_error_of_all(&mut self, node: &Node) -> Option<crate::language::ast::Spanned<OnError>> {
        self.choice(node, &ON_ERROR_OF_ALL, &[])
    }

    /// `on_error` under `defaults`.
    fn default_on_error(&mut self, node: &Node) -> Option<crate::language::ast::Spanned<OnError>> {
        let rule = self.on_error(node)?;
        if rule.value == OnError::Undo {
            let hint = "write `on_error: undo` at the top level to undo the whole, or on a group";
            self.error_hint(rule.span, "`on_error: undo` does not fit `defaults`", hint);
            return None;
        }
        Some(rule)
    }

    pub(super) fn retry(&mut self, node: &Node) -> Option<Retry> {
        if let (Some(_), Some(attempts)) = (node.as_scalar(), node.to_json().as_u64()) {
            self.mismatch(node, "`retry` as a mapping", Some(format!("write `{{attempts: {attempts}}}`")));
            return None;
        }
        let fields = self.fields(node, "`retry`", &RETRY, &[])?;
        let retry = Retry {
            attempts: fields.get("attempts").and_then(|node| self.count(node)),
            delay: fields.get("delay").and_then(|node| self.duration(node)),
            factor: fields
                .get("factor")
                .and_then(|node| self.number(node, "a number of at least 1", |value| value >= 1.0)),
            max_delay: fields.get("max_delay").and_then(|node| self.duration(node)),
            jitter: fields
                .get("jitter")
                .and_then(|node| self.number(node, "a number from 0 to 1", |value| (0.0..=1.0).contains(&value))),
            when: fields.get("when").and_then(|node| self.expr(node)),
        };
        if let (Some(delay), Some(most)) = (&retry.delay, &retry.max_delay)
            && delay.value > most.value
        {
            self.error(delay.span, "`delay` is longer than `max_delay`");
        }
        Some(retry)
    }

    pub(super) fn until(&mut self, node: &Node) -> Option<Until> {
        let fields = self.fields(node, "`until`", &UNTIL, &[])?;
        let every = fields.get("every").and_then(|node| self.time(node));
        let within = fields.get("within").and_then(|node| self.time(node));
        if let (Some(every), Some(within)) = (&every, &within)
            && every.value > within.value
        {
            self.error(every.span, "`every` is longer than `within`, so there would be one poll only");
        }
        if !fields.has("that") {
            self.missing(fields.head, "`until`", "that");
        }
        let that = fields.get("that").and_then(|node| self.expr(node))?;
        Some(Until { that, every, within })
    }

    pub(super) fn concurrency(&mut self, node: &Node) -> Option<Concurrency> {
        let fields = self.fields(node, "`concurrency`", &CONCURRENCY, &[])?;
        let words = [("fail", WhenBusy::Fail), ("wait", WhenBusy::Wait), ("replace", WhenBusy::Replace)];
        let when_busy = fields.get("when_busy").and_then(|node| self.choice(node, &words, &[]));
        let within = fields.get("within").and_then(|node| self.time(node));
        let waits = fields.has("when_busy") && when_busy.is_none_or(|when| when.value != WhenBusy::Fail);
        if let (Some(within), false) = (&within, waits) {
            let hint = "add `when_busy: wait`, or leave `within` out";
            self.error_hint(within.span, "`within` bounds a waiting, and without `when_busy` nothing waits", hint);
        }
        if !fields.has("group") {
            self.missing(fields.head, "`concurrency`", "group");
        }
        let group = fields.get("group").and_then(|node| self.text(node))?;
        Some(Concurrency { group, when_busy, within })
    }

    pub(super) fn defaults(&mut self, node: &Node) -> Defaults {
        let Some(fields) = self.fields(node, "`defaults`", &DEFAULTS, &[]) else { return Defaults::default() };
        Defaults {
            timeout: fields.get("timeout").and_then(|node| self.time(node)),
            retry: fields.get("retry").and_then(|node| self.retry(node)),
            grace: fields.get("grace").and_then(|node| self.duration(node)),
            env: fields.get("env").map(|node| self.env(node)).unwrap_or_default(),
            dir: fields.get("dir").and_then(|node| self.text(node)),
            on_error: fields.get("on_error").and_then(|node| self.default_on_error(node)),
            with: fields.get("with").map(|node| self.namespaces(node)).unwrap_or_default(),
        }
    }

    /// `defaults.with`: a mapping for each namespace.
    fn namespaces(&mut self, node: &Node) -> Vec<Named<Node>> {
        let named = |decoder: &mut Self, key: &Key| {
            if let Some((namespace, _)) = key.text.split_once('.') {
                let hint = format!("write `{namespace}`: the fields hold for all its step types");
                decoder.error_hint(key.span, format!("`{}` is a step type, not a namespace", key.text), hint);
                return None;
            }
            decoder.identifier(&key.text, key.span, "a namespace")
        };
        let entries = self.entries(node, "`defaults.with`", named);
        entries.into_iter().map(|entry| Named { value: self.with(entry.value), name: entry.name }).collect()
    }

    /// `with`: a mapping whose fields only the step type knows.
    pub(super) fn with(&mut self, node: &Node) -> Node {
        if node.as_mapping().is_none() {
            self.mismatch(node, "`with` as a mapping", None);
            // There is one, so what it lacks is not said as well.
            return Node::wrong(node.head);
        }
        node.clone()
    }
}
