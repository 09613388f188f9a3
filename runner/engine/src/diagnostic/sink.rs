//! Where everything wrong is collected.

use std::collections::HashSet;
use std::sync::Arc;

use super::{Diagnostic, Severity, Source, Span};

/// So many are kept; a file with more is broken as a whole, and nobody reads on.
const KEPT: usize = 1_000;

/// Collects everything wrong, each once, so that it can be shown together.
#[derive(Debug, Default)]
pub struct Sink {
    found: Vec<Diagnostic>,
    seen: HashSet<(String, Option<Span>, String)>,
    errors: usize,
    dropped: usize,
}

impl Sink {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a diagnostic; the same one at the same place is kept once.
    pub fn push(&mut self, diagnostic: Diagnostic) {
        let error = diagnostic.severity == Severity::Error;
        let key = (diagnostic.source.name().to_owned(), diagnostic.span, diagnostic.message.clone());
        if self.found.len() >= KEPT {
            self.dropped += 1;
            self.errors += usize::from(error);
        } else if self.seen.insert(key) {
            self.errors += usize::from(error);
            self.found.push(diagnostic);
        }
    }

    /// Whether any error (not only warnings) was found.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// How many errors were found.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Whether nothing at all was found.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Whether no more are kept, so that costly hints are in vain.
    pub fn is_full(&self) -> bool {
        self.found.len() >= KEPT
    }

    /// How many were found beyond those that are kept.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// What was found so far, in the order in which it was found.
    pub fn found(&self) -> &[Diagnostic] {
        &self.found
    }

    /// Everything found: file by file in the order in which the files were met, each from its top.
    pub fn finish(self) -> Vec<Diagnostic> {
        let mut order: Vec<Arc<Source>> = Vec::new();
        let mut keyed: Vec<_> = Vec::with_capacity(self.found.len());
        for diagnostic in self.found {
            let file = order.iter().position(|source| Arc::ptr_eq(source, &diagnostic.source)).unwrap_or_else(|| {
                order.push(diagnostic.source.clone());
                order.len() - 1
            });
            keyed.push(((file, diagnostic.span), diagnostic));
        }
        keyed.sort_by_key(|(key, _)| *key);
        keyed.into_iter().map(|(_, diagnostic)| diagnostic).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_kept_once_and_in_the_order_of_the_file() {
        let (one, two) = (Source::new("one", "abc"), Source::new("two", "abc"));
        let mut sink = Sink::new();
        sink.push(Diagnostic::error(&two, Span::new(2, 3), "third"));
        sink.push(Diagnostic::warning(&one, Span::new(1, 2), "second"));
        sink.push(Diagnostic::warning(&one, Span::new(0, 2), "first"));
        sink.push(Diagnostic::warning(&one, Span::new(0, 2), "first"));
        assert!(sink.has_errors());
        let messages: Vec<_> = sink.finish().into_iter().map(|found| found.message).collect();
        assert_eq!(messages, ["third", "first", "second"]);
    }

    #[test]
    fn beyond_the_limit_is_counted_and_still_an_error() {
        let source = Source::new("one", "x".repeat(2_000));
        let mut sink = Sink::new();
        for at in 0..KEPT + 5 {
            sink.push(Diagnostic::error(&source, Span::new(at, at), "wrong"));
        }
        assert_eq!((sink.found().len(), sink.dropped(), sink.has_errors()), (KEPT, 5, true));
    }
}
