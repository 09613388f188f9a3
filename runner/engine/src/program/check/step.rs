//! A step: every text it has, in the place where it is read.

use runner_core::{Kind, StepIndex};

use super::Checker;
use super::file::{NO_ERROR, NO_OUTPUT};
use super::list::{At, Layer, List};
use super::names::{Names, of_item};
use crate::expression::{Need, Problem, Type, TypeEnv};
use crate::language::ast::{self, Action};
use crate::program::{Cache, Definition};

impl<'p> Checker<'p> {
    /// Goes through a step and what stands in it, and says what is behind `steps.ID`.
    pub(super) fn step(&mut self, step: &'p ast::Step, index: StepIndex, layer: &Layer<'_>, env: &TypeEnv) -> Type {
        let definition: &'p Definition = &self.program.steps[index];
        let mut names = Names::at(env.clone(), layer);
        if step.foreach.is_some() && !names.has(&definition.binding) {
            names.unset(&definition.binding, "`when` and `foreach` are asked once, before there are items");
        }
        if let Some(when) = &definition.when {
            self.condition(&mut names, when, Need::Condition);
        }
        if let Some(confirm) = &definition.confirm {
            self.text(&mut names, confirm);
        }
        if step.foreach.is_some() {
            self.foreach(&mut names, definition);
        }
        let env_texts = definition.env.iter().map(|(_, words)| words);
        let cached = definition.cache.iter().flat_map(Cache::words);
        let texts = definition.name.iter().chain(env_texts).chain(&definition.dir).chain(&definition.publishes);
        for words in texts.chain(cached) {
            self.text(&mut names, words);
        }
        let outputs = match &step.action {
            Action::Uses(_) => self.leaf(&mut names, step, definition),
            Action::Group(_) => self.group(&names, step, index, layer),
            Action::Run(_) => self.callee(&mut names, step, index),
            Action::Unknown => Type::Dyn,
        };
        if step.foreach.is_some() { Type::foreach(outputs) } else { Type::step(outputs) }
    }

    /// The list that a foreach goes through, and its keys; the item is known from here on.
    fn foreach(&mut self, names: &mut Names<'_>, definition: &Definition) {
        let all = definition.foreach.as_ref().map(|each| self.decision(names, each, Need::Collection));
        let item = of_item(&all.unwrap_or_default());
        if let (Some(each), None, Type::List(_) | Type::Map(_) | Type::Object { .. }) =
            (&definition.foreach, &definition.key, &item)
            && matches!(self.decision(names, each, Need::Value), Type::List(_))
        {
            let problem = Problem::new(0, "the items are no plain values, so a `key:` must tell them apart");
            self.problem(&each.place, &problem.hint(format!("such as `key: {}.name`", definition.binding)));
        }
        names.set(&definition.binding, item);
        if !names.has("item") {
            names.unset("item", &format!("`as` calls the item `{}` here", definition.binding));
        }
        if let Some(key) = &definition.key {
            self.decision(names, key, Need::Key);
        }
    }

    /// A step of a type. Its record has what the type gives, and its own `outputs`.
    fn leaf(&mut self, names: &mut Names<'_>, step: &'p ast::Step, definition: &'p Definition) -> Type {
        let output = match &definition.uses {
            Some(uses) => {
                self.with(names, uses, step.with.as_ref(), step.id.span, definition.unit);
                self.catalog.shape(uses.step.0).output.clone()
            }
            None => Type::Dyn,
        };
        if let (Some(check), Some(written)) = (&definition.check, &step.check) {
            self.with(names, check, written.with.as_ref(), written.uses.span, definition.unit);
        }
        self.rules(step, definition);
        names.set("output", output.clone());
        for decision in definition.until.iter().chain(&definition.ready) {
            self.decision(names, decision, Need::Condition);
        }
        let own = self.outputs_of(names, &step.outputs, &definition.outputs);
        names.unset("output", NO_OUTPUT);
        names.set("error", Type::error());
        if let Some(retry) = &definition.retry_when {
            self.decision(names, retry, Need::Condition);
        }
        names.unset("error", NO_ERROR);
        let all = extended(output, own);
        if let (Some(undo), Some(written)) = (&definition.undo, &step.undo) {
            names.set("output", all.clone());
            names.know(&definition.id, Type::step(all.clone()));
            self.with(names, undo, written.with.as_ref(), written.uses.span, definition.unit);
            names.unset("output", NO_OUTPUT);
        }
        all
    }

    fn group(&mut self, names: &Names<'_>, step: &'p ast::Step, index: StepIndex, layer: &Layer<'_>) -> Type {
        let Action::Group(steps) = &step.action else { return Type::Dyn };
        let Kind::Body { body, .. } = &self.program.plan.steps[index].kind else { return Type::Dyn };
        let mut lists = (List::new(steps), List::new(&step.finally));
        let env = names.env();
        self.lists(&mut lists, body, Some(layer), &env);
        let inside = Layer { outer: Some(layer), body: &lists.0, finally: &lists.1, at: At::End };
        let mut names = Names::at(env, &inside);
        let definition: &'p Definition = &self.program.steps[index];
        Type::closed(self.outputs_of(&mut names, &step.outputs, &definition.outputs))
    }

    fn callee(&mut self, names: &mut Names<'_>, step: &'p ast::Step, index: StepIndex) -> Type {
        let definition: &'p Definition = &self.program.steps[index];
        let Some(call) = &definition.call else { return Type::Dyn };
        self.call(names, call, step, definition.unit);
        let output = match &self.program.plan.steps[index].kind {
            Kind::Body { body, .. } => self.unit(call.unit, body),
            Kind::Leaf(_) => Type::Dyn,
        };
        names.set("output", output.clone());
        let own = self.outputs_of(names, &step.outputs, &definition.outputs);
        names.unset("output", NO_OUTPUT);
        extended(output, own)
    }
}

/// Outputs with more beside them.
fn extended(output: Type, more: Vec<(String, Type)>) -> Type {
    match output {
        of if more.is_empty() => of,
        Type::Object { mut fields, open } => {
            fields.extend(more);
            Type::Object { fields, open }
        }
        _ => Type::open(more),
    }
}
