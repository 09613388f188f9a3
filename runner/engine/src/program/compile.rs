//! From files to a program.

use std::sync::Arc;

use runner_core::{Body, Foreach, Kind, Plan, Step, StepIndex};
use serde_json::Value;

use super::check::Catalog;
use super::definition::{Cache, Call, Definition, StepRef, Uses};
use super::library::{Library, Opened};
use super::registry::Registry;
use super::text::{Decision, Fields, Words};
use super::{Program, Unit, policy};
use crate::diagnostic::{Diagnostic, Sink, Source};
use crate::expression::Reference;
use crate::language::{ast, parse};

/// Reads the files that `main` calls and makes a program of all. Everything wrong goes to `sink`; with errors there, the
/// program may lack parts and must not run.
pub fn compile(main: Opened, library: &dyn Library, registry: &Registry, sink: &mut Sink) -> Option<Program> {
    let mut compiler = Compiler {
        library,
        registry,
        sink,
        catalog: Catalog::default(),
        steps: Vec::new(),
        plan: Vec::new(),
        units: Vec::new(),
        calls: Vec::new(),
    };
    let unit = compiler.unit(main)?;
    let root = compiler.enter(unit, None);
    let workflow = Arc::clone(&compiler.units[unit].workflow);
    let timeout = workflow.timeout.map(|timeout| policy::millis(timeout.value));
    let undo = policy::undoes(workflow.on_error);
    let plan = Arc::new(Plan { steps: compiler.plan, root, timeout, undo, ..Plan::default() });
    let secretive = compiler.units.iter().any(Unit::has_secrets) || compiler.steps.iter().any(Definition::seals);
    let program = Program { plan, steps: compiler.steps, units: compiler.units, secretive };
    super::check::program(&program, registry, &mut compiler.catalog, compiler.sink);
    Some(program)
}

struct Compiler<'a> {
    library: &'a dyn Library,
    registry: &'a Registry,
    sink: &'a mut Sink,
    catalog: Catalog,
    steps: Vec<Definition>,
    plan: Vec<Step>,
    units: Vec<Unit>,
    /// The files being entered, outermost first.
    calls: Vec<usize>,
}

