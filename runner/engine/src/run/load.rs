//! `load`: YAML and JSON files that are read once.

use std::path::Path;

use runner_core::{ErrorKind, StepError};
use serde_json::{Map, Value};

use super::record::LoadRecord;
use super::schema;
use crate::diagnostic::{Diagnostic, Severity, Sink};
use crate::expression::Scope;
use crate::language::{Document, ast, read_file};
use crate::program::{Opened, Unit, Words};

/// What `load` of a file read, and from where; everything wrong goes to `sink`.
pub(super) fn read(
    unit: &Unit,
    project: &Path,
    scope: &Scope,
    sink: &mut Sink,
) -> (Map<String, Value>, Vec<LoadRecord>) {
    let (mut values, mut records) = (Map::new(), Vec::new());
    for load in &unit.workflow.load {
        let source = &unit.workflow.source;
        let Some(words) = Words::compile(&load.file, source, sink) else { continue };
        let file = match words.render_text(scope) {
            Ok(file) => file,
            Err(error) => {
                sink.push(Diagnostic::error(source, load.file.node.head, error.message));
                continue;
            }
        };
        let path = project.join(&file);
        let shown = path.strip_prefix(project).unwrap_or(&path).to_string_lossy();
        if !path.exists() {
            let message = format!("`{shown}`, to be loaded as `{}`, does not exist", load.name.value);
            let hint = schema_of(unit, load).and_then(schema::hint);
            sink.push(Diagnostic::error(source, load.file.node.head, message).maybe_hint(hint));
            continue;
        }
        let Some(document) = read_file(&path, &shown, sink) else { continue };
        let Some(root) = &document.root else { continue };
        let mut value = root.to_json();
        check(unit, load, &mut value, &document, sink);
        let digest = crate::evaluate::digest(document.source.text().as_bytes());
        records.push(LoadRecord { name: load.name.value.clone(), file: path, digest });
        values.insert(load.name.value.clone(), value);
    }
    (values, records)
}

/// The schema of a loaded file, where it has one.
fn schema_of<'u>(unit: &'u Unit, load: &ast::Load) -> Option<&'u Opened> {
    let name = &load.schema.as_ref()?.value;
    unit.schemas.iter().find(|(known, _)| known == name).map(|(_, opened)| opened)
}

/// Checks a loaded file against its schema, where it has one.
fn check(unit: &Unit, load: &ast::Load, value: &mut Value, document: &Document, sink: &mut Sink) {
    let Some(schema) = &load.schema else { return };
    let place = (&*unit.workflow, schema);
    let Some(opened) = schema_of(unit, load) else {
        let message = format!("the schema `{}` does not exist", schema.value);
        return sink.push(Diagnostic::error(&unit.workflow.source, schema.node.head, message));
    };
    schema::check(opened, place, value, document, sink);
}

/// As a callee is entered: what its `load` reads.
pub fn load(unit: &Unit, project: &Path, scope: &Scope) -> Result<Value, StepError> {
    let mut sink = Sink::new();
    let (values, _) = read(unit, project, scope, &mut sink);
    let found = sink.finish().into_iter().filter(|found| found.severity == Severity::Error);
    let told: Vec<String> = found.map(|found| placed(&found)).collect();
    if told.is_empty() { Ok(Value::Object(values)) } else { Err(StepError::new(ErrorKind::Input, told.join("; "))) }
}

/// What is wrong, with its place and what to do about it, on one line.
fn placed(found: &Diagnostic) -> String {
    let at = found.span.map(|span| found.source.position(span.start));
    let at = at.map_or_else(String::new, |at| format!(":{}:{}", at.line, at.column));
    let hint = found.hint.as_ref().map_or_else(String::new, |hint| format!(" ({hint})"));
    format!("{}{at}: {}{hint}", found.source.name(), found.message)
}
