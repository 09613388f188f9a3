//! A run of which the record is there.

use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::Run;
use super::record::{Record, SCHEMA, TEMPLATE};
use super::secret::{self, Env, Which};
use crate::diagnostic::{Diagnostic, Sink, Source};
use crate::evaluate::Secrets;
use crate::language::input::SecretGiven;
use crate::program::{Library, LibraryError, Opened, Program, Registry, compile};

/// The run of a record. `given` tells the values of secret inputs that were given literally, by name. Secrets are looked
/// up anew: their values may have been rotated meanwhile, which changes nothing that is finished.
pub fn restore(
    record: Record,
    registry: &Registry,
    env: &Env,
    working_directory: &Path,
    given: &std::collections::BTreeMap<String, String>,
) -> Result<Run, Vec<Diagnostic>> {
    let mut sink = Sink::new();
    let program = program(&record, registry)?;
    if let Some(plugins) = registry.plugins() {
        for error in record.plugins.iter().filter_map(|plugin| plugins.lacking(plugin)) {
            sink.push(Diagnostic::whole(&program.main().workflow.source, error.message).maybe_hint(error.hint));
        }
    }
    let mut secrets = Secrets::default();
    for (name, reference) in &record.secret_inputs {
        let value = match reference {
            Value::String(reference) => {
                secret::referenced(reference, env, working_directory).map(|value| (reference.clone(), value))
            }
            _ => match given.get(name) {
                Some(value) => given_again(name, value, env, working_directory),
                None => Err(format!("its value was not written down; give it again by `--input {name}=…`")),
            },
        };
        match value {
            Ok(value) => {
                secrets.inputs.insert(name.clone(), value);
            }
            Err(why) => {
                let message = format!("the secret input `{name}` cannot be had: {why}");
                sink.push(Diagnostic::whole(&program.main().workflow.source, message));
            }
        }
    }
    let scope = secret::scope(record.inputs.clone());
    for unit in &program.units {
        let which = if unit.key == program.main().key { Which::All } else { Which::Fixed };
        secrets.declared.extend(secret::declared(unit, which, &scope, env, &record.project, &mut sink));
    }
    secrets.env = secret::for_callees(&program, env);
    if sink.has_errors() {
        return Err(sink.finish());
    }
    Ok(Run::assemble(Arc::new(program), record, secrets, Vec::new()))
}

/// A secret that was given literally when the run began: by its value again, or now by where it is.
fn given_again(name: &str, given: &str, env: &Env, base: &Path) -> Result<(String, String), String> {
    let value = match SecretGiven::parse(given).reference() {
        Some(reference) => secret::referenced(&reference, env, base)?,
        None => given.to_owned(),
    };
    Ok((format!("given:{name}"), value))
}

/// What a recorded run is made of, by the texts that were written down. Nothing is looked up: no secret, no file.
pub fn program(record: &Record, registry: &Registry) -> Result<Program, Vec<Diagnostic>> {
    let nowhere = |message: String| vec![Diagnostic::whole(&Source::new("journal", ""), message)];
    let recorded = Recorded { record };
    let first = record.files.first().ok_or_else(|| nowhere("the record of the run names no file".to_owned()))?;
    let main = recorded.opened(&first.key).map_err(|error| nowhere(error.message))?;
    let mut sink = Sink::new();
    match compile(main, &recorded, &registry.recorded(&record.plugins), &mut sink) {
        Some(mut program) if !sink.has_errors() => {
            let selection = record.select.within(&program).map_err(|wrong| nowhere(wrong.message))?;
            program.confine(selection);
            Ok(program)
        }
        _ => Err(sink.finish()),
    }
}

/// The library of a record.
struct Recorded<'a> {
    record: &'a Record,
}

impl Recorded<'_> {
    fn opened(&self, key: &str) -> Result<Opened, LibraryError> {
        let file = self.record.files.iter().find(|file| file.key == key).ok_or_else(|| LibraryError {
            message: format!("the record of the run lacks the file `{key}`"),
            hint: None,
        })?;
        Ok(Opened {
            key: file.key.clone(),
            name: file.name.clone(),
            folder: file.folder.clone(),
            source: Source::new(file.key.clone(), file.text.clone()),
        })
    }
}

impl Library for Recorded<'_> {
    fn open(&self, reference: &str, folder: Option<&Path>) -> Result<Opened, LibraryError> {
        let call = self.record.calls.iter().find(|(name, from, _)| name == reference && from.as_deref() == folder);
        match call {
            Some((_, _, key)) => self.opened(key),
            None => Err(LibraryError {
                message: format!("the record of the run lacks the call of `{reference}`"),
                hint: None,
            }),
        }
    }

    fn template(&self, reference: &str, folder: Option<&Path>) -> Result<Opened, LibraryError> {
        self.open(&format!("{TEMPLATE}{reference}"), folder)
    }

    fn schema(&self, reference: &str, folder: Option<&Path>) -> Option<Opened> {
        self.open(&format!("{SCHEMA}{reference}"), folder).ok()
    }
}
