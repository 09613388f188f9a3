//! Types of expressions, inferred where inputs, outputs and literals determine them. What is not known passes.

use cel::common::ast::{ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, SelectExpr, SourceInfo, operators};

use super::tree::{field_place, own_place, path, start_of};
use super::{Expression, call, function};
use crate::expression::problem::nearest;
use crate::expression::reference::path_text;
use crate::expression::type_env::member;
use crate::expression::{Problem, Reference, Type, TypeEnv};

pub(super) fn check(expression: &Expression, env: &TypeEnv) -> Result<Type, Vec<Problem>> {
    let mut checker = Checker { info: &expression.info, env, bound: Vec::new(), problems: Vec::new() };
    let of = checker.infer(&expression.tree);
    checker.problems.sort_by_key(|problem| problem.offset);
    checker.problems.dedup();
    if checker.problems.is_empty() { Ok(of) } else { Err(checker.problems) }
}

pub(super) struct Checker<'c> {
    pub(super) info: &'c SourceInfo,
    env: &'c TypeEnv,
    /// Variables of loops, the innermost last.
    pub(super) bound: Vec<(&'c str, Type)>,
    problems: Vec<Problem>,
}

impl<'c> Checker<'c> {
    pub(super) fn report(&mut self, offset: usize, message: String, hint: Option<String>) {
        self.problems.push(Problem::new(offset, message).maybe_hint(hint));
    }

    pub(super) fn infer(&mut self, tree: &'c IdedExpr) -> Type {
        match &tree.expr {
            Expr::Literal(literal) => literal_type(literal),
            Expr::Ident(name) => self.name(name.trim_start_matches('.'), tree),
            Expr::Select(select) => self.select(select, tree),
            Expr::Call(call) => {
                if call.func_name == operators::IN
                    && let [item, _] = call.args.as_slice()
                    && matches!(&item.expr, Expr::Call(inner) if inner.func_name == operators::LOGICAL_NOT)
                {
                    let hint = Some("`!` holds for the next value only: write `!(x in list)`".to_owned());
                    self.report(own_place(item, self.info), "this asks whether `!x` is in the list".to_owned(), hint);
                    return Type::Bool;
                }
                if let Some(of) = self.operator(&call.func_name, &call.args, tree) {
                    return of;
                }
                if call::is_operator(call) {
                    let target = call.target.as_deref().map(|target| self.infer(target));
                    for argument in &call.args {
                        self.infer(argument);
                    }
                    return target.unwrap_or_default();
                }
                self.function(call, tree)
            }
            Expr::List(list) => {
                let all: Vec<Type> = list.elements.iter().map(|element| self.infer(element)).collect();
                Type::list(all.into_iter().reduce(|a, b| a.join(&b)).unwrap_or_default())
            }
            Expr::Map(map) => {
                let mut fields = Vec::new();
                let mut literal = true;
                for entry in &map.entries {
                    let EntryExpr::MapEntry(entry) = &entry.expr else { continue };
                    self.infer(&entry.key);
                    let of = self.infer(&entry.value);
                    match &entry.key.expr {
                        Expr::Literal(LiteralValue::String(name)) if !entry.optional => {
                            fields.push((name.inner().to_owned(), of));
                        }
                        _ => literal = false,
                    }
                }
                if literal { Type::closed(fields) } else { Type::Dyn }
            }
            Expr::Comprehension(of) => self.comprehension(of),
            Expr::Struct(_) | Expr::Unspecified => Type::Dyn,
        }
    }

    fn name(&mut self, name: &str, tree: &IdedExpr) -> Type {
        if let Some((_, of)) = self.bound.iter().rev().find(|(bound, _)| *bound == name) {
            return of.clone();
        }
        if function::is_type_name(name) && self.env.get(name).is_none() {
            return Type::Dyn;
        }
        let offset = own_place(tree, self.info);
        match self.env.resolve(&Reference::plain(vec![name.to_owned()], offset)) {
            Ok(of) => of,
            Err(problem) => {
                let variables: Vec<&str> =
                    self.bound.iter().map(|(name, _)| *name).filter(|name| !name.starts_with('@')).collect();
                let hint = self
                    .hyphen(offset)
                    .or_else(|| habit(name))
                    .or_else(|| nearest(name, variables).filter(|hint| hint.starts_with("did you mean")));
                self.problems.push(problem.maybe_hint(hint));
                Type::Dyn
            }
        }
    }

