//! What a template is once it is read: a tree in which every name has its meaning and its place.

use serde_json::Value;

use crate::expression::helper::Helper;

/// A piece of a template.
#[derive(Debug)]
pub(super) enum Node {
    Text(String),
    /// The value of an expression, as text.
    Emit(Expr),
    If(Box<If>),
    Each(Box<Block>),
    With(Box<Block>),
}

/// `{{#if}}` and `{{#unless}}`.
#[derive(Debug)]
pub(super) struct If {
    pub(super) condition: Expr,
    pub(super) negated: bool,
    pub(super) include_zero: bool,
    pub(super) then: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
}

/// `{{#each}}` and `{{#with}}`: the body has a frame of its own.
#[derive(Debug)]
pub(super) struct Block {
    pub(super) subject: Expr,
    pub(super) body: Vec<Node>,
    pub(super) otherwise: Vec<Node>,
    pub(super) has_otherwise: bool,
}

/// Something with a value.
#[derive(Debug)]
pub(super) struct Expr {
    /// In bytes from the start of the text.
    pub(super) offset: usize,
    pub(super) kind: Kind,
}

#[derive(Debug)]
pub(super) enum Kind {
    Literal(Value),
    /// Index into the template's references.
    Root(usize),
    /// A path inside the value of an enclosing `#each` or `#with`, counted outwards from 0.
    Frame {
        up: usize,
        path: Inner,
    },
    /// `@index` and its like of an enclosing `#each`.
    Local {
        up: usize,
        local: Local,
    },
    Call(Box<Call>),
}

/// A path inside a frame, with the place of each segment.
#[derive(Debug)]
pub(super) struct Inner {
    pub(super) segments: Vec<String>,
    pub(super) places: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Local {
    Index,
    Key,
    /// The key of an object, the index of a list: the second name of `as |value key|`.
    Position,
    First,
    Last,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) helper: &'static Helper,
    pub(super) arguments: Vec<Expr>,
}
