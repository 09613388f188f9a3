//! Compiled texts that know where they were written, so that what goes wrong while running is shown at its place, too.

use std::sync::Arc;

use runner_core::{ErrorKind, StepError};
use serde_json::{Map, Value, json};

use super::inner::{Inner, Spot};
use super::library::{LibraryError, Opened};
use crate::diagnostic::{Diagnostic, Sink, Source, Span};
use crate::expression::{CompiledValue, Expression, Problem, Reference, Scope, Template};
use crate::language::ast::{Expr, Text};
use crate::language::reader::Node;

/// Where a text was written.
#[derive(Clone, Debug)]
pub struct Place {
    /// The file.
    pub source: Arc<Source>,
    /// The scalar.
    pub node: Node,
}

impl Place {
    /// The span of what is wrong at an offset of the text: the word that begins there, else the character.
    pub fn span(&self, offset: usize) -> Span {
        let rest = self.node.as_text().and_then(|text| text.get(offset..)).unwrap_or_default();
        let word = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        self.node.locate(&self.source, Span::new(offset, offset + word.max(1)))
    }

    /// A diagnostic for a problem of the text.
    pub fn diagnostic(&self, problem: &Problem) -> Diagnostic {
        let diagnostic = Diagnostic::error(&self.source, self.span(problem.offset), problem.message.clone());
        match &problem.hint {
            Some(hint) => diagnostic.hint(hint.clone()),
            None => diagnostic,
        }
    }

    /// The step's error for a problem met while running, with its file, line and column.
    pub fn error(&self, problem: &Problem) -> StepError {
        let at = self.source.position(self.span(problem.offset).start);
        let message = format!("{} ({}:{}:{})", problem.message, self.source.name(), at.line, at.column);
        let error = StepError::new(ErrorKind::Input, message);
        match &problem.hint {
            Some(hint) => error.hint(hint.clone()),
            None => error,
        }
    }
}

/// A text with templates.
#[derive(Debug)]
pub struct Words {
    /// The template.
    pub template: Template,
    /// Where it was written.
    pub place: Place,
}

impl Words {
    /// Compiles a text; what is wrong goes to `sink`.
    pub fn compile(text: &Text, source: &Arc<Source>, sink: &mut Sink) -> Option<Self> {
        let place = Place { source: Arc::clone(source), node: text.node.clone() };
        match Template::parse(&text.value) {
            Ok(template) => Some(Self { template, place }),
            Err(problem) => {
                sink.push(place.diagnostic(&problem));
                None
            }
        }
    }

    /// The text as it was written.
    pub fn written(&self) -> &str {
        self.place.node.as_text().unwrap_or_default()
    }

    /// Renders it.
    pub fn render(&self, scope: &Scope) -> Result<Value, StepError> {
        self.template.render(scope).map_err(|problem| self.place.error(&problem))
    }

    /// Renders it to text; numbers and booleans are written out.
    pub fn render_text(&self, scope: &Scope) -> Result<String, StepError> {
        match self.render(scope)? {
            Value::String(text) => Ok(text),
            value @ (Value::Number(_) | Value::Bool(_)) => Ok(value.to_string()),
            Value::Null => Ok(String::new()),
            _ => Err(self.place.error(&Problem::new(0, "a text is needed here, not a list or an object"))),
        }
    }
}

/// An expression.
#[derive(Debug)]
pub struct Decision {
    /// The expression.
    pub expression: Expression,
    /// Where it was written.
    pub place: Place,
}

impl Decision {
    /// Compiles an expression; what is wrong goes to `sink`.
    pub fn compile(expr: &Expr, source: &Arc<Source>, sink: &mut Sink) -> Option<Self> {
        Self::compile_at(&expr.value, Place { source: Arc::clone(source), node: expr.node.clone() }, sink)
    }

    fn compile_at(text: &str, place: Place, sink: &mut Sink) -> Option<Self> {
        match Expression::compile(text) {
            Ok(expression) => Some(Self { expression, place }),
            Err(problem) => {
                sink.push(place.diagnostic(&problem));
                None
            }
        }
    }

    /// Evaluates it.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, StepError> {
        self.expression.evaluate(scope).map_err(|problem| self.place.error(&problem))
    }

    /// Evaluates it to true or false.
    pub fn holds(&self, scope: &Scope) -> Result<bool, StepError> {
        match self.evaluate(scope)? {
            Value::Bool(value) => Ok(value),
            value => {
                let message = format!("`{}` must be true or false, and is `{value}`", self.expression.source());
                Err(self.place.error(&Problem::new(0, message)))
            }
        }
    }
}

/// What stands under `with:`: templates, and expressions where the step type says so.
#[derive(Debug)]
pub struct Fields {
    /// The fields that are templates.
    pub values: Vec<(String, CompiledValue, Place)>,
    /// The fields that are expressions.
    pub decisions: Vec<(String, Decision)>,
    /// The templates that the step itself renders.
    pub inner: Vec<Inner>,
}