impl Compiler<'_> {
    /// Reads a file, once.
    fn unit(&mut self, opened: Opened) -> Option<usize> {
        if let Some(at) = self.units.iter().position(|unit| unit.key == opened.key) {
            return Some(at);
        }
        let workflow = Arc::new(parse(&opened.source, self.sink)?);
        let source = &opened.source;
        let schemas = workflow.load.iter().filter_map(|load| load.schema.as_ref()).filter_map(|schema| {
            Some((schema.value.clone(), self.library.schema(&schema.value, opened.folder.as_deref())?))
        });
        let schemas = schemas.collect();
        let unit = Unit {
            key: opened.key,
            name: workflow.name.as_ref().map_or(opened.name, |name| name.value.clone()),
            folder: opened.folder,
            schemas,
            outputs: named(&workflow.outputs, source, self.sink),
            exit_code: workflow.exit_code.as_ref().and_then(|expr| Decision::compile(expr, source, self.sink)),
            env: named(&workflow.env, source, self.sink),
            dir: workflow.dir.as_ref().and_then(|text| Words::compile(text, source, self.sink)),
            default_env: named(&workflow.defaults.env, source, self.sink),
            default_dir: workflow.defaults.dir.as_ref().and_then(|text| Words::compile(text, source, self.sink)),
            group: workflow.concurrency.as_ref().and_then(|c| Words::compile(&c.group, source, self.sink)),
            workflow,
        };
        self.units.push(unit);
        Some(self.units.len() - 1)
    }

    /// The lists of a file, called from the step `parent`.
    fn enter(&mut self, unit: usize, parent: Option<StepIndex>) -> Body {
        self.calls.push(unit);
        let workflow = Arc::clone(&self.units[unit].workflow);
        let body = Body {
            steps: self.list(unit, parent, &workflow.steps),
            finally: self.list(unit, parent, &workflow.finally),
        };
        self.calls.pop();
        body
    }

    fn list(&mut self, unit: usize, parent: Option<StepIndex>, steps: &[ast::Step]) -> Vec<StepIndex> {
        steps.iter().map(|step| self.step(unit, parent, step)).collect()
    }

    fn step(&mut self, unit: usize, parent: Option<StepIndex>, step: &ast::Step) -> StepIndex {
        let workflow = Arc::clone(&self.units[unit].workflow);
        let (source, defaults) = (&workflow.source, &workflow.defaults);
        // The place is taken before the members of a group take theirs, which name it as their parent.
        let index = self.plan.len();
        self.plan.push(Step {
            id: step.id.value.clone(),
            needs: step.follows.clone(),
            when: runner_core::When::default(),
            foreach: step
                .foreach
                .as_ref()
                .map(|each| Foreach { max_parallel: each.max_parallel.map(|most| most.value as usize) }),
            kind: Kind::Leaf(runner_core::Leaf::default()),
            on_error: policy::on_error(step, defaults),
            confirm: step.confirm.is_some(),
        });
        let definition = self.definition(unit, parent, step);
        self.steps.push(definition);
        let timeout = step.timeout.map(|timeout| policy::millis(timeout.value));
        let kind = match &step.action {
            ast::Action::Uses(name) => match self.uses(name, step.with.as_ref(), &workflow) {
                Some(uses) => {
                    let leaf = policy::leaf(step, defaults, &uses.step);
                    self.steps[index].uses = Some(uses);
                    Kind::Leaf(leaf)
                }
                None => Kind::Leaf(runner_core::Leaf::default()),
            },
            ast::Action::Group(steps) => {
                let steps = self.list(unit, Some(index), steps);
                let finally = self.list(unit, Some(index), &step.finally);
                Kind::Body { body: Body { steps, finally }, timeout, undo: policy::undoes(step.on_error) }
            }
            ast::Action::Run(name) => {
                let body = self.call(unit, index, name, step.with.as_ref(), source).unwrap_or_default();
                let called = self.steps[index].call.as_ref().map(|call| &*self.units[call.unit].workflow);
                let own = called.and_then(|called| called.timeout);
                let timeout = timeout.or(own.map(|timeout| policy::millis(timeout.value)));
                let undo = step.on_error.or(called.and_then(|called| called.on_error));
                Kind::Body { body, timeout, undo: policy::undoes(undo) }
            }
            ast::Action::Unknown => Kind::Leaf(runner_core::Leaf::default()),
        };
        self.plan[index].kind = kind;
        self.plan[index].when = policy::when(self.steps[index].when.as_ref());
        if let Some(check) = &step.check {
            self.steps[index].check = self.uses(&check.uses, check.with.as_ref(), &workflow);
        }
        if let Some(undo) = &step.undo {
            self.steps[index].undo = self.uses(&undo.uses, undo.with.as_ref(), &workflow);
        }
        if let Kind::Leaf(leaf) = &mut self.plan[index].kind
            && let Some(uses) = &self.steps[index].uses
        {
            leaf.undo = policy::compensation(step, defaults, &uses.step, self.steps[index].undo.as_ref());
        }
        self.steps[index].refers = refers(&self.steps[index]);
        index
    }

    fn definition(&mut self, unit: usize, parent: Option<StepIndex>, step: &ast::Step) -> Definition {
        let workflow = Arc::clone(&self.units[unit].workflow);
        let (source, defaults, sink) = (&workflow.source, &workflow.defaults, &mut *self.sink);
        let mut decision = |expr: Option<&ast::Expr>| expr.and_then(|expr| Decision::compile(expr, source, sink));
        let retry = step.retry.as_ref().and_then(|retry| retry.when.as_ref());
        let retry = retry.or(defaults.retry.as_ref().and_then(|retry| retry.when.as_ref()));
        let (when, until) = (decision(step.when.as_ref()), decision(step.until.as_ref().map(|until| &until.that)));
        let foreach = decision(step.foreach.as_ref().map(|each| &each.items));
        let key = decision(step.foreach.as_ref().and_then(|each| each.key.as_ref()));
        let ready = decision(step.service.as_ref().and_then(|service| service.ready.as_ref()));
        let retry_when = decision(retry);
        let is_leaf = matches!(step.action, ast::Action::Uses(_));
        let timeout = step.timeout.or(if is_leaf { defaults.timeout } else { None });
        let mut texts = |texts: &[ast::Text]| -> Vec<_> {
            texts.iter().filter_map(|text| Words::compile(text, source, sink)).collect()
        };
        let cache = step.cache.as_ref().map(|cache| Cache {
            inputs: texts(&cache.inputs),
            values: texts(&cache.values),
            outputs: texts(&cache.outputs),
        });
        let publishes = texts(&step.publishes);
        Definition {
            id: step.id.value.clone(),
            unit,
            parent,
            span: step.span,
            name: step.name.as_ref().and_then(|text| Words::compile(text, source, sink)),
            uses: None,
            call: None,
            when,
            confirm: step.confirm.as_ref().and_then(|text| Words::compile(text, source, sink)),
            foreach,
            binding: binding(step),
            key,
            until,
            ready,
            retry_when,
            check: None,
            undo: None,
            outputs: named(&step.outputs, source, sink),
            env: named(&step.env, source, sink),
            dir: step.dir.as_ref().and_then(|text| Words::compile(text, source, sink)),
            publishes,
            cache,
            timeout: timeout.map(|timeout| timeout.value),
            grace: step.grace.or(defaults.grace).map_or(policy::GRACE, |grace| grace.value),
            refers: None,
        }
    }

    fn uses(
        &mut self,
        name: &ast::Spanned<String>,
        with: Option<&crate::language::reader::Node>,
        workflow: &ast::Workflow,
    ) -> Option<Uses> {
        let folder = self.calls.last().and_then(|&unit| self.units[unit].folder.as_deref());
        let of = match self.registry.look_up(&name.value, folder) {
            Ok(of) => of,
            Err(error) => {
                let unknown = Diagnostic::error(&workflow.source, name.span, error.message);
                self.sink.push(unknown.maybe_hint(error.hint));
                return None;
            }
        };
        let shape = self.catalog.shape(of);
        let schema = &shape.with;
        let own = with.and_then(|with| with.as_mapping()).unwrap_or_default();
        let mut nodes: Vec<_> = own.iter().map(|entry| (entry.key.text.clone(), &entry.value)).collect();
        let defaults = workflow.defaults.with.iter().find(|named| named.name.value == of.namespace());
        for entry in defaults.and_then(|named| named.value.as_mapping()).unwrap_or_default() {
            let known = schema["properties"].get(&entry.key.text).is_some();
            if known && !nodes.iter().any(|(name, _)| *name == entry.key.text) {
                nodes.push((entry.key.text.clone(), &entry.value));
            }
        }
        let folder = self.calls.last().and_then(|unit| self.units[*unit].folder.as_deref());
        let open = |name: &str| self.library.template(name, folder);
        let fields = Fields::compile(&nodes, schema, &workflow.source, &open, self.sink);
        let secret = fields.references().iter().any(|reference| may_be_secret(reference, workflow, self.is_called()));
        let refers_to_steps = fields.references().iter().any(|reference| reference.root() == "steps");
        let sealed = shape.sealed(&fields).map(str::to_owned).collect();
        Some(Uses { step: StepRef(of), with: fields, secret, refers_to_steps, sealed })
    }

    /// Whether the file being entered is called by another, which may give a secret to any of its inputs.
    fn is_called(&self) -> bool {
        self.calls.len() > 1
    }

    fn call(
        &mut self,
        caller: usize,
        index: StepIndex,
        name: &ast::Spanned<String>,
        with: Option<&crate::language::reader::Node>,
        source: &Arc<Source>,
    ) -> Option<Body> {
        let folder = self.units[caller].folder.clone();
        let opened = match self.library.open(&name.value, folder.as_deref()) {
            Ok(opened) => opened,
            Err(error) => {
                let wrong = Diagnostic::error(source, name.span, error.message);
                self.sink.push(match error.hint {
                    Some(hint) => wrong.hint(hint),
                    None => wrong,
                });
                return None;
            }
        };
        if let Some(from) = self.calls.iter().position(|&unit| self.units[unit].key == opened.key) {
            let names =
                self.calls[from..].iter().chain([&self.calls[from]]).map(|&unit| self.units[unit].name.as_str());
            let message = format!("workflows call each other in a circle: {}", names.collect::<Vec<_>>().join(" → "));
            self.sink.push(Diagnostic::error(source, name.span, message));
            return None;
        }
        let unit = self.unit(opened)?;
        let entries = with.and_then(|with| with.as_mapping()).unwrap_or_default();
        let nodes: Vec<_> = entries.iter().map(|entry| (entry.key.text.clone(), &entry.value)).collect();
        let open = |name: &str| self.library.template(name, None);
        let fields = Fields::compile(&nodes, &Value::Null, source, &open, self.sink);
        let workflow = Arc::clone(&self.units[caller].workflow);
        let called = self.is_called();
        let given = |may: &dyn Fn(&Reference) -> bool| -> Vec<String> {
            let may = nodes.iter().filter(|(field, _)| fields.references_of(field).iter().any(may));
            may.map(|(field, _)| field.clone()).collect()
        };
        let of_file = |reference: &Reference| may_be_secret(reference, &workflow, called);
        let secret = given(&|reference| reference.root() == "steps" || of_file(reference));
        // In a called file any input may hold a secret of the caller, and most do not.
        let certain = if called { Vec::new() } else { given(&of_file) };
        self.steps[index].call = Some(Call { unit, with: fields, secret, certain });
        Some(self.enter(unit, Some(index)))
    }
}

