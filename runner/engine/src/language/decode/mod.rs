//! From the tree of values to the typed workflow, by hand: so that everything wrong is found in one go, each with the best
//! place and hint.
//!
//! Every decoder takes a node, reports what is wrong with it and returns what it could make of it; a node that the reader
//! has reported already passes in silence. What is missing or wrong never hides what else is wrong.

mod fields;
mod input;
mod policy;
mod scalar;
mod step;
mod steps;
mod workflow;

use std::sync::Arc;

pub(super) use workflow::workflow;

use crate::diagnostic::{Diagnostic, Sink, Source, Span};
use crate::language::reader::Node;

/// Every key of a workflow file with what it stands in, as messages call it. The language page is held against it.
pub fn keys() -> Vec<(&'static str, &'static str)> {
    let of = |what: &'static str, keys: &[&'static str]| keys.iter().map(|key| (what, *key)).collect::<Vec<_>>();
    [
        of("a workflow", &workflow::KNOWN),
        of("a step", &step::keys()),
        of("an input", &input::KNOWN),
        of("a secret", &workflow::SECRET),
        of("a loaded file", &workflow::LOAD),
        of("`retry`", &policy::RETRY),
        of("`until`", &policy::UNTIL),
        of("`concurrency`", &policy::CONCURRENCY),
        of("`defaults`", &policy::DEFAULTS),
    ]
    .concat()
}

/// What all decoders share: the text, and where to report.
pub(super) struct Decoder<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) sink: &'a mut Sink,
}

impl Decoder<'_> {
    /// Reports an error at a place.
    fn error(&mut self, span: Span, message: impl Into<String>) {
        self.sink.push(Diagnostic::error(self.source, span, message));
    }

    /// Reports an error with a hint.
    fn error_hint(&mut self, span: Span, message: impl Into<String>, hint: impl Into<String>) {
        self.sink.push(Diagnostic::error(self.source, span, message).hint(hint));
    }

    /// Reports a value that is not what is expected, unless the reader has reported it.
    fn mismatch(&mut self, node: &Node, expected: &str, hint: Option<String>) {
        if !node.is_wrong() {
            let message = format!("expected {expected}, found {}", node.describe());
            self.sink.push(Diagnostic::error(self.source, node.head, message).maybe_hint(hint));
        }
    }
}
