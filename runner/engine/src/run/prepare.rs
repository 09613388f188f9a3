//! A new run: everything is read, once.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use runner_keeper::protocol::Mask;
use serde_json::{Map, Value};

use super::record::{FileRecord, Record, SCHEMA, TEMPLATE, VERSION};
use super::secret::{self, Env, Which};
use super::{Run, Select, kept, load};
use crate::diagnostic::{Diagnostic, Sink};
use crate::evaluate::{Facts, Known, Secrets};
use crate::language::Document;
use crate::language::input::{Given, InputValue, SecretGiven, resolve};
use crate::plugin::Plugins;
use crate::program::{Library, LibraryError, Opened, Program, Registry, compile};

/// What a person asks for.
pub struct Request<'a> {
    /// The workflow.
    pub main: Opened,
    /// Where other workflows are found.
    pub library: &'a dyn Library,
    /// The step types.
    pub registry: &'a Registry,
    /// The project's folder, absolute.
    pub project: PathBuf,
    /// What paths are relative to that a person gives.
    pub working_directory: PathBuf,
    /// `--input NAME=VALUE`.
    pub inputs: &'a [String],
    /// The `--inputs` file.
    pub inputs_file: Option<&'a Document>,
    /// The environment.
    pub env: Env,
    /// Attempts that may run at once.
    pub parallel: usize,
    /// What deployments left behind.
    pub state: Value,
    /// When the run begins, in milliseconds since 1970.
    pub now: u64,
    /// The run that goes on with this: its id, its inputs and what it had read stay, but for what was changed.
    pub before: Option<Before<'a>>,
}

/// A run that was recorded.
#[derive(Clone, Copy)]
pub struct Before<'a> {
    /// What was written down.
    pub record: &'a Record,
    /// What is made of it.
    pub program: &'a Program,
}

/// Reads everything once. The run's id is filled in when its folder is made ([`Run::named`]). Everything wrong is told
/// at once; nothing is written.
pub fn prepare(request: &Request<'_>) -> Result<Run, Vec<Diagnostic>> {
    prepare_with(request, None)
}

/// As [`prepare`], with values that stand in for what secrets come from, by name: nothing is looked up.
pub fn prepare_with(
    request: &Request<'_>,
    made_up: Option<&std::collections::BTreeMap<String, String>>,
) -> Result<Run, Vec<Diagnostic>> {
    let mut sink = Sink::new();
    let files = vec![file_record(&request.main)];
    let library = Recorder { inner: request.library, files: RefCell::new(files), calls: RefCell::default() };
    let program = compile(request.main.clone(), &library, request.registry, &mut sink);
    let Some(program) = program else { return Err(sink.finish()) };
    let main = program.main();
    let recorded = request.before.map(|before| kept::inputs(&before, request, &main.workflow));
    let given = Given {
        options: request.inputs,
        file: recorded.as_ref().or(request.inputs_file),
        env: &request.env,
        working_directory: &request.working_directory,
        project: &request.project,
    };
    let resolved = resolve(&main.workflow, &given, &mut sink);
    if sink.has_errors() {
        return Err(sink.finish());
    }
    let (mut inputs, mut secret_inputs, mut secrets) = (Map::new(), Map::new(), Secrets::default());
    for input in resolved {
        match input.value {
            InputValue::Plain(value) => {
                inputs.insert(input.name, value);
            }
            InputValue::Secret(given) => {
                // One of which the value was not written down stays the same secret, whatever it is given by now.
                let again = request
                    .before
                    .is_some_and(|before| before.record.secret_inputs.get(&input.name) == Some(&Value::Null));
                let found = given.reference();
                let reference = found.clone().filter(|_| !again);
                let value = match (&found, &given) {
                    (Some(reference), _) if made_up.is_some() => Ok(reference.clone()),
                    (Some(reference), _) => secret::referenced(reference, &request.env, &request.working_directory),
                    (None, SecretGiven::Literal(value)) => Ok(value.clone()),
                    (None, _) => Err("it has no value".to_owned()),
                };
                match value {
                    Ok(value) => {
                        let shown = reference.clone().unwrap_or_else(|| format!("given:{}", input.name));
                        secrets.inputs.insert(input.name.clone(), (shown, value));
                        secret_inputs.insert(input.name, reference.map_or(Value::Null, Value::from));
                    }
                    Err(why) => {
                        let message = format!("the secret input `{}` cannot be had: {why}", input.name);
                        sink.push(Diagnostic::whole(&main.workflow.source, message));
                    }
                }
            }
        }
    }
    let scope = secret::scope(inputs.clone());
    for unit in &program.units {
        let which = if unit.key == main.key { Which::All } else { Which::Fixed };
        secrets.declared.extend(if let Some(values) = made_up {
            secret::made_up(unit, values)
        } else {
            secret::declared(unit, which, &scope, &request.env, &request.project, &mut sink)
        });
    }
    secrets.env = secret::for_callees(&program, &request.env);
    let (load, loaded) = load::read(main, &request.project, &scope, &mut sink);
    if sink.has_errors() {
        return Err(sink.finish());
    }
    let before = request.before.map(|before| before.record);
    let record = Record {
        version: VERSION,
        id: before.map(|before| before.id.clone()).unwrap_or_default(),
        workflow: main.name.clone(),
        started: before.map_or(request.now, |before| before.started),
        project: request.project.clone(),
        files: library.files.into_inner(),
        calls: library.calls.into_inner(),
        inputs,
        secret_inputs,
        load,
        loaded,
        env: kept::env(&program, request),
        state: kept::state(&program, request),
        parallel: before.map_or(request.parallel, |before| before.parallel),
        plugins: request.registry.plugins().map(Plugins::records).unwrap_or_default(),
        behaviours: program.behaviours(),
        taken_from: before.and_then(|before| before.taken_from.clone()),
        select: Select::default(),
        revision: before.map_or(0, |before| before.revision + 1),
    };
    let run = Run::assemble(Arc::new(program), record, secrets, Vec::new());
    run.refuse_secrets(&mut sink);
    if sink.has_errors() {
        return Err(sink.finish());
    }
    Ok(Run { warnings: sink.finish(), ..run })
}

