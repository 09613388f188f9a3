//! A template and types: which names are wrong before there are values.

use super::Template;
use super::node::{Block, Expr, Kind, Local, Node};
use crate::expression::reference::path_text;
use crate::expression::type_env::{member, step_into};
use crate::expression::{Problem, Reference, Type, TypeEnv};

pub(super) fn check(template: &Template, env: &TypeEnv) -> Result<Type, Vec<Problem>> {
    let mut checker = Checker { template, env, frames: Vec::new(), problems: Vec::new() };
    let of = match template.nodes.as_slice() {
        [Node::Emit(expression)] => checker.expression(expression),
        nodes => {
            checker.nodes(nodes);
            Type::String
        }
    };
    checker.problems.sort_by_key(|problem| problem.offset);
    checker.problems.dedup();
    if checker.problems.is_empty() { Ok(of) } else { Err(checker.problems) }
}

struct Checker<'c> {
    template: &'c Template,
    env: &'c TypeEnv,
    frames: Vec<Type>,
    problems: Vec<Problem>,
}

impl Checker<'_> {
    fn nodes(&mut self, nodes: &[Node]) {
        for node in nodes {
            match node {
                Node::Text(_) => {}
                Node::Emit(expression) => self.emit(expression),
                Node::If(test) => {
                    self.expression(&test.condition);
                    self.nodes(&test.then);
                    self.nodes(&test.otherwise);
                }
                Node::Each(block) => self.block(block, true),
                Node::With(block) => self.block(block, false),
            }
        }
    }

    fn emit(&mut self, expression: &Expr) {
        let of = self.expression(expression);
        if matches!(of, Type::List(_) | Type::Map(_) | Type::Object { .. }) {
            let named = match &expression.kind {
                Kind::Root(index) => format!("`{}`", path_text(&self.template.references[*index].segments)),
                _ => "this".to_owned(),
            };
            let problem = Problem::new(expression.offset, format!("{named} is {of} and cannot stand in a text"));
            self.problems.push(problem.hint("`json` or `yaml` write it out"));
        }
    }

    fn block(&mut self, block: &Block, each: bool) {
        let subject = self.expression(&block.subject);
        let frame = match (each, subject) {
            (false, of) => of,
            (true, Type::List(element) | Type::Map(element)) => *element,
            (true, Type::Object { fields, open: false }) => {
                fields.into_values().reduce(|a, b| a.join(&b)).unwrap_or_default()
            }
            (true, Type::Dyn | Type::Null | Type::Object { .. }) => Type::Dyn,
            (true, other) => {
                let message = format!("`#each` needs a list or an object, this is {other}");
                self.problems.push(Problem::new(block.subject.offset, message));
                Type::Dyn
            }
        };
        self.frames.push(frame);
        self.nodes(&block.body);
        self.frames.pop();
        self.nodes(&block.otherwise);
    }

    fn expression(&mut self, expression: &Expr) -> Type {
        match &expression.kind {
            Kind::Literal(value) => Type::of(value),
            Kind::Root(index) => {
                let reference = &self.template.references[*index];
                let found = self.env.resolve(reference);
                self.keep(found)
            }
            Kind::Frame { up, path } => {
                let index = self.frames.len().checked_sub(up + 1);
                let frame = index.map_or(Type::Dyn, |index| self.frames[index].clone());
                let Some((first, rest)) = path.segments.split_first() else { return frame };
                let found = member(&frame, first)
                    .map_err(|wrong| {
                        let problem =
                            wrong.problem("", first, path.places.first().copied().unwrap_or(expression.offset));
                        match self.env.get(first) {
                            Some(_) => problem.hint(format!(
                                "inside `#each` and `#with` a root is written `@root.{}`",
                                path_text(&path.segments)
                            )),
                            None => problem,
                        }
                    })
                    .and_then(|of| {
                        if rest.is_empty() {
                            return Ok(of);
                        }
                        step_into(&of, &Reference::new(path.segments.clone(), path.places.clone()), 1)
                    });
                self.keep(found)
            }
            Kind::Local { local, .. } => match local {
                Local::Index => Type::Int,
                Local::Key => Type::String,
                Local::Position => Type::Dyn,
                Local::First | Local::Last => Type::Bool,
            },
            Kind::Call(call) => {
                for argument in &call.arguments {
                    self.expression(argument);
                }
                call.helper.gives.clone()
            }
        }
    }

    /// A name that can never be there is wrong even as the first argument of `default`.
    fn keep(&mut self, found: Result<Type, Problem>) -> Type {
        found.unwrap_or_else(|problem| {
            self.problems.push(problem);
            Type::Dyn
        })
    }
}