/// What `as:` names the item.
fn binding(step: &ast::Step) -> String {
    let named = step.foreach.as_ref().and_then(|each| each.binding.as_ref());
    named.map_or_else(|| "item".to_owned(), |name| name.value.clone())
}

pub(super) fn named(texts: &[ast::Named<ast::Text>], source: &Arc<Source>, sink: &mut Sink) -> Vec<(String, Words)> {
    let compile =
        |named: &ast::Named<ast::Text>| Some((named.name.value.clone(), Words::compile(&named.value, source, sink)?));
    texts.iter().filter_map(compile).collect()
}

/// Whether what a name refers to may be a secret of the file, or an input that holds one: in a called file any input, since
/// a secret that is passed on stays one whatever the input's type.
fn may_be_secret(reference: &Reference, workflow: &ast::Workflow, called: bool) -> bool {
    match reference.root() {
        "secrets" => true,
        "inputs" if called => true,
        "inputs" => workflow.inputs.iter().any(|input| {
            let named = reference.segments.get(1).is_none_or(|name| *name == input.name.value);
            named && input.kind.value == ast::InputType::Secret
        }),
        _ => false,
    }
}

/// The steps that texts refer to; nothing where that is not known before they are rendered.
pub(crate) fn steps_of<'a>(texts: impl IntoIterator<Item = &'a Words>) -> Option<Vec<String>> {
    let references = texts.into_iter().flat_map(|words| words.template.references());
    let steps = references.filter(|reference| reference.root() == "steps");
    steps.map(|reference| reference.segments.get(1).cloned()).collect()
}

/// The steps that any text of a step refers to.
fn refers(definition: &Definition) -> Option<Vec<String>> {
    let references = definition.references();
    let steps = references.iter().filter(|reference| reference.root() == "steps");
    let mut ids: Vec<_> = steps.map(|reference| reference.segments.get(1).cloned()).collect::<Option<_>>()?;
    ids.sort();
    ids.dedup();
    Some(ids)
}
