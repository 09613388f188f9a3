//! A list or mapping that is being read.

use std::collections::HashMap;
use std::sync::Arc;

use super::node::{Entry, Key, Kind, Node, Style};
use crate::diagnostic::{Diagnostic, Source, Span};

/// How much a finished value holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Finished {
    /// Levels of nesting, itself counted.
    pub(super) height: usize,
    /// Values, itself counted.
    pub(super) values: usize,
}

/// A list or mapping that is being read.
#[derive(Debug)]
pub(super) struct Frame {
    start: Span,
    flow: bool,
    anchor: usize,
    held: Finished,
    content: Content,
}

#[derive(Debug)]
enum Content {
    Sequence(Vec<Node>),
    Mapping { entries: Vec<Entry>, key: Awaited },
}

#[derive(Debug)]
enum Awaited {
    Key,
    Value(Key),
    /// The value of a key that was wrong, and is reported.
    Ignored,
}

impl Frame {
    fn new(start: Span, flow: bool, anchor: usize, content: Content) -> Self {
        Self { start, flow, anchor, held: Finished { height: 0, values: 0 }, content }
    }

    pub(super) fn sequence(start: Span, flow: bool, anchor: usize) -> Self {
        Self::new(start, flow, anchor, Content::Sequence(Vec::new()))
    }

    pub(super) fn mapping(start: Span, flow: bool, anchor: usize) -> Self {
        Self::new(start, flow, anchor, Content::Mapping { entries: Vec::new(), key: Awaited::Key })
    }

    pub(super) fn start(&self) -> Span {
        self.start
    }

    pub(super) fn is_flow(&self) -> bool {
        self.flow
    }

    pub(super) fn anchor(&self) -> usize {
        self.anchor
    }

    /// Whether what comes next is a key.
    pub(super) fn awaits_key(&self) -> bool {
        matches!(self.content, Content::Mapping { key: Awaited::Key, .. })
    }

    /// Takes the next item, key or value.
    pub(super) fn take(&mut self, node: Node, finished: Finished, source: &Arc<Source>, found: &mut Vec<Diagnostic>) {
        self.held.height = self.held.height.max(finished.height);
        self.held.values += finished.values;
        match &mut self.content {
            Content::Sequence(items) => items.push(node),
            Content::Mapping { entries, key } => match std::mem::replace(key, Awaited::Key) {
                Awaited::Key => *key = key_of(node, source, found).map_or(Awaited::Ignored, Awaited::Value),
                Awaited::Value(key) => entries.push(Entry { key, value: node }),
                Awaited::Ignored => {}
            },
        }
    }

    /// The value it has become.
    pub(super) fn close(self, source: &Arc<Source>, end: usize, found: &mut Vec<Diagnostic>) -> (Node, Finished) {
        let finished = Finished { height: self.held.height + 1, values: self.held.values + 1 };
        let span = Span::new(self.start.start, end.max(self.start.start));
        let one_line =
            Span::new(span.start, source.slice(span).find(['\n', '\r']).map_or(span.end, |at| span.start + at));
        let (kind, head) = match self.content {
            Content::Sequence(items) => {
                let dash = source.clamp(Span::new(span.start, (span.start + 1).min(one_line.end)));
                (Kind::Sequence(items), if self.flow { one_line } else { dash })
            }
            Content::Mapping { entries, .. } => {
                let entries = distinct(entries, source, found);
                let first = entries.first().map_or(one_line, |entry| entry.key.span);
                (Kind::Mapping(entries), if self.flow { one_line } else { first })
            }
        };
        (Node { span, head, kind }, finished)
    }
}

fn key_of(node: Node, source: &Arc<Source>, found: &mut Vec<Diagnostic>) -> Option<Key> {
    match node.kind {
        Kind::Scalar(scalar) if scalar.style == Style::Plain && scalar.text == "<<" => {
            let hint = "write the fields out, or share them through `defaults`";
            found.push(Diagnostic::error(source, node.head, "the merge key `<<` is not supported").hint(hint));
            None
        }
        Kind::Scalar(scalar) if scalar.style == Style::Plain && scalar.text.is_empty() => {
            found.push(Diagnostic::error(source, node.head, "a key is missing before the `:`"));
            None
        }
        Kind::Scalar(scalar) => Some(Key { text: scalar.text, span: node.head }),
        Kind::Wrong => None,
        Kind::Sequence(_) | Kind::Mapping(_) => {
            let message = format!("{} cannot be a key", node.describe());
            found.push(Diagnostic::error(source, node.head, message));
            None
        }
    }
}

/// The entries whose keys come first; the others are reported.
fn distinct(entries: Vec<Entry>, source: &Arc<Source>, found: &mut Vec<Diagnostic>) -> Vec<Entry> {
    let mut seen: HashMap<String, Span> = HashMap::with_capacity(entries.len());
    let mut kept = Vec::with_capacity(entries.len());
    for entry in entries {
        if let Some(first) = seen.get(&entry.key.text) {
            let message = format!("the key `{}` is there twice", entry.key.text);
            found.push(Diagnostic::error(source, entry.key.span, message).note(source, *first, "first here"));
        } else {
            seen.insert(entry.key.text.clone(), entry.key.span);
            kept.push(entry);
        }
    }
    kept
}
