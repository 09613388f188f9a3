//! What a function is, and finding the one that a call means.

use cel::common::ast::{CallExpr, Expr};

use super::table::FUNCTIONS;
use crate::expression::shape::Type;

/// A function of expressions, as documented and as checked.
#[derive(Debug)]
pub struct Function {
    /// What it is called by, with its namespace: `lists.range`.
    pub name: &'static str,
    /// How it is written: `TEXT.contains(PART)`.
    pub signature: &'static str,
    /// What it gives, in one line.
    pub summary: &'static str,
    /// Expressions and their results in JSON, over `inputs` = `{"a": 1, "list": [1, 2, 3]}`; a test executes them.
    pub examples: &'static [(&'static str, &'static str)],
    pub(super) gives: Type,
    /// Numbers of arguments as `f(…)`.
    pub(super) global: &'static [usize],
    /// Numbers of arguments as `x.f(…)`.
    pub(super) member: &'static [usize],
    /// What it can be called on as `x.f(…)`; empty is anything.
    pub(super) receivers: &'static [On],
    /// Types of the arguments, as far as they are one.
    pub(super) parameters: &'static [Type],
}

/// What a member function is called on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum On {
    Text,
    List,
    Object,
    Timestamp,
    Duration,
}

/// Any number of arguments, but at least one.
pub(super) static ANY_COUNT: &[usize] = &[usize::MAX];

impl Function {
    pub(super) const fn new(name: &'static str, signature: &'static str, summary: &'static str, gives: Type) -> Self {
        Self {
            name,
            signature,
            summary,
            examples: &[],
            gives,
            global: &[],
            member: &[],
            receivers: &[],
            parameters: &[],
        }
    }

    pub(super) const fn called(mut self, counts: &'static [usize]) -> Self {
        self.global = counts;
        self
    }

    pub(super) const fn on(mut self, receivers: &'static [On], counts: &'static [usize]) -> Self {
        self.receivers = receivers;
        self.member = counts;
        self
    }

    pub(super) const fn wants(mut self, parameters: &'static [Type]) -> Self {
        self.parameters = parameters;
        self
    }

    pub(super) const fn examples(mut self, examples: &'static [(&'static str, &'static str)]) -> Self {
        self.examples = examples;
        self
    }

    /// Whether it can be called on a value of this type.
    pub(super) fn takes(&self, of: &Type) -> bool {
        let is = |on: &On| match on {
            On::Text => matches!(of, Type::String | Type::Bytes),
            On::List => matches!(of, Type::List(_)),
            On::Object => matches!(of, Type::Map(_) | Type::Object { .. }),
            On::Timestamp => of == &Type::Timestamp,
            On::Duration => of == &Type::Duration,
        };
        matches!(of, Type::Dyn | Type::Null) || self.receivers.is_empty() || self.receivers.iter().any(is)
    }
}

impl On {
    pub(super) fn words(self) -> &'static str {
        match self {
            Self::Text => "a string",
            Self::List => "a list",
            Self::Object => "an object",
            Self::Timestamp => "a timestamp",
            Self::Duration => "a duration",
        }
    }
}

/// The function called `name`.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

pub(super) fn all() -> impl Iterator<Item = &'static Function> {
    FUNCTIONS.iter().copied().flatten()
}

/// The namespaces of functions.
const NAMESPACES: [&str; 4] = ["lists", "math", "optional", "strings"];

/// The full name where a call spells a function in a namespace, whose name is no variable's.
pub(super) fn qualified(call: &CallExpr, bound: &[&str]) -> Option<String> {
    let Expr::Ident(namespace) = &call.target.as_deref()?.expr else { return None };
    let known = NAMESPACES.contains(&namespace.as_str()) && !bound.contains(&namespace.as_str());
    known.then(|| format!("{namespace}.{}", call.func_name))
}

/// Names that stand for types: `type(x) == int`.
pub(super) fn is_type_name(name: &str) -> bool {
    const NAMES: [&str; 10] = ["bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"];
    NAMES.contains(&name)
}