impl Fields {
    /// Compiles a mapping. `schema` is that of the step type; a property with `x-cel` is an expression, one with `x-raw`
    /// is taken as it stands. One with `x-file` names a file that `open` reads now: the step is given its text, so that a
    /// run sees it as it was when the run began. `x-names` says whose members such a text speaks of.
    pub fn compile(
        nodes: &[(String, &Node)],
        schema: &Value,
        source: &Arc<Source>,
        open: &dyn Fn(&str) -> Result<Opened, LibraryError>,
        sink: &mut Sink,
    ) -> Self {
        let mut fields = Self { values: Vec::new(), decisions: Vec::new(), inner: Vec::new() };
        for (name, node) in nodes {
            let place = Place { source: Arc::clone(source), node: (*node).clone() };
            let property = &schema["properties"][name];
            let is_decision = property.get("x-cel").is_some();
            let names = property["x-names"].as_str();
            if property.get("x-raw").is_some() {
                // The step itself renders it, with names of its own.
                if let (Some(names), Some(text)) = (names, node.as_text()) {
                    fields.inner.extend(Inner::compile(text, names, Spot::Workflow(place.clone()), sink));
                }
                fields.values.push((name.clone(), CompiledValue::Literal(node.to_json()), place));
                continue;
            }
            match node.as_text() {
                Some(text) if is_decision => {
                    let decision = Decision::compile_at(text, place, sink);
                    fields.decisions.extend(decision.map(|decision| (name.clone(), decision)));
                }
                _ => {
                    let value = CompiledValue::compile(&node.to_json(), &mut |path, problem| {
                        sink.push(descend(&place, path).diagnostic(&problem));
                    });
                    let value = match (value, names) {
                        (CompiledValue::Literal(Value::String(file)), Some(names))
                            if property.get("x-file").is_some() =>
                        {
                            let Some(opened) = file_of(&file, &place, open, sink) else { continue };
                            let (name, text) = (opened.source.name(), opened.source.text());
                            fields.inner.extend(Inner::compile(
                                text,
                                names,
                                Spot::File(Arc::clone(&opened.source)),
                                sink,
                            ));
                            CompiledValue::Literal(json!({"name": name, "text": text}))
                        }
                        (value, _) => value,
                    };
                    fields.values.push((name.clone(), value, place));
                }
            }
        }
        fields
    }

    /// Renders all fields to an object.
    pub fn render(&self, scope: &Scope) -> Result<Map<String, Value>, StepError> {
        let mut object = Map::new();
        for (name, value, place) in &self.values {
            let rendered = value.render(scope).map_err(|wrong| descend(place, &wrong.path).error(&wrong.problem))?;
            object.insert(name.clone(), rendered);
        }
        for (name, decision) in &self.decisions {
            object.insert(name.clone(), decision.evaluate(scope)?);
        }
        Ok(object)
    }

    /// All fields as they were written.
    pub fn written(&self) -> Map<String, Value> {
        let values = self.values.iter().map(|(name, _, place)| (name.clone(), place.node.to_json()));
        let decisions = self.decisions.iter();
        values.chain(decisions.map(|(name, decision)| (name.clone(), decision.expression.source().into()))).collect()
    }

    /// Every name referred to.
    pub fn references(&self) -> Vec<Reference> {
        let values =
            self.values.iter().flat_map(|(_, value, _)| value.references().into_iter().map(|(_, r)| r.clone()));
        let decisions = self
            .decisions
            .iter()
            .flat_map(|(_, decision)| decision.expression.references().cloned().collect::<Vec<_>>());
        values.chain(decisions).collect()
    }

    /// The names that one field refers to.
    pub fn references_of(&self, field: &str) -> Vec<Reference> {
        let value = self.values.iter().find(|(name, ..)| name == field);
        value.into_iter().flat_map(|(_, value, _)| value.references().into_iter().map(|(_, r)| r.clone())).collect()
    }

    /// Where a value inside a field was written.
    pub fn place(&self, field: &str, path: &[String]) -> Option<Place> {
        self.values.iter().find(|(name, ..)| name == field).map(|(_, _, place)| descend(place, path))
    }
}

/// The file that a field names.
fn file_of(
    name: &str,
    place: &Place,
    open: &dyn Fn(&str) -> Result<Opened, LibraryError>,
    sink: &mut Sink,
) -> Option<Opened> {
    let opened = open(name);
    opened
        .map_err(|error| {
            sink.push(Diagnostic::error(&place.source, place.node.head, error.message).maybe_hint(error.hint));
        })
        .ok()
}

/// The place of a value inside another.
pub(super) fn descend(place: &Place, path: &[String]) -> Place {
    let mut node = &place.node;
    for step in path {
        let next = match node.as_sequence() {
            Some(items) => step.parse::<usize>().ok().and_then(|at| items.get(at)),
            None => node.get(step),
        };
        match next {
            Some(next) => node = next,
            None => break,
        }
    }
    Place { source: Arc::clone(&place.source), node: node.clone() }
}
