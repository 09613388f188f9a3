//! The JSON Schema of a loaded file.

use std::path::Path;

use serde_json::Value;

use crate::diagnostic::{Diagnostic, Sink};
use crate::expression::Scope;
use crate::language::reader::Node;
use crate::language::{Document, ast, read_file};
use crate::program::{Unit, Words};

/// Checks a loaded file against its schema, a JSON or YAML file beside the workflow; every violation is told at its
/// place in the file.
pub(super) fn check(
    unit: &Unit,
    schema: &ast::Text,
    value: &Value,
    document: &Document,
    project: &Path,
    scope: &Scope,
    sink: &mut Sink,
) {
    let source = &unit.workflow.source;
    let Some(words) = Words::compile(schema, source, sink) else { return };
    let file = match words.render_text(scope) {
        Ok(file) => file,
        Err(error) => return sink.push(Diagnostic::error(source, schema.node.head, error.message)),
    };
    let path = unit.folder.as_deref().unwrap_or(project).join(&file);
    if !path.exists() {
        return sink.push(Diagnostic::error(source, schema.node.head, format!("the schema `{file}` does not exist")));
    }
    let Some(root) = read_file(&path, &file, sink).and_then(|document| document.root) else { return };
    let validator = match jsonschema::validator_for(&root.to_json()) {
        Ok(validator) => validator,
        Err(error) => {
            let message = format!("`{file}` is not a JSON Schema: {error}");
            return sink.push(Diagnostic::error(source, schema.node.head, message));
        }
    };
    for violation in validator.iter_errors(value) {
        let place = document.root.as_ref().map(|root| node_at(root, violation.instance_path().as_str()));
        let message = format!("{violation}");
        sink.push(match place {
            Some(node) => Diagnostic::error(&document.source, node.head, message),
            None => Diagnostic::whole(&document.source, message),
        });
    }
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
