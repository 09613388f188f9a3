//! The top level of a file.

use std::sync::Arc;
use std::time::Duration;

use super::{Concurrency, Defaults, Expr, Input, Named, OnError, Spanned, Step, Text};
use crate::diagnostic::{Source, Span};

/// A workflow file.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// The text it was read from; all places are places in it.
    pub source: Arc<Source>,
    /// The place to point at for the whole.
    pub span: Span,
    /// `name`; where it is missing the file's name serves.
    pub name: Option<Spanned<String>>,
    /// `description`.
    pub description: Option<Spanned<String>>,
    /// `inputs`, in the order of the file.
    pub inputs: Vec<Input>,
    /// `secrets`.
    pub secrets: Vec<Secret>,
    /// `load`.
    pub load: Vec<Load>,
    /// `concurrency`.
    pub concurrency: Option<Concurrency>,
    /// `defaults`.
    pub defaults: Defaults,
    /// `on_error` of the whole: to stop, or to undo what was done.
    pub on_error: Option<Spanned<OnError>>,
    /// `timeout` of the whole run.
    pub timeout: Option<Spanned<Duration>>,
    /// `env`.
    pub env: Vec<Named<Text>>,
    /// `dir`.
    pub dir: Option<Text>,
    /// `steps`.
    pub steps: Vec<Step>,
    /// `finally`.
    pub finally: Vec<Step>,
    /// `outputs`.
    pub outputs: Vec<Named<Text>>,
    /// `exit_code`.
    pub exit_code: Option<Expr>,
}

/// An entry of `secrets`.
#[derive(Clone, Debug)]
pub struct Secret {
    /// The name under which `secrets.NAME` gives it.
    pub name: Spanned<String>,
    /// Where it comes from.
    pub from: SecretSource,
}

/// Where a secret comes from.
#[derive(Clone, Debug)]
pub enum SecretSource {
    /// `env: NAME`: an environment variable.
    Env(Text),
    /// `file: PATH`: the content of a file, without its last line break.
    File(Text),
    /// `command: TEXT`: what a command line prints, run by `sh -c`.
    Shell(Text),
    /// `command: [PROGRAM, ARGUMENT…]`: what a program prints, run without a shell.
    Program(Vec<Text>),
}

/// An entry of `load`: a YAML or JSON file that is read when the run starts.
#[derive(Clone, Debug)]
pub struct Load {
    /// The name under which expressions see its content.
    pub name: Spanned<String>,
    /// The file.
    pub file: Text,
    /// The JSON Schema that it must satisfy.
    pub schema: Option<Text>,
}