pub(super) fn file_record(opened: &Opened) -> FileRecord {
    FileRecord {
        key: opened.key.clone(),
        name: opened.name.clone(),
        folder: opened.folder.clone(),
        text: opened.source.text().to_owned(),
    }
}

impl Run {
    pub(super) fn assemble(program: Arc<Program>, record: Record, secrets: Secrets, warnings: Vec<Diagnostic>) -> Self {
        let masks: Vec<_> = secrets.values().map(|(name, value)| Mask::new(name, value)).collect();
        let facts = Facts {
            project: record.project.clone(),
            run: record.id.clone(),
            started: record.started,
            inputs: record.inputs.clone(),
            load: record.load.clone(),
            env: record.env.clone(),
            state: Arc::new(record.state.clone()),
            known: Known::new(masks),
            secrets,
        };
        Self { program, facts: Arc::new(facts), record, warnings, origin: None }
    }

    /// Tells of secrets in what is about to be written down in clear.
    fn refuse_secrets(&self, sink: &mut Sink) {
        let (source, masker) = (&self.program.main().workflow.source, self.facts.known.masker());
        for name in masker.unmasked() {
            let message = format!("the secret `{name}` is so short that it is not hidden where it is printed");
            sink.push(Diagnostic::warning(source, source.line(1), message).hint("use one of at least 4 characters"));
        }
        let kinds = [
            ("input", &self.record.inputs),
            ("loaded file", &self.record.load),
            ("environment variable", &self.record.env),
        ];
        for (kind, values) in kinds {
            for (name, value) in values {
                let text = value.to_string();
                for secret in masker.names_in(text.as_bytes()) {
                    let message = format!("the {kind} `{name}` holds the secret `{secret}`, and would be written down");
                    let hint = match kind {
                        "input" => format!("declare it with `type: secret`, or use `secrets.{secret}` in its place"),
                        _ => format!("use `secrets.{secret}` in its place"),
                    };
                    sink.push(Diagnostic::whole(source, message).hint(hint));
                }
            }
        }
    }

    /// The run as one that begins at `now`, in milliseconds since 1970.
    #[must_use]
    pub fn begun(mut self, now: u64) -> Self {
        self.record.started = now;
        if let Some(facts) = Arc::get_mut(&mut self.facts) {
            facts.started = now;
        }
        self
    }

    /// The run under the id of the folder that was made for it.
    #[must_use]
    pub fn named(mut self, id: &str) -> Self {
        id.clone_into(&mut self.record.id);
        if let Some(facts) = Arc::get_mut(&mut self.facts) {
            id.clone_into(&mut facts.run);
        }
        self
    }
}

/// A library that keeps what it opened.
struct Recorder<'a> {
    inner: &'a dyn Library,
    files: RefCell<Vec<FileRecord>>,
    calls: RefCell<Vec<(String, Option<PathBuf>, String)>>,
}

impl Recorder<'_> {
    fn keep(&self, reference: &str, folder: Option<&Path>, opened: Opened) -> Opened {
        let mut files = self.files.borrow_mut();
        if !files.iter().any(|file| file.key == opened.key) {
            files.push(file_record(&opened));
        }
        let call = (reference.to_owned(), folder.map(Path::to_path_buf), opened.key.clone());
        let mut calls = self.calls.borrow_mut();
        if !calls.contains(&call) {
            calls.push(call);
        }
        opened
    }
}

impl Library for Recorder<'_> {
    fn open(&self, reference: &str, folder: Option<&Path>) -> Result<Opened, LibraryError> {
        Ok(self.keep(reference, folder, self.inner.open(reference, folder)?))
    }

    fn template(&self, reference: &str, folder: Option<&Path>) -> Result<Opened, LibraryError> {
        let opened = self.inner.template(reference, folder)?;
        Ok(self.keep(&format!("{TEMPLATE}{reference}"), folder, opened))
    }

    fn schema(&self, reference: &str, folder: Option<&Path>) -> Option<Opened> {
        let opened = self.inner.schema(reference, folder)?;
        Some(self.keep(&format!("{SCHEMA}{reference}"), folder, opened))
    }
}
