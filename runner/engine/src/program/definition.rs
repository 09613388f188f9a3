//! A step, compiled.

use std::time::Duration;

use runner_core::{Purpose, StepIndex};
use runner_sdk::StepType;

use super::text::{Decision, Fields, Words};
use crate::diagnostic::Span;
use crate::expression::Reference;

/// A step, compiled: what the core leaves to templates and expressions.
#[derive(Debug)]
pub struct Definition {
    /// Its id.
    pub id: String,
    /// The file it stands in.
    pub unit: usize,
    /// The group or call that it stands in.
    pub parent: Option<StepIndex>,
    /// Where it is written.
    pub span: Span,
    /// `name`.
    pub name: Option<Words>,
    /// `uses` with `with`.
    pub uses: Option<Uses>,
    /// `run` with `with`.
    pub call: Option<Call>,
    /// `when`.
    pub when: Option<Decision>,
    /// `confirm`.
    pub confirm: Option<Words>,
    /// `foreach`.
    pub foreach: Option<Decision>,
    /// `as`, of a foreach.
    pub binding: String,
    /// `key`.
    pub key: Option<Decision>,
    /// `until.that`.
    pub until: Option<Decision>,
    /// `ready`.
    pub ready: Option<Decision>,
    /// `retry.when`.
    pub retry_when: Option<Decision>,
    /// `check`.
    pub check: Option<Uses>,
    /// `undo`.
    pub undo: Option<Uses>,
    /// `outputs`.
    pub outputs: Vec<(String, Words)>,
    /// `env`.
    pub env: Vec<(String, Words)>,
    /// `dir`.
    pub dir: Option<Words>,
    /// `publishes`.
    pub publishes: Vec<Words>,
    /// `cache`.
    pub cache: Option<Cache>,
    /// Bound on one attempt; of a service, on the time until it is ready.
    pub timeout: Option<Duration>,
    /// The time between SIGTERM and SIGKILL.
    pub grace: Duration,
    /// The ids of the steps that any of its texts refers to; `None`: all, since one refers to `steps` as a whole.
    pub refers: Option<Vec<String>>,
}

/// `cache`.
#[derive(Debug)]
pub struct Cache {
    /// The paths and patterns of what it reads.
    pub inputs: Vec<Words>,
    /// What else its result depends on.
    pub values: Vec<Words>,
    /// The paths and patterns of what it makes.
    pub outputs: Vec<Words>,
}

impl Cache {
    /// Every template.
    pub fn words(&self) -> impl Iterator<Item = &Words> {
        self.inputs.iter().chain(&self.values).chain(&self.outputs)
    }
}

/// A step type and its fields.
#[derive(Debug)]
pub struct Uses {
    /// The step type.
    pub step: StepRef,
    /// Its fields.
    pub with: Fields,
    /// Whether a secret may enter its fields.
    pub secret: bool,
    /// Whether its fields look at other steps.
    pub refers_to_steps: bool,
    /// The outputs that are secret.
    pub sealed: Vec<String>,
}

/// A call of another workflow.
#[derive(Debug)]
pub struct Call {
    /// The file.
    pub unit: usize,
    /// Its inputs.
    pub with: Fields,
    /// The inputs that a secret may enter.
    pub secret: Vec<String>,
    /// Those of them that a secret does enter.
    pub certain: Vec<String>,
}

/// A step type, by reference.
#[derive(Clone, Copy)]
pub struct StepRef(pub &'static StepType);

impl std::ops::Deref for StepRef {
    type Target = StepType;

    fn deref(&self) -> &StepType {
        self.0
    }
}

impl std::fmt::Debug for StepRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.name)
    }
}

impl Definition {
    /// The step type and fields of an attempt: its own, or those of its check or undo.
    pub fn used(&self, purpose: Purpose) -> Option<&Uses> {
        self.inline(purpose).or(self.uses.as_ref())
    }

    fn inline(&self, purpose: Purpose) -> Option<&Uses> {
        match purpose {
            Purpose::Run => None,
            Purpose::Check => self.check.as_ref(),
            Purpose::Undo => self.undo.as_ref(),
        }
    }

    /// Whether the step type itself is asked to check or undo, rather than an inline step run.
    pub fn asks_type(&self, purpose: Purpose) -> bool {
        purpose != Purpose::Run && self.inline(purpose).is_none()
    }

    /// The outputs that are secret, be they of the step, its check or its undo.
    pub fn sealed(&self) -> impl Iterator<Item = &str> {
        self.uses.iter().chain(&self.check).chain(&self.undo).flat_map(|uses| &uses.sealed).map(String::as_str)
    }

    /// Whether it has such outputs.
    pub fn seals(&self) -> bool {
        self.sealed().next().is_some()
    }

    /// Every template, but for those under `with`.
    pub fn words(&self) -> impl Iterator<Item = &Words> {
        let named = self.outputs.iter().chain(&self.env).map(|(_, words)| words);
        let cached = self.cache.iter().flat_map(Cache::words);
        self.name.iter().chain(&self.confirm).chain(named).chain(&self.dir).chain(&self.publishes).chain(cached)
    }

    /// Every expression, but for those under `with`.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        [&self.when, &self.foreach, &self.key, &self.until, &self.ready, &self.retry_when].into_iter().flatten()
    }

    /// What any of its texts refers to.
    pub fn references(&self) -> Vec<Reference> {
        let words = self.words().flat_map(|words| words.template.references().to_vec());
        let decisions = self.decisions().flat_map(|of| of.expression.references().cloned().collect::<Vec<_>>());
        words.chain(decisions).chain(self.fields().flat_map(Fields::references)).collect()
    }

    /// Every `with` it has.
    pub fn fields(&self) -> impl Iterator<Item = &Fields> {
        let uses = self.uses.iter().chain(&self.check).chain(&self.undo).map(|uses| &uses.with);
        uses.chain(self.call.iter().map(|call| &call.with))
    }
}