    /// The hint for a name that stands directly behind a minus: someone wrote a hyphen.
    fn hyphen(&self, offset: usize) -> Option<String> {
        let before = self.info.source[..offset].strip_suffix('-')?;
        let joined = before.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        joined.then(|| "a hyphen is a minus: ids are written with `_`, other names as `['a-b']`".to_owned())
    }

    fn select(&mut self, select: &'c SelectExpr, tree: &'c IdedExpr) -> Type {
        let of = self.infer(&select.operand);
        let found = self.member(&select.operand, &of, &select.field, field_place(tree, self.info));
        if select.test { Type::Bool } else { found }
    }

    /// The type of a field.
    pub(super) fn member(&mut self, whole: &IdedExpr, of: &Type, name: &str, offset: usize) -> Type {
        match member(of, name) {
            Ok(of) => of,
            Err(wrong) => {
                let named = path(whole, self.info).map(|reference| path_text(&reference.segments)).unwrap_or_default();
                self.problems.push(wrong.problem(&named, name, offset));
                Type::Dyn
            }
        }
    }

    fn comprehension(&mut self, of: &'c ComprehensionExpr) -> Type {
        let range = self.infer(&of.iter_range);
        let item = match range {
            Type::List(element) => *element,
            Type::Map(_) | Type::Object { .. } => Type::String,
            Type::Dyn | Type::Null => Type::Dyn,
            other => {
                let hint = super::Need::Collection.refuse(&other).and_then(|(_, hint)| hint);
                let message = format!("only a list or an object can be gone through, this is {other}");
                self.report(start_of(&of.iter_range, self.info), message, hint);
                Type::Dyn
            }
        };
        let depth = self.bound.len();
        let gathered = self.infer(&of.accu_init);
        self.bound.push((&of.accu_var, gathered.clone()));
        self.bound.push((&of.iter_var, item));
        if let Some(second) = &of.iter_var2 {
            self.bound.push((second, Type::Dyn));
        }
        // `filter` and `map` gather into an empty list, one item a turn: the item tells what they give.
        let empty = matches!(&of.accu_init.expr, Expr::List(list) if list.elements.is_empty());
        let step = self.infer(&of.loop_step);
        let gives = match (empty, step) {
            (true, Type::List(_)) => gathered_item(&of.loop_step).map(|item| Type::list(self.silent(item))),
            _ => None,
        };
        self.bound.truncate(depth + 1);
        if let (Some(last), Some(of)) = (self.bound.last_mut(), gives) {
            last.1 = of;
        }
        let result = self.infer(&of.result);
        self.bound.truncate(depth);
        result
    }

    /// The type of something already inferred once, without saying again what is wrong with it.
    fn silent(&mut self, tree: &'c IdedExpr) -> Type {
        let said = self.problems.len();
        let of = self.infer(tree);
        self.problems.truncate(said);
        of
    }
}

/// The item that a turn of `map` or `filter` adds: in `all + [item]`, maybe behind a test.
fn gathered_item(step: &IdedExpr) -> Option<&IdedExpr> {
    let Expr::Call(call) = &step.expr else { return None };
    match (call.func_name.as_str(), call.args.as_slice()) {
        (operators::CONDITIONAL, [_, added, _]) => gathered_item(added),
        (operators::ADD, [_, added]) => match &added.expr {
            Expr::List(list) => list.elements.first(),
            _ => None,
        },
        _ => None,
    }
}

fn literal_type(literal: &LiteralValue) -> Type {
    match literal {
        LiteralValue::Boolean(_) => Type::Bool,
        LiteralValue::Bytes(_) => Type::Bytes,
        LiteralValue::Double(_) => Type::Double,
        LiteralValue::Int(_) => Type::Int,
        LiteralValue::Null => Type::Null,
        LiteralValue::String(_) => Type::String,
        LiteralValue::UInt(_) => Type::Uint,
    }
}

/// What other languages call something that is written differently here.
fn habit(name: &str) -> Option<String> {
    let here = match name {
        "None" | "nil" | "undefined" | "NULL" | "Null" => "null",
        "True" | "TRUE" | "yes" | "on" => "true",
        "False" | "FALSE" | "no" | "off" => "false",
        "success" | "failure" | "always" => return Some(format!("it is a function: `{name}()`")),
        _ => return None,
    };
    Some(format!("it is written `{here}`"))
}
