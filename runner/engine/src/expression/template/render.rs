//! A template and values make a value.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use handlebars::JsonTruthy;
use serde_json::Value;

use super::Template;
use super::node::{Block, Call, Expr, Inner, Kind, Local, Node};
use crate::expression::problem::{Problem, nearest};
use crate::expression::reference::path_text;
use crate::expression::scope::{Scope, descend};
use crate::expression::shape::kind;

/// Bytes of a rendered text; beyond it a template runs away.
const LONGEST: usize = 64 << 20;

/// The value behind each reference and how many segments led to it; the rest is looked up inside it, borrowed.
type Fetched = Vec<Option<(Arc<Value>, usize)>>;

pub(super) fn render(template: &Template, scope: &Scope) -> Result<Value, Problem> {
    let fetched: Fetched = template.references.iter().map(|reference| scope.fetch(&reference.segments).ok()).collect();
    let renderer = Renderer { template, scope, fetched };
    match template.nodes.as_slice() {
        [Node::Emit(expression)] => Ok(renderer.value(expression, None)?.into_owned()),
        nodes => {
            let mut text = String::new();
            renderer.nodes(nodes, None, &mut text)?;
            Ok(Value::String(text))
        }
    }
}

/// What the innermost `#each` or `#with` has in hand.
struct Frame<'f> {
    outer: Option<&'f Frame<'f>>,
    value: &'f Value,
    turn: Option<Turn<'f>>,
}

/// One turn of an `#each`.
#[derive(Clone, Copy)]
struct Turn<'f> {
    index: usize,
    key: Option<&'f str>,
    last: bool,
}

struct Renderer<'r> {
    template: &'r Template,
    scope: &'r Scope,
    fetched: Fetched,
}

impl Renderer<'_> {
    fn nodes(&self, nodes: &[Node], frame: Option<&Frame<'_>>, text: &mut String) -> Result<(), Problem> {
        for node in nodes {
            match node {
                Node::Text(literal) => text.push_str(literal),
                Node::Emit(expression) => self.emit(expression, frame, text)?,
                Node::If(branch) => {
                    let condition = self.value(&branch.condition, frame)?;
                    let holds = condition.is_truthy(branch.include_zero) != branch.negated;
                    self.nodes(if holds { &branch.then } else { &branch.otherwise }, frame, text)?;
                }
                Node::Each(block) => self.each(block, frame, text)?,
                Node::With(block) => self.with(block, frame, text)?,
            }
            if text.len() > LONGEST {
                return Err(Problem::new(0, "the rendered text is longer than 64 MiB"));
            }
        }
        Ok(())
    }

    fn emit(&self, expression: &Expr, frame: Option<&Frame<'_>>, text: &mut String) -> Result<(), Problem> {
        let value = self.value(expression, frame)?;
        match &*value {
            Value::String(inner) => text.push_str(inner),
            Value::Bool(inner) => text.push_str(if *inner { "true" } else { "false" }),
            // Writing into a `String` cannot fail.
            Value::Number(inner) => write!(text, "{inner}").unwrap_or_default(),
            other => return Err(self.not_text(expression, other)),
        }
        Ok(())
    }

    fn not_text(&self, expression: &Expr, value: &Value) -> Problem {
        let named = self.named(expression);
        if value.is_null() {
            let why = match &expression.kind {
                Kind::Root(index) => self.scope.fate(&self.template.references[*index].segments),
                _ => None,
            };
            let because = why.map(|why| format!(": {why}")).unwrap_or_default();
            return Problem::new(expression.offset, format!("{named} is null and cannot stand in a text{because}"))
                .hint("`default` gives another value for null");
        }
        Problem::new(expression.offset, format!("{named} is {} and cannot stand in a text", kind(value)))
            .hint("`json` or `yaml` write it out")
    }

    fn named(&self, expression: &Expr) -> String {
        match &expression.kind {
            Kind::Root(index) => format!("`{}`", path_text(&self.template.references[*index].segments)),
            Kind::Frame { path, .. } if path.segments.is_empty() => "`this`".to_owned(),
            Kind::Frame { path, .. } => format!("`{}`", path_text(&path.segments)),
            Kind::Call(call) => format!("what `{}` gives", call.helper.name),
            Kind::Literal(_) | Kind::Local { .. } => "this".to_owned(),
        }
    }

    fn each(&self, block: &Block, frame: Option<&Frame<'_>>, text: &mut String) -> Result<(), Problem> {
        let subject = self.value(&block.subject, frame)?;
        let turn = |value: &Value, turn: Turn<'_>, text: &mut String| {
            let inner = Frame { outer: frame, value, turn: Some(turn) };
            self.nodes(&block.body, Some(&inner), text)
        };
        match &*subject {
            Value::Array(items) if !items.is_empty() => {
                for (index, item) in items.iter().enumerate() {
                    turn(item, Turn { index, key: None, last: index + 1 == items.len() }, text)?;
                }
                Ok(())
            }
            Value::Object(fields) if !fields.is_empty() => {
                for (index, (key, value)) in fields.iter().enumerate() {
                    turn(value, Turn { index, key: Some(key), last: index + 1 == fields.len() }, text)?;
                }
                Ok(())
            }
            Value::Array(_) | Value::Object(_) => self.nodes(&block.otherwise, frame, text),
            Value::Null if block.has_otherwise => self.nodes(&block.otherwise, frame, text),
            other => {
                let message =
                    format!("{} is {}, `#each` needs a list or an object", self.named(&block.subject), kind(other));
                Err(Problem::new(block.subject.offset, message))
            }
        }
    }

    fn with(&self, block: &Block, frame: Option<&Frame<'_>>, text: &mut String) -> Result<(), Problem> {
        let subject = self.value(&block.subject, frame)?;
        if subject.is_truthy(false) {
            let inner = Frame { outer: frame, value: &subject, turn: None };
            return self.nodes(&block.body, Some(&inner), text);
        }
        if block.has_otherwise {
            return self.nodes(&block.otherwise, frame, text);
        }
        let message = format!("{} is empty, `#with` needs something or an `{{{{else}}}}`", self.named(&block.subject));
        Err(Problem::new(block.subject.offset, message))
    }

    fn value<'f>(&'f self, expression: &'f Expr, frame: Option<&'f Frame<'f>>) -> Result<Cow<'f, Value>, Problem> {
        match &expression.kind {
            Kind::Literal(value) => Ok(Cow::Borrowed(value)),
            Kind::Root(index) => self.root(*index).map(Cow::Borrowed),
            Kind::Frame { up, path } => inside(frame, *up, path, expression.offset, self.scope).map(Cow::Borrowed),
            Kind::Local { up, local } => local_value(frame, *up, *local, expression.offset).map(Cow::Owned),
            Kind::Call(call) => self.call(call, expression.offset, frame).map(Cow::Owned),
        }
    }

    fn root(&self, index: usize) -> Result<&Value, Problem> {
        let reference = &self.template.references[index];
        let found =
            self.fetched[index].as_ref().and_then(|(value, taken)| descend(value, &reference.segments[*taken..]).ok());
        found.ok_or_else(|| {
            let told = self.scope.explain(reference);
            told.unwrap_or_else(|| Problem::new(reference.offset, "this name was not there when the text was rendered"))
        })
    }

    fn call(&self, call: &Call, offset: usize, frame: Option<&Frame<'_>>) -> Result<Value, Problem> {
        let mut arguments = Vec::with_capacity(call.arguments.len());
        for (index, argument) in call.arguments.iter().enumerate() {
            match self.value(argument, frame) {
                Ok(value) => arguments.push(value),
                // `default` is there for what may not be.
                Err(_) if call.helper.lenient && index == 0 && !matches!(argument.kind, Kind::Call(_)) => {
                    arguments.push(Cow::Owned(Value::Null));
                }
                Err(problem) => return Err(problem),
            }
        }
        (call.helper.run)(&arguments).map_err(|message| {
            Problem::new(offset, format!("`{}`: {message}", call.helper.name))
                .hint(format!("it is used as `{{{{{}}}}}`", call.helper.signature))
        })
    }
}

