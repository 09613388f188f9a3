//! A workflow made ready to run: every file it calls read, every template and expression compiled, and the plan made.
//!
//! The core knows a step by its place in the [`Plan`](runner_core::Plan); [`Program::steps`] holds at the same place what
//! the core leaves to templates and expressions. A workflow called by `run:` stands as a [`Unit`] of its own: a file with
//! its own inputs, secrets and loaded files, in which names resolve.

mod check;
mod compile;
mod definition;
mod inner;
mod library;
mod policy;
mod registry;
mod text;

use std::sync::Arc;

use runner_core::{Body, Kind, Path, Plan, Selection, StepIndex};

pub use compile::compile;
pub(crate) use compile::steps_of;
pub use definition::{Cache, Call, Definition, Uses};
pub use inner::{Inner, Spot};
pub use library::{Library, LibraryError, Opened};
pub use registry::Registry;
pub use text::{Decision, Fields, Place, Words};

use crate::language::ast::{InputType, Workflow};

/// A workflow made ready to run.
#[derive(Debug)]
pub struct Program {
    /// What the core goes through.
    pub plan: Arc<Plan>,
    /// What the core leaves to templates and expressions, by the same index as the plan's steps.
    pub steps: Vec<Definition>,
    /// The files: the workflow itself first, then those it calls, once each.
    pub units: Vec<Unit>,
    /// Whether a secret may pass anywhere in it: some file has secrets, or some step makes one.
    pub secretive: bool,
}

/// A workflow file.
#[derive(Debug)]
pub struct Unit {
    /// What tells it from other files: the path as a person knows it, or the name of a built-in one.
    pub key: String,
    /// The workflow's name.
    pub name: String,
    /// What its author wrote.
    pub workflow: Arc<Workflow>,
    /// Where its templates and schemas are looked for; none for a built-in one.
    pub folder: Option<std::path::PathBuf>,
    /// The schemas that its `load` names, by what it calls them; without those that do not exist.
    pub schemas: Vec<(String, Opened)>,
    /// `outputs`.
    pub outputs: Vec<(String, Words)>,
    /// `exit_code`.
    pub exit_code: Option<Decision>,
    /// `env`.
    pub env: Vec<(String, Words)>,
    /// `dir`.
    pub dir: Option<Words>,
    /// `defaults.env`.
    pub default_env: Vec<(String, Words)>,
    /// `defaults.dir`.
    pub default_dir: Option<Words>,
    /// `concurrency.group`.
    pub group: Option<Words>,
}

impl Unit {
    /// Whether it is given secrets.
    fn has_secrets(&self) -> bool {
        let secret = |input: &crate::language::ast::Input| input.kind.value == InputType::Secret;
        !self.workflow.secrets.is_empty() || self.workflow.inputs.iter().any(secret)
    }
}

impl Program {
    /// The workflow itself.
    pub fn main(&self) -> &Unit {
        &self.units[0]
    }

    /// Leaves steps out.
    pub(crate) fn confine(&mut self, selection: Selection) {
        Arc::make_mut(&mut self.plan).selection = selection;
    }

    /// Every step: its path without keys, and its place in the plan.
    pub fn paths(&self) -> Vec<(Path, StepIndex)> {
        let lists = |body: &Body, list: &Path| -> Vec<(Path, StepIndex)> {
            body.steps.iter().chain(&body.finally).map(|&at| (list.child(&self.plan.step(at).id), at)).collect()
        };
        let mut found = lists(&self.plan.root, &Path::root());
        let mut next = 0;
        while let Some((path, at)) = found.get(next).cloned() {
            if let Kind::Body { body, .. } = &self.plan.step(at).kind {
                found.extend(lists(body, &path));
            }
            next += 1;
        }
        found
    }

    /// The behaviour versions of the step types that it uses.
    pub fn behaviours(&self) -> std::collections::BTreeMap<String, u32> {
        let used = self.steps.iter().flat_map(|step| step.uses.iter().chain(&step.check));
        used.map(|uses| (uses.step.name.to_owned(), uses.step.behaviour)).collect()
    }

    /// Whether files' contents may count as part of a step's definition.
    pub fn reads(&self) -> bool {
        self.steps.iter().any(|step| step.uses.as_ref().is_some_and(|uses| uses.step.reads))
    }

    /// Every template, in no particular order.
    pub fn words(&self) -> impl Iterator<Item = &Words> {
        let units = self.units.iter().flat_map(|unit| {
            let named = unit.outputs.iter().chain(&unit.env).chain(&unit.default_env).map(|(_, words)| words);
            named.chain(&unit.dir).chain(&unit.default_dir).chain(&unit.group)
        });
        units.chain(self.steps.iter().flat_map(Definition::words))
    }

    /// Every expression, in no particular order.
    pub fn decisions(&self) -> impl Iterator<Item = &Decision> {
        let units = self.units.iter().filter_map(|unit| unit.exit_code.as_ref());
        units.chain(self.steps.iter().flat_map(Definition::decisions))
    }
}
