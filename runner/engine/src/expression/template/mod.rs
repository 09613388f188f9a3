//! Text: Handlebars, strict.
//!
//! [`Template::parse`] scans the tags (`tag`), lets the crate read the text, and lowers its tree (`lower`, `place`) to ours
//! (`node`). `check` walks that tree with types, `render` with values.

mod check;
mod compiled;
mod lower;
mod node;
mod place;
mod render;
mod tag;

use serde_json::Value;

pub use self::compiled::{CompiledValue, ValueProblem};
use self::node::Node;
use super::{Problem, Reference, Scope, Type, TypeEnv};

/// A text, read once and rendered many times.
#[derive(Debug)]
pub struct Template {
    nodes: Vec<Node>,
    references: Vec<Reference>,
}

impl Template {
    /// Reads a text.
    ///
    /// # Errors
    /// The first thing wrong with it: its syntax, an unknown helper, a wrong number of arguments, nesting beyond the
    /// bounds.
    pub fn parse(text: &str) -> Result<Self, Problem> {
        if !text.contains("{{") {
            let nodes = if text.is_empty() { Vec::new() } else { vec![Node::Text(text.to_owned())] };
            return Ok(Self { nodes, references: Vec::new() });
        }
        let tags = tag::scan(text)?;
        let parsed = handlebars::Template::compile(text).map_err(|error| syntax(text, &tags, &error))?;
        let mut lowering = lower::Lowering::new(place::Places::new(text, tags));
        let nodes = lowering.template(&parsed)?;
        Ok(Self { nodes, references: lowering.references })
    }

    /// Whether nothing in it is to be rendered.
    pub fn is_literal(&self) -> bool {
        self.nodes.iter().all(|node| matches!(node, Node::Text(_)))
    }

    /// Whether it is one expression, whose value keeps its type.
    pub fn is_expression(&self) -> bool {
        matches!(self.nodes.as_slice(), [Node::Emit(_)])
    }

    /// The names it refers to from the roots, in the order of the text; those of branches too. Names relative to an
    /// `#each` or `#with` are covered by the reference of that block.
    pub fn references(&self) -> &[Reference] {
        &self.references
    }

    /// What a rendering will be, and everything wrong with the names in it.
    ///
    /// # Errors
    /// Unknown names and fields, blocks over things that cannot be gone through.
    pub fn check(&self, env: &TypeEnv) -> Result<Type, Vec<Problem>> {
        check::check(self, env)
    }

    /// The value: that of the expression where the text is one expression, else a string.
    ///
    /// # Errors
    /// A name that leads nowhere or into null, an object, list or null within text, what a helper refuses.
    pub fn render(&self, scope: &Scope) -> Result<Value, Problem> {
        render::render(self, scope)
    }
}

/// The crate's syntax error in our words.
fn syntax(text: &str, tags: &[tag::Tag], error: &handlebars::TemplateError) -> Problem {
    let offset = error.pos().map_or(0, |(line, column)| byte_of(text, line, column));
    // The crate points behind the tag at times: the tag it could not read begins at or before its place.
    let tag = tags.iter().rev().find(|tag| tag.start <= offset && offset <= tag.end && !tag.comment);
    let inner = tag.map(|tag| text[tag.start + 2..tag.end - 2].trim().trim_matches('~').trim());
    let offset = if offset >= text.len() { tag.map_or(offset, |tag| tag.start) } else { offset };
    let message = match error.reason() {
        handlebars::TemplateErrorReason::MismatchingClosedHelper(open, close) => {
            return Problem::new(offset, format!("`{close}` is closed where `{open}` is open"));
        }
        _ => "this is not a template expression",
    };
    let problem = Problem::new(offset, message);
    match inner {
        Some("") => {
            Problem::new(offset, "nothing stands between `{{` and `}}`").hint("a literal `{{` is written `\\{{`")
        }
        Some(inner) if inner.starts_with(['"', '\'']) => {
            problem.hint("text needs no tag; write it without `{{` and `}}`")
        }
        Some(inner) if inner.starts_with('.') => {
            problem.hint("a name has no dot in front: `inputs.x`; a literal `{{` is written `\\{{`")
        }
        Some(inner) if inner.contains('|') => {
            problem.hint("there are no pipes; a helper comes first: `{{upper inputs.x}}`")
        }
        Some(inner) if inner.contains(['+', '=', '<', '>', '&', '?', '*']) => {
            problem.hint("a template names values; conditions and arithmetic are for `when` and other decisions")
        }
        _ => problem.hint(
            "a name (`{{inputs.x}}`), a helper (`{{json inputs.x}}`) or a block (`{{#if inputs.x}}`) can stand here",
        ),
    }
}

/// Line and column, counted in characters from 1, as bytes.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let start: usize = text.split_inclusive('\n').take(line.saturating_sub(1)).map(str::len).sum();
    let rest = &text[start..];
    let inside = rest.char_indices().nth(column.saturating_sub(1)).map_or(rest.len(), |(at, _)| at);
    start + inside
}

#[cfg(test)]
mod tests;
