//! A file: the names that hold everywhere in it, its own texts, its lists, its outputs.

use runner_core::Body;

use super::Checker;
use super::list::{At, Layer, List};
use super::names::{Names, of_input};
use crate::expression::{Need, Problem, Type, TypeEnv};
use crate::language::ast::{self, SecretSource};
use crate::program::{Decision, Unit, Words};

/// Why names of some places are not known in others.
pub(super) const NO_ITEM: &str = "only a step with `foreach`, and what stands in it, has an item";
pub(super) const NO_OUTPUT: &str = "only `until`, `ready`, `undo` and `outputs` of a step know its output";
pub(super) const NO_ERROR: &str = "only `retry.when` knows the error";
const NO_STEPS: &str = "it is read before any step has ended";

impl<'p> Checker<'p> {
    /// Goes through a file, once, and says what its outputs are.
    pub(super) fn unit(&mut self, unit: usize, body: &Body) -> Type {
        if let Some(known) = &self.outputs[unit] {
            return known.clone();
        }
        let of: &'p Unit = &self.program.units[unit];
        self.outputs[unit] = Some(Type::Dyn);
        let env = roots(of);
        self.head(of, &env);
        self.defaults(of);
        let workflow = &of.workflow;
        let mut lists = (List::new(&workflow.steps), List::new(&workflow.finally));
        self.lists(&mut lists, body, None, &env);
        let layer = Layer { outer: None, body: &lists.0, finally: &lists.1, at: At::End };
        let mut names = Names::at(env, &layer);
        let outputs = self.outputs_of(&mut names, &workflow.outputs, &of.outputs);
        let outputs = Type::closed(outputs);
        self.exit_code(&mut names, of, &outputs);
        self.outputs[unit] = Some(outputs.clone());
        outputs
    }

    /// Goes through the body and the `finally` of a workflow or group.
    pub(super) fn lists(
        &mut self,
        lists: &mut (List<'p>, List<'p>),
        body: &Body,
        outer: Option<&Layer<'_>>,
        env: &TypeEnv,
    ) {
        let (order, last) = (lists.0.order(), lists.1.order());
        let (first, then) = (&lists.0, &lists.1);
        for (list, indices, order, is_body) in [(first, &body.steps, order, true), (then, &body.finally, last, false)] {
            for at in order {
                let Some(&index) = indices.get(at) else { continue };
                let place = if is_body { At::Body(at) } else { At::Finally(at) };
                let layer = Layer { outer, body: first, finally: then, at: place };
                let record = self.step(&list.steps[at], index, &layer, env);
                list.record(at, record);
            }
        }
        self.never_undone(then.steps, &body.finally);
        self.removed((first.steps, &body.steps), (then.steps, &body.finally));
    }

    /// Checks texts under `outputs`, and says what each gives. One that could not be read may be anything.
    pub(super) fn outputs_of(
        &mut self,
        names: &mut Names<'_>,
        written: &[ast::Named<ast::Text>],
        compiled: &[(String, Words)],
    ) -> Vec<(String, Type)> {
        let mut of: Vec<_> = written.iter().map(|named| (named.name.value.clone(), Type::Dyn)).collect();
        for (name, words) in compiled {
            let gives = self.words(names, words);
            of.push((name.clone(), gives));
        }
        of
    }