fn up<'f>(frame: Option<&'f Frame<'f>>, up: usize) -> Option<&'f Frame<'f>> {
    let mut frame = frame;
    for _ in 0..up {
        frame = frame?.outer;
    }
    frame
}

fn inside<'f>(
    frame: Option<&'f Frame<'f>>,
    levels: usize,
    path: &Inner,
    offset: usize,
    scope: &Scope,
) -> Result<&'f Value, Problem> {
    let value = up(frame, levels).map_or(&Value::Null, |frame| frame.value);
    descend(value, &path.segments).map_err(|dead| {
        let segment = &path.segments[dead.index];
        let offset = path.places.get(dead.index).copied().unwrap_or(offset);
        let before = match dead.index {
            0 => "`this`".to_owned(),
            index => format!("`{}`", path_text(&path.segments[..index])),
        };
        if dead.null {
            return Problem::new(offset, format!("{before} is null, it has no `{segment}`"));
        }
        let problem = Problem::new(offset, format!("{before} has no `{segment}`"));
        if dead.index == 0 && scope.get(segment).is_some() {
            return problem
                .hint(format!("inside `#each` and `#with` a root is written `@root.{}`", path_text(&path.segments)));
        }
        problem.maybe_hint(nearest(segment, dead.names.iter().map(String::as_str)))
    })
}

fn local_value(frame: Option<&Frame<'_>>, levels: usize, local: Local, offset: usize) -> Result<Value, Problem> {
    let missing = || Problem::new(offset, "this exists only inside `#each`");
    let turn = up(frame, levels).and_then(|frame| frame.turn).ok_or_else(missing)?;
    match (local, turn.key) {
        (Local::Index, _) | (Local::Position, None) => Ok(Value::from(turn.index)),
        (Local::Key | Local::Position, Some(key)) => Ok(Value::from(key)),
        (Local::Key, None) => Err(Problem::new(offset, "a list has no keys").hint("`@index` counts its items")),
        (Local::First, _) => Ok(Value::from(turn.index == 0)),
        (Local::Last, _) => Ok(Value::from(turn.last)),
    }
}
