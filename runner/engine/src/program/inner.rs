//! Templates that a step renders itself, with the members of one of its fields as names.

use std::sync::Arc;

use super::text::Place;
use crate::diagnostic::{Diagnostic, Sink, Source, Span};
use crate::expression::{Problem, Template};

/// A template that a step renders itself.
#[derive(Debug)]
pub struct Inner {
    /// The field whose members it speaks of.
    pub names: String,
    /// The template.
    pub template: Template,
    /// Where it was written.
    pub at: Spot,
}

/// Where such a template was written.
#[derive(Debug)]
pub enum Spot {
    /// In the workflow.
    Workflow(Place),
    /// It is a file of its own.
    File(Arc<Source>),
}

impl Inner {
    /// Reads a template; what is wrong goes to `sink`.
    pub(super) fn compile(text: &str, names: &str, at: Spot, sink: &mut Sink) -> Option<Self> {
        match Template::parse(text) {
            Ok(template) => Some(Self { names: names.to_owned(), template, at }),
            Err(problem) => {
                sink.push(at.diagnostic(&problem));
                None
            }
        }
    }
}

impl Spot {
    /// A diagnostic for a problem of the template.
    pub fn diagnostic(&self, problem: &Problem) -> Diagnostic {
        let source = match self {
            Self::Workflow(place) => return place.diagnostic(problem),
            Self::File(source) => source,
        };
        let rest = source.text().get(problem.offset..).unwrap_or_default();
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        let span = source.clamp(Span::new(problem.offset, problem.offset + word.max(1)));
        Diagnostic::error(source, span, problem.message.clone()).maybe_hint(problem.hint.clone())
    }
}
