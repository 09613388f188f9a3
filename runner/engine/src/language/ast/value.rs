//! Values with their places.

use crate::diagnostic::{Source, Span};
use crate::language::reader::Node;

/// A value with its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Its place.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value at a place.
    pub const fn new(value: T, span: Span) -> Self {
        Self { value, span }
    }
}

/// A name and what it names, in the order of the file.
#[derive(Clone, Debug)]
pub struct Named<T> {
    /// The name.
    pub name: Spanned<String>,
    /// What it names.
    pub value: T,
}

/// A text that may hold templates.
#[derive(Clone, Debug)]
pub struct Text {
    /// The text, before templates are rendered.
    pub value: String,
    /// The scalar it was, which knows the place of each of its characters.
    pub node: Node,
}

/// An expression (CEL), not yet compiled.
#[derive(Clone, Debug)]
pub struct Expr {
    /// The expression.
    pub value: String,
    /// The scalar it was, which knows the place of each of its characters.
    pub node: Node,
}

impl Text {
    /// The place in the file of a range of the text.
    pub fn locate(&self, source: &Source, range: Span) -> Span {
        self.node.locate(source, range)
    }
}

impl Expr {
    /// The place in the file of a range of the expression.
    pub fn locate(&self, source: &Source, range: Span) -> Span {
        self.node.locate(source, range)
    }
}
