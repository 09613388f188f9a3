//! The JSON Schema of a loaded file: its defaults fill in what is not said, and everything that is wrong is told at its
//! place in the file.
//!
//! Beside what JSON Schema knows it may hold rules over several values ([`assertion`]), and `x-hint`, which says what is to
//! be done about a value that is wrong; a `title` says in messages what a value should have been.

mod assertion;
mod default;
mod violation;

use std::sync::Arc;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Sink};
use crate::language::reader::Node;
use crate::language::{Document, ast, reader};
use crate::program::Opened;

/// Checks a loaded file against its schema, a JSON or YAML file that was `opened`; every violation is told at its place in
/// the file. What is not said takes the schema's default.
pub(super) fn check(
    opened: &Opened,
    place: (&ast::Workflow, &ast::Text),
    value: &mut Value,
    document: &Document,
    sink: &mut Sink,
) {
    let Some(node) = reader::read(&opened.source, sink) else { return };
    let schema = node.to_json();
    default::fill(value, &schema);
    let validator = match assertion::options(Arc::new(value.clone())).build(&schema) {
        Ok(validator) => validator,
        Err(error) => {
            let (workflow, text) = place;
            let message = format!("`{}` is not a JSON Schema: {error}", opened.key);
            return sink.push(Diagnostic::error(&workflow.source, text.node.head, message));
        }
    };
    let violations: Vec<_> = validator.iter_errors(value).collect();
    // A rule reaches for what it speaks of; where that is missing or of another kind, this was told already.
    let misshapen = violations.iter().any(|violation| !assertion::is(violation));
    for violation in &violations {
        let told = if assertion::is(violation) {
            assertion::tell(violation, &schema, value, document, opened, misshapen).into_iter().collect()
        } else {
            violation::tell(violation, &schema, document)
        };
        for told in told {
            sink.push(told);
        }
    }
    // What is computed from a file that is wrong would be wrong once more.
    if !sink.has_errors() {
        for problem in default::compute(value, &schema) {
            let message = format!("a default of `{}` cannot be computed: {}", opened.key, problem.message);
            sink.push(Diagnostic::whole(&opened.source, message));
        }
    }
}

/// What the schema says is to be done about a file that is not there.
pub(super) fn hint(opened: &Opened) -> Option<String> {
    let schema = reader::read(&opened.source, &mut Sink::new())?;
    schema.get("x-hint")?.as_text().map(str::to_owned)
}

/// The node at a JSON pointer, or the nearest around it.
pub(crate) fn node_at<'n>(root: &'n Node, pointer: &str) -> &'n Node {
    let mut node = root;
    for step in pointer.split('/').skip(1) {
        let step = step.replace("~1", "/").replace("~0", "~");
        let next = match node.as_sequence() {
            Some(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
            None => node.get(&step),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    node
}

/// The part of a schema that holds the keyword at a JSON pointer.
fn around<'s>(schema: &'s Value, pointer: &str) -> &'s Value {
    let parent = pointer.rsplit_once('/').map_or("", |(parent, _)| parent);
    schema.pointer(parent).unwrap_or(&Value::Null)
}
