//! What is known of a run before anything runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use runner_core::Plan;
use serde_json::{Map, Value};

use crate::expression::{Scope, Status, Template};
use crate::program::{Definition, Program, Words};

/// What is known of a run before anything runs: the tree of steps, and what each is.
#[derive(Debug)]
pub struct Outline {
    /// The workflow's name.
    pub workflow: String,
    /// The tree.
    pub plan: Arc<Plan>,
    /// The tree with which the journal begins: another one, where the workflow was edited since.
    pub origin: Arc<Plan>,
    /// By the same index as the plan's steps.
    pub steps: Vec<StepOutline>,
    /// The workflow's inputs, for names that mention them.
    inputs: Arc<Value>,
}

/// What is known of a step before it runs.
#[derive(Debug)]
pub struct StepOutline {
    /// Its id.
    pub id: String,
    /// Its `name`.
    pub title: Option<Title>,
    /// What it is.
    pub what: What,
    /// What `as:` names the item, of a foreach.
    pub binding: String,
}

/// A step's `name`.
#[derive(Debug)]
pub enum Title {
    /// As it stands.
    Text(String),
    /// With expressions in it, and as it was written.
    Template(Box<Template>, String),
}

/// What a step is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A step type, by its name.
    Uses(String),
    /// `steps:`.
    Group,
    /// `run:`, by the called workflow's name.
    Call(String),
}

impl Outline {
    /// The outline of a program that runs with these inputs (none of them secret).
    pub fn of(program: &Program, inputs: Map<String, Value>) -> Self {
        Self {
            workflow: program.main().name.clone(),
            plan: Arc::clone(&program.plan),
            origin: Arc::clone(&program.plan),
            steps: program.steps.iter().map(|step| StepOutline::of(step, program)).collect(),
            inputs: Arc::new(Value::Object(inputs)),
        }
    }

    /// The same for a journal that begins with another tree, if it does.
    #[must_use]
    pub fn began_as(mut self, origin: Option<&Arc<Plan>>) -> Self {
        if let Some(origin) = origin {
            self.origin = Arc::clone(origin);
        }
        self
    }

    /// An outline of which only the tree is known.
    pub fn bare(workflow: &str, plan: Arc<Plan>) -> Self {
        let of = |step: &runner_core::Step| StepOutline {
            id: step.id.clone(),
            title: None,
            what: match step.kind {
                runner_core::Kind::Leaf(_) => What::Uses(String::new()),
                runner_core::Kind::Body { .. } => What::Group,
            },
            binding: "item".to_owned(),
        };
        let steps = plan.steps.iter().map(of).collect();
        let origin = Arc::clone(&plan);
        Self { workflow: workflow.to_owned(), plan, origin, steps, inputs: Arc::default() }
    }

    /// A step's `name`, where the items around it have these values; as it was written where more would be needed.
    pub(super) fn title(&self, step: usize, items: &BTreeMap<&str, &Value>) -> Option<String> {
        match self.steps.get(step)?.title.as_ref()? {
            Title::Text(text) => Some(text.clone()),
            Title::Template(template, written) => {
                let mut scope = Scope::new(Status::default());
                scope.set("inputs", Arc::clone(&self.inputs));
                for (name, value) in items {
                    scope.set(*name, (*value).clone());
                }
                Some(match template.render(&scope) {
                    Ok(Value::String(text)) => text,
                    Ok(value @ (Value::Number(_) | Value::Bool(_))) => value.to_string(),
                    _ => written.clone(),
                })
            }
        }
    }
}

impl StepOutline {
    fn of(step: &Definition, program: &Program) -> Self {
        let what = match (&step.uses, &step.call) {
            (Some(uses), _) => What::Uses(uses.step.name.to_owned()),
            (None, Some(call)) => What::Call(program.units[call.unit].name.clone()),
            (None, None) => What::Group,
        };
        let title = step.name.as_ref().map(Title::of);
        Self { id: step.id.clone(), title, what, binding: step.binding.clone() }
    }
}

impl Title {
    fn of(words: &Words) -> Self {
        let written = words.written().to_owned();
        match Template::parse(&written) {
            Ok(template) if !template.is_literal() => Self::Template(Box::new(template), written),
            _ => Self::Text(written),
        }
    }
}
