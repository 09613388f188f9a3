//! What is tried with each input, and what must hold.

use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use runner_engine::diagnostic::{Diagnostic, Sink, Source, Span, render, to_json};
use runner_engine::language::reader::{Kind, Node, Style, read_bytes};
use runner_engine::language::{Document, decode};

/// What became of an input.
pub(crate) struct Seen {
    document: Option<Document>,
    found: Vec<Diagnostic>,
}

/// Reads and decodes.
pub(crate) fn read(bytes: &[u8]) -> Seen {
    let mut sink = Sink::new();
    let document = read_bytes("input", bytes, &mut sink);
    if let Some(document) = &document {
        assert!(document.root.is_some() || sink.has_errors(), "nothing was read and nothing said");
        decode(document, &mut sink);
    }
    Seen { document, found: sink.finish() }
}

impl Seen {
    fn root(&self) -> Option<&Node> {
        self.document.as_ref()?.root.as_ref()
    }

    /// What was said and seen, as a number: the words without what they quote, and the styles of the scalars.
    pub(crate) fn shape(&self) -> u64 {
        fn styles(node: &Node, depth: usize, shape: &mut BTreeSet<String>) {
            match &node.kind {
                Kind::Scalar(scalar) => drop(shape.insert(format!("{} {:?}", depth.min(2), scalar.style))),
                Kind::Sequence(items) => items.iter().for_each(|item| styles(item, depth + 1, shape)),
                Kind::Mapping(entries) => entries.iter().for_each(|entry| styles(&entry.value, depth + 1, shape)),
                Kind::Wrong => {}
            }
        }
        let mut shape = BTreeSet::new();
        if let Some(root) = self.root() {
            styles(root, 0, &mut shape);
        }
        for diagnostic in &self.found {
            let words: String = diagnostic.message.split('`').step_by(2).collect();
            shape.insert(words.chars().filter(|character| !character.is_numeric()).collect());
        }
        let mut hasher = DefaultHasher::new();
        shape.hash(&mut hasher);
        hasher.finish()
    }

    /// Draws it all; every place must lie in the text.
    pub(crate) fn check(&self) {
        if let (Some(document), Some(root)) = (&self.document, self.root()) {
            tree(document, root, 0);
            let _ = root.to_json();
        }
        self.found.iter().for_each(place);
        let few = &self.found[..self.found.len().min(5)];
        assert_eq!(render(few, 80, false).is_empty(), few.is_empty());
        assert_eq!(to_json(few).as_array().map(Vec::len), Some(few.len()));
    }

    /// What the planted panic waits for: a folded block with a template in it.
    pub(crate) fn is_planted(&self) -> bool {
        fn inside(node: &Node) -> bool {
            match &node.kind {
                Kind::Scalar(scalar) => scalar.style == Style::Folded && scalar.text.contains("{{"),
                Kind::Sequence(items) => items.iter().any(inside),
                Kind::Mapping(entries) => entries.iter().any(|entry| inside(&entry.value)),
                Kind::Wrong => false,
            }
        }
        self.root().is_some_and(inside)
    }
}

fn place(diagnostic: &Diagnostic) {
    assert!(!diagnostic.message.is_empty() && !diagnostic.message.contains('\n'), "{:?}", diagnostic.message);
    let places = diagnostic.notes.iter().map(|note| (&note.source, note.span));
    for (source, span) in diagnostic.span.map(|span| (&diagnostic.source, span)).into_iter().chain(places) {
        inside(source, span);
    }
}

fn inside(source: &Source, span: Span) {
    assert_eq!(source.clamp(span), span, "a place outside of the text or inside a character");
}

fn tree(document: &Document, node: &Node, depth: usize) {
    let source = &document.source;
    inside(source, node.span);
    inside(source, node.head);
    assert!(!source.slice(node.head).contains('\n'), "a head of more than one line");
    assert!(depth < 200, "too deep");
    match &node.kind {
        Kind::Scalar(scalar) => {
            for (at, character) in scalar.text.char_indices().take(60) {
                let span = node.locate(source, Span::new(at, at + character.len_utf8()));
                inside(source, span);
                let there = source.slice(span);
                let escaped = there.starts_with(['\\', '\'']);
                let exact = there == character.to_string() || character.is_whitespace() || escaped;
                assert!(exact || is_filled(source), "{character:?} is not at {there:?}");
            }
            inside(source, node.locate(source, Span::new(scalar.text.len(), scalar.text.len() + 9)));
        }
        Kind::Sequence(items) => items.iter().for_each(|item| tree(document, item, depth + 1)),
        Kind::Mapping(entries) => {
            for entry in entries {
                inside(source, entry.key.span);
                tree(document, &entry.value, depth + 1);
            }
        }
        Kind::Wrong => {}
    }
}

/// Whether it has what cannot be in YAML, and was filled: then places are near only.
fn is_filled(source: &Source) -> bool {
    let forbidden = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{feff}' | '\u{fffe}' | '\u{ffff}');
    source.text().contains(forbidden)
}
