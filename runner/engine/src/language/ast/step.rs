//! A step.

use std::time::Duration;

use super::{Expr, Named, OnError, Retry, Spanned, Text, Until};
use crate::diagnostic::Span;
use crate::language::reader::Node;

/// A step of a list.
#[derive(Clone, Debug)]
pub struct Step {
    /// The place to point at for the whole.
    pub span: Span,
    /// `id`.
    pub id: Spanned<String>,
    /// `name`: what progress calls it.
    pub name: Option<Text>,
    /// `uses`, `run` or `steps`.
    pub action: Action,
    /// `with`: a mapping.
    pub with: Option<Node>,
    /// `when`.
    pub when: Option<Expr>,
    /// `confirm`: what a person has to agree to before it begins.
    pub confirm: Option<Text>,
    /// `needs`, as written.
    pub needs: Needs,
    /// The steps of its list that it waits for, by their index, in order: what `needs` says, written or implied.
    pub follows: Vec<usize>,
    /// `foreach` with `as`, `key` and `max_parallel`.
    pub foreach: Option<Foreach>,
    /// `on_error`.
    pub on_error: Option<Spanned<OnError>>,
    /// `retry`.
    pub retry: Option<Retry>,
    /// `timeout` of one attempt; of a group or run, of the whole.
    pub timeout: Option<Spanned<Duration>>,
    /// `grace`: the time between SIGTERM and SIGKILL.
    pub grace: Option<Spanned<Duration>>,
    /// `until`.
    pub until: Option<Until>,
    /// `service: true` with `ready`.
    pub service: Option<Service>,
    /// `check`: what tells whether an attempt in doubt has done its work.
    pub check: Option<Inline>,
    /// `undo`: what takes back what the step did.
    pub undo: Option<Inline>,
    /// `interrupted`.
    pub interrupted: Option<Spanned<Interrupted>>,
    /// `env`.
    pub env: Vec<Named<Text>>,
    /// `dir`.
    pub dir: Option<Text>,
    /// `publishes`: the files that are durable before the step is finished.
    pub publishes: Vec<Text>,
    /// `cache`: what it reads and makes, so that it need not be done again.
    pub cache: Option<Cache>,
    /// `finally` of a group.
    pub finally: Vec<Step>,
    /// `outputs`.
    pub outputs: Vec<Named<Text>>,
}

/// What a step does.
#[derive(Clone, Debug)]
pub enum Action {
    /// `uses: NAMESPACE.VERB`: a step type.
    Uses(Spanned<String>),
    /// `run: NAME` or `run: ./PATH.yaml`: another workflow.
    Run(Spanned<String>),
    /// `steps`: a group.
    Group(Vec<Step>),
    /// Not known, because the file is wrong there, which is reported. Only checks ever see it: such a file never runs.
    Unknown,
}

/// What a step waits for, as written.
#[derive(Clone, Debug)]
pub enum Needs {
    /// Not written: the step before it.
    Previous,
    /// `needs: all`: everything above it in its list.
    All(Span),
    /// `needs: [a, b]`: those; nothing when empty.
    These(Vec<Spanned<String>>, Span),
}

/// `foreach`.
#[derive(Clone, Debug)]
pub struct Foreach {
    /// The list or map to go through.
    pub items: Expr,
    /// `as`: the name of the item; `item` when it is not written.
    pub binding: Option<Spanned<String>>,
    /// `key`: what tells items apart.
    pub key: Option<Expr>,
    /// `max_parallel`: at least 1.
    pub max_parallel: Option<Spanned<u32>>,
}

/// `service: true`.
#[derive(Clone, Debug)]
pub struct Service {
    /// The place of `service`.
    pub span: Span,
    /// `ready`: the step is finished when this holds; when its process runs, where it is not written.
    pub ready: Option<Expr>,
}

/// `cache`.
#[derive(Clone, Debug)]
pub struct Cache {
    /// The place of `cache`.
    pub span: Span,
    /// The paths and patterns under `inputs`.
    pub inputs: Vec<Text>,
    /// The values under `inputs`.
    pub values: Vec<Text>,
    /// The paths and patterns under `outputs`.
    pub outputs: Vec<Text>,
}

/// `check` or `undo`: an inline step.
#[derive(Clone, Debug)]
pub struct Inline {
    /// The step type.
    pub uses: Spanned<String>,
    /// Its fields.
    pub with: Option<Node>,
}

/// What becomes of an attempt that was interrupted and may have done its work or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interrupted {
    /// It is done again.
    Repeat,
    /// The check tells.
    Check,
    /// The run pauses, and a person tells.
    Stop,
}

impl Step {
    /// The lists inside it: the steps of a group, and its `finally`.
    pub fn lists(&self) -> impl Iterator<Item = &[Self]> {
        let group = if let Action::Group(steps) = &self.action { steps.as_slice() } else { &[] };
        [group, self.finally.as_slice()].into_iter().filter(|list| !list.is_empty())
    }
}
