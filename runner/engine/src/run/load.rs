//! `load`: YAML and JSON files that are read once.

use std::path::Path;

use runner_core::{ErrorKind, StepError};
use serde_json::{Map, Value};

use super::record::LoadRecord;
use super::schema;
use crate::diagnostic::{Diagnostic, Severity, Sink};
use crate::expression::Scope;
use crate::language::read_file;
use crate::program::{Unit, Words};

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
        if !path.exists() {
            let message = format!("`{file}`, to be loaded as `{}`, does not exist", load.name.value);
            sink.push(Diagnostic::error(source, load.file.node.head, message));
            continue;
        }
        let Some(document) = read_file(&path, &file, sink) else { continue };
        let Some(root) = &document.root else { continue };
        let value = root.to_json();
        if let Some(schema) = &load.schema {
            schema::check(unit, schema, &value, &document, project, scope, sink);
        }
        let digest = crate::evaluate::digest(document.source.text().as_bytes());
        records.push(LoadRecord { name: load.name.value.clone(), file: path, digest });
        values.insert(load.name.value.clone(), value);
    }
    (values, records)
}

/// As a callee is entered: what its `load` reads.
pub fn load(unit: &Unit, project: &Path, scope: &Scope) -> Result<Value, StepError> {
    let mut sink = Sink::new();
    let (values, _) = read(unit, project, scope, &mut sink);
    match sink.finish().into_iter().find(|found| found.severity == Severity::Error) {
        None => Ok(Value::Object(values)),
        Some(first) => Err(StepError::new(ErrorKind::Input, first.message)),
    }
}
