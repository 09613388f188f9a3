//! The core's questions, answered from the program: conditions, items, definitions, outputs.
//!
//! Answers depend on the state and on what was read once for the run ([`Facts`]), nothing else; and a text sees only what
//! has ended for good before it is read. So an attempt that another engine life started is rendered again to the same
//! definition, and can be finished here; where a service is spoken of, it is written down ([`Recorded`]). A secret is seen in two ways
//! ([`Sight`]): by value where something is executed, by its reference where something is compared.

mod ahead;
mod answer;
mod callee;
mod definition;
mod facts;
pub(crate) mod fingerprint;
mod group;
mod item;
mod known;
mod large;
mod lost;
mod outputs;
mod question;
mod recorded;
mod scope;
mod step;
mod undo;
mod written;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use runner_core::{Doing, NodeId, Path, Purpose, State};
use runner_sdk::{Instance, StepType};
use serde_json::Value;

pub use facts::{Facts, Secrets, Sight};
pub use group::{Groups, Tell, Told};
pub use known::Known;
pub use large::Large;
pub(crate) use outputs::no_key;
pub use recorded::Recorded;
pub(crate) use step::status;

/// The digest of a content, as it is compared.
pub fn digest(bytes: &[u8]) -> String {
    fingerprint::of_bytes(bytes)
}

use crate::cache::Spec;
use crate::expression::Scope;
use crate::program::Program;
use crate::seal::Seals;

/// Answers the core's questions.
pub struct Evaluator {
    program: Arc<Program>,
    facts: Arc<Facts>,
    large: Large,
    seals: Seals,
    groups: Groups,
    /// Whether any step is a service.
    has_services: bool,
    /// The names that a file's texts see everywhere in it, by the path of the call that it stands behind.
    bases: RefCell<BTreeMap<(Path, Sight), Base>>,
    /// Whether the keeper can hold attempts back until their turn has come.
    permits: Cell<bool>,
    /// The secrets of callees that their inputs tell, or why they cannot be had.
    called: RefCell<BTreeMap<Path, Result<callee::CalleeSecrets, runner_core::StepError>>>,
    /// The definitions of attempts under way.
    rendered: RefCell<BTreeMap<(Path, u32), Arc<Rendered>>>,
    /// What each step of the program hashes to as it is written, once it was asked.
    written: RefCell<BTreeMap<runner_core::StepIndex, Arc<str>>>,
    /// Whether texts and inputs are known to be what they were, so that only files that steps read may have changed.
    same_texts: bool,
    /// The ids of steps that have another one now: the old and the new one.
    renamed: Vec<(String, String)>,
}

/// Definitions of attempts, by step and number.
pub type Captured = BTreeMap<(Path, u32), Arc<Rendered>>;

/// The attempts of a state that are under way or in doubt: the step, the number, what for.
pub(crate) fn open(state: &State) -> Vec<(NodeId, u32, Purpose)> {
    let attempt = |(id, node): (NodeId, &runner_core::Node)| {
        let leaf = node.leaf()?;
        let (attempt, purpose) = match leaf.doing {
            Doing::Running { attempt, purpose } => (attempt, purpose),
            Doing::InDoubt { attempt, .. } => (attempt, Purpose::Run),
            _ => (leaf.service?, Purpose::Run),
        };
        Some((id, attempt, purpose))
    };
    state.nodes().filter_map(attempt).collect()
}

/// What a file was entered with, and the names that follow from it.
type Base = (Arc<Value>, Arc<Scope>);

/// The definition of one attempt, rendered and decoded.
pub struct Rendered {
    /// The step type.
    pub step: &'static StepType,
    /// The step, decoded.
    pub instance: Box<dyn Instance>,
    /// Its `with:`.
    pub with: Value,
    /// The environment that the workflow adds, outermost first; later ones win.
    pub env: Vec<(String, String)>,
    /// The working directory, absolute.
    pub dir: PathBuf,
    /// The folder of the workflow's file.
    pub source: PathBuf,
    /// Files and folders that are synced before the step is finished.
    pub publishes: Vec<PathBuf>,
    /// What its `cache` says.
    pub cache: Option<Spec>,
    /// What the definition hashes to, as written and as rendered, secrets by reference.
    pub fingerprint: String,
    /// What is compared of it as rendered, for people; secrets by reference.
    pub shown: Value,
}

impl Evaluator {
    /// An evaluator of a program under what was read for the run.
    pub fn new(program: Arc<Program>, facts: Arc<Facts>, large: Large, seals: Seals, groups: Groups) -> Self {
        let is_service = |step: &runner_core::Step| matches!(&step.kind, runner_core::Kind::Leaf(leaf) if leaf.service);
        let has_services = program.plan.steps.iter().any(is_service);
        Self {
            program,
            facts,
            large,
            seals,
            groups,
            has_services,
            bases: RefCell::default(),
            permits: Cell::new(true),
            called: RefCell::default(),
            rendered: RefCell::default(),
            written: RefCell::default(),
            same_texts: false,
            renamed: Vec::new(),
        }
    }

    /// One that compares with what was: definitions of attempts that began before it, the steps that were `renamed`, and
    /// whether only files that steps read may have changed.
    #[must_use]
    pub fn comparing(mut self, renamed: &[(Path, Path)], same_texts: bool) -> Self {
        let last = |path: &Path| path.as_str().rsplit('/').next().unwrap_or_default().to_owned();
        self.renamed = renamed.iter().map(|(old, new)| (last(old), last(new))).collect();
        self.same_texts = same_texts;
        self
    }

    /// The definitions of all attempts of a state that are under way or in doubt, as this program makes them. One that
    /// cannot be made is left out: its attempt will be in doubt.
    pub fn capture(&self, state: &State) -> Captured {
        for (id, attempt, purpose) in open(state) {
            if self.rendered(&state.node(id).path, attempt).is_none() {
                let _ = runner_core::Evaluate::render(self, state, id, attempt, purpose);
            }
        }
        self.rendered.borrow().clone()
    }

    /// The definitions that are kept.
    pub fn known(&self) -> Captured {
        self.rendered.borrow().clone()
    }

    /// Takes definitions that another program made.
    pub fn adopt(&self, captured: &Captured) {
        self.rendered.borrow_mut().extend(captured.iter().map(|(key, made)| (key.clone(), Arc::clone(made))));
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// What was read once for the run.
    pub fn facts(&self) -> &Arc<Facts> {
        &self.facts
    }

    /// The definition of an attempt that was rendered; it stays until [`Self::forget`].
    pub fn rendered(&self, path: &Path, attempt: u32) -> Option<Arc<Rendered>> {
        self.rendered.borrow().get(&(path.clone(), attempt)).cloned()
    }

    /// Drops the definition of an attempt that ended.
    pub fn forget(&self, path: &Path, attempt: u32) {
        self.rendered.borrow_mut().remove(&(path.clone(), attempt));
    }
}

impl Evaluator {
    /// The concurrency group of a run, if it has one.
    pub fn group(run: &crate::run::Run) -> Result<Option<String>, runner_core::StepError> {
        let Some(group) = &run.program.main().group else { return Ok(None) };
        let facts = &run.facts;
        let name = &run.program.main().name;
        let mut scope = Scope::default()
            .with("run", scope::root(facts, name, name))
            .with("inputs", Value::Object(facts.inputs.clone()))
            .with("env", Value::Object(facts.env.clone()));
        for (name, value) in &facts.load {
            scope.set(name.clone(), value.clone());
        }
        group.render_text(&scope).map(Some)
    }
}