    /// What is read before any step starts.
    fn head(&mut self, of: &Unit, env: &TypeEnv) {
        let source = &of.workflow.source;
        let mut inputs = TypeEnv::new().with("inputs", env.get("inputs").cloned().unwrap_or_default());
        for name in ["secrets", "env", "run", "state", "item", "output", "error"] {
            inputs.absent(name, "only `inputs` are known when files and secrets are read");
        }
        let mut early = Names::without_steps(inputs, NO_STEPS);
        let loads = of.workflow.load.iter().flat_map(|load| std::iter::once(&load.file).chain(&load.schema));
        let secrets = of.workflow.secrets.iter().flat_map(|secret| match &secret.from {
            SecretSource::Env(text) | SecretSource::File(text) | SecretSource::Shell(text) => {
                std::slice::from_ref(text)
            }
            SecretSource::Program(words) => words.as_slice(),
        });
        for text in loads.chain(secrets) {
            if let Some(words) = Words::compile(text, source, self.sink) {
                self.text(&mut early, &words);
            }
        }
        if let Some(group) = &of.group {
            let mut env = env.clone();
            for name in ["secrets", "state"] {
                env.absent(name, "only `inputs`, `env`, `run` and loaded files are known when the group is taken");
            }
            self.text(&mut Names::without_steps(env, NO_STEPS), group);
        }
        let every = "it is read for every step, also before any has ended";
        let mut names = Names::without_steps(env.clone(), every);
        let texts = of.env.iter().chain(&of.default_env).map(|(_, words)| words);
        for words in texts.chain(&of.dir).chain(&of.default_dir) {
            self.text(&mut names, words);
        }
    }

    fn exit_code(&mut self, names: &mut Names<'_>, of: &Unit, outputs: &Type) {
        let Some(decision) = &of.exit_code else { return };
        names.set("output", outputs.clone());
        self.decision(names, decision, Need::Whole);
        if let Some(wrong) = unfit_exit_code(decision) {
            self.problem(&decision.place, &wrong);
        }
    }

    /// `defaults.with`: namespaces and fields that exist.
    fn defaults(&mut self, of: &Unit) {
        use crate::diagnostic::{Diagnostic, did_you_mean};
        let source = &of.workflow.source;
        for entry in &of.workflow.defaults.with {
            let (namespace, span) = (entry.name.value.as_str(), entry.name.span);
            let types: Vec<_> = self.registry.all().iter().filter(|of| of.namespace() == namespace).collect();
            if types.is_empty() {
                let known: std::collections::BTreeSet<_> =
                    self.registry.all().iter().map(|of| of.namespace()).collect();
                let message = format!("there are no step types `{namespace}.…`");
                self.push(Diagnostic::error(source, span, message).maybe_hint(did_you_mean(namespace, known)));
                continue;
            }
            let shapes: Vec<_> = types.iter().map(|of| self.catalog.shape(of)).collect();
            let known: Vec<&str> = shapes
                .iter()
                .filter_map(|shape| shape.with["properties"].as_object())
                .flat_map(|properties| properties.keys().map(String::as_str))
                .collect();
            for field in entry.value.as_mapping().unwrap_or_default() {
                if !known.contains(&field.key.text.as_str()) {
                    let message = format!("no step type of `{namespace}` has a field `{}`", field.key.text);
                    let hint = did_you_mean(&field.key.text, known.iter().copied());
                    self.push(Diagnostic::error(source, field.key.span, message).maybe_hint(hint));
                }
            }
        }
    }
}

/// The names that hold everywhere in a file.
fn roots(of: &Unit) -> TypeEnv {
    let workflow = &of.workflow;
    let inputs = workflow.inputs.iter().map(|input| (input.name.value.clone(), of_input(input)));
    let secrets = workflow.secrets.iter().map(|secret| (secret.name.value.clone(), Type::String));
    let run = ["id", "name", "workflow", "started", "project"].map(|name| (name, Type::String));
    let mut env = TypeEnv::new()
        .with("inputs", Type::closed(inputs))
        .with("secrets", Type::closed(secrets))
        .with("env", Type::map(Type::String))
        .with("run", Type::closed(run))
        .with("state", Type::Dyn);
    env.absent("item", NO_ITEM);
    env.absent("output", NO_OUTPUT);
    env.absent("error", NO_ERROR);
    for load in &workflow.load {
        env.set(load.name.value.clone(), Type::Dyn);
    }
    env
}

/// What is wrong with an exit code that is written as a number.
fn unfit_exit_code(decision: &Decision) -> Option<Problem> {
    let code = decision.expression.literal()?.as_i64()?;
    if code == 0 || (40..=59).contains(&code) {
        return None;
    }
    let problem = Problem::new(0, format!("`{code}` is no exit code of a workflow's own"));
    Some(problem.hint("it is 0, or from 40 to 59; the others have a meaning already"))
}
