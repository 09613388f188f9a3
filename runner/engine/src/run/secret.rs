//! Where secrets come from.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use runner_core::{ErrorKind, StepError};

use crate::diagnostic::{Severity, Sink, Source};
use crate::expression::{Scope, Status};
use crate::language::ast::{Secret, SecretSource};
use crate::program::{Program, Unit, Words};

/// The environment as it was given to the engine.
pub(super) type Env = BTreeMap<String, String>;

/// A secret's reference and value, by the file's key and its name.
pub(super) type Declared = BTreeMap<(String, String), (String, String)>;

/// Which secrets of a file are meant: where they come from may be told by its inputs, and those of a called file are known
/// when it is entered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Which {
    /// All of them.
    All,
    /// Those that no input tells.
    Fixed,
    /// Those that an input tells.
    Told,
}

/// Resolves the secrets that a file declares; what cannot be had is told at its place.
pub(super) fn declared(
    unit: &Unit,
    which: Which,
    scope: &Scope,
    env: &Env,
    project: &Path,
    sink: &mut Sink,
) -> Declared {
    let mut found = Declared::new();
    for secret in &unit.workflow.secrets {
        let source = &unit.workflow.source;
        if which != Which::All && is_told(secret, source) != (which == Which::Told) {
            continue;
        }
        let mut text = |text: &crate::language::ast::Text| {
            let words = Words::compile(text, source, sink)?;
            match words.render_text(scope) {
                Ok(text) => Some(text),
                Err(error) => {
                    sink.push(crate::diagnostic::Diagnostic::error(source, text.node.head, error.message));
                    None
                }
            }
        };
        let (reference, value) = match &secret.from {
            SecretSource::Env(name) => {
                let Some(name) = text(name) else { continue };
                (format!("env:{name}"), from_env(&name, env))
            }
            SecretSource::File(path) => {
                let Some(path) = text(path) else { continue };
                (format!("file:{path}"), from_file(&project.join(&path)))
            }
            SecretSource::Shell(line) => {
                let Some(line) = text(line) else { continue };
                let argv = ["sh".to_owned(), "-c".to_owned(), line.clone()];
                (format!("command:{line}"), from_command(&argv, env, project))
            }
            SecretSource::Program(argv) => {
                let Some(argv) = argv.iter().map(&mut text).collect::<Option<Vec<_>>>() else { continue };
                (format!("command:{}", argv.join(" ")), from_command(&argv, env, project))
            }
        };
        match value {
            Ok(value) => {
                found.insert((unit.key.clone(), secret.name.value.clone()), (reference, value));
            }
            Err(why) => {
                let message = format!("the secret `{}` cannot be had: {why}", secret.name.value);
                sink.push(crate::diagnostic::Diagnostic::error(source, secret.name.span, message));
            }
        }
    }
    found
}

/// The secrets that a file declares, by values that stand in for what they come from: nothing is looked up.
pub(super) fn made_up(unit: &Unit, values: &BTreeMap<String, String>) -> Declared {
    let one = |name: &String| {
        let value = values.get(name).cloned().unwrap_or_else(|| format!("the secret {name}"));
        ((unit.key.clone(), name.clone()), (format!("given:{name}"), value))
    };
    unit.workflow.secrets.iter().map(|secret| one(&secret.name.value)).collect()
}

/// As a callee is entered: its secrets that its inputs tell, by name: the reference and the value.
pub fn of_callee(
    unit: &Unit,
    inputs: &serde_json::Map<String, serde_json::Value>,
    env: &Env,
    project: &Path,
) -> Result<BTreeMap<String, (String, String)>, StepError> {
    if unit.workflow.secrets.is_empty() {
        return Ok(BTreeMap::new());
    }
    let mut sink = Sink::new();
    let found = declared(unit, Which::Told, &scope(inputs.clone()), env, project, &mut sink);
    match sink.finish().into_iter().find(|found| found.severity == Severity::Error) {
        None => Ok(found.into_iter().map(|((_, name), secret)| (name, secret)).collect()),
        Some(first) => Err(StepError::new(ErrorKind::Input, first.message)),
    }
}

/// The environment that called files need to look up secrets; empty where none has any.
pub(super) fn for_callees(program: &Program, env: &Env) -> Arc<Env> {
    let needed = program.units.iter().skip(1).any(|unit| !unit.workflow.secrets.is_empty());
    Arc::new(if needed { env.clone() } else { Env::new() })
}

/// Whether an input tells where a secret comes from.
fn is_told(secret: &Secret, source: &Arc<Source>) -> bool {
    let texts: Vec<_> = match &secret.from {
        SecretSource::Env(text) | SecretSource::File(text) | SecretSource::Shell(text) => vec![text],
        SecretSource::Program(words) => words.iter().collect(),
    };
    let compiled = texts.into_iter().filter_map(|text| Words::compile(text, source, &mut Sink::new()));
    compiled.into_iter().any(|words| !words.template.references().is_empty())
}

/// The value behind a reference as it is given for a secret input and recorded: `env:NAME`, `file:PATH`, `command:LINE`.
pub(super) fn referenced(reference: &str, env: &Env, base: &Path) -> Result<String, String> {
    match reference.split_once(':') {
        Some(("env", name)) => from_env(name, env),
        Some(("file", path)) => from_file(&base.join(path)),
        Some(("command", line)) => from_command(&["sh".to_owned(), "-c".to_owned(), line.to_owned()], env, base),
        _ => Err(format!("`{reference}` is no reference to a secret")),
    }
}

/// No name or value of the file's own is seen where a secret is looked up, but for the inputs.
pub(super) fn scope(inputs: serde_json::Map<String, serde_json::Value>) -> Scope {
    Scope::new(Status::default()).with("inputs", serde_json::Value::Object(inputs))
}

fn from_env(name: &str, env: &Env) -> Result<String, String> {
    match env.get(name) {
        Some(value) if !value.is_empty() => Ok(value.clone()),
        Some(_) => Err(format!("the environment variable `{name}` is empty")),
        None => Err(format!("the environment variable `{name}` is not set")),
    }
}

fn from_file(path: &Path) -> Result<String, String> {
    let text = std::fs::read(path).map_err(|error| format!("`{}`: {error}", path.display()))?;
    let text = String::from_utf8(text).map_err(|_| format!("`{}` is not UTF-8", path.display()))?;
    Ok(without_break(&text))
}

fn from_command(argv: &[String], env: &Env, dir: &Path) -> Result<String, String> {
    let Some((program, rest)) = argv.split_first() else { return Err("the command is empty".to_owned()) };
    let output = duct::cmd(program, rest)
        .dir(dir)
        .full_env(env)
        .stdin_null()
        .stdout_capture()
        .stderr_capture()
        .unchecked()
        .run()
        .map_err(|error| format!("`{program}`: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let last = said.lines().last().unwrap_or("it said nothing");
        return Err(format!("`{program}` failed ({}): {last}", output.status));
    }
    let text =
        String::from_utf8(output.stdout).map_err(|_| format!("`{program}` printed something that is not UTF-8"))?;
    if text.trim().is_empty() { Err(format!("`{program}` printed nothing")) } else { Ok(without_break(&text)) }
}

/// The text without its last line break.
fn without_break(text: &str) -> String {
    let text = text.strip_suffix('\n').unwrap_or(text);
    text.strip_suffix('\r').unwrap_or(text).to_owned()
}
