//! Calls: which function is meant, whether it exists, and what it takes.

use cel::common::ast::{CallExpr, Expr, IdedExpr, SourceInfo};

use super::StatusCalls;
use super::check::Checker;
use super::function::{ANY_COUNT, Function, all, find, qualified};
use super::tree::{children, own_place, start_of};
use crate::expression::problem::{nearest, shown};
use crate::expression::{Problem, Type};

/// Whether a call is an operator or the inside of a macro, none of which a person names.
pub(super) fn is_operator(call: &CallExpr) -> bool {
    call.func_name.starts_with(['_', '@', '!', '-']) || call.func_name.contains('@')
}

/// Finds the first call of something that does not exist or not with so many arguments, and the status functions.
pub(super) fn known<'t>(
    tree: &'t IdedExpr,
    info: &SourceInfo,
    bound: &mut Vec<&'t str>,
    status: &mut StatusCalls,
) -> Result<(), Problem> {
    match &tree.expr {
        Expr::Call(call) if !is_operator(call) => {
            match call.func_name.as_str() {
                "success" => status.success = true,
                "failure" => status.failure = true,
                "always" => status.always = true,
                _ => {}
            }
            meant(call, tree, info, bound)?;
        }
        Expr::Comprehension(of) => {
            for part in [&of.iter_range, &of.accu_init] {
                known(part, info, bound, status)?;
            }
            let depth = bound.len();
            bound.extend([of.accu_var.as_str(), of.iter_var.as_str()]);
            for part in [&of.loop_cond, &of.loop_step, &of.result] {
                known(part, info, bound, status)?;
            }
            bound.truncate(depth);
            return Ok(());
        }
        _ => {}
    }
    children(tree).into_iter().try_for_each(|child| known(child, info, bound, status))
}

/// The function that a call means.
pub(super) fn meant(
    call: &CallExpr,
    tree: &IdedExpr,
    info: &SourceInfo,
    bound: &[&str],
) -> Result<&'static Function, Problem> {
    let full = qualified(call, bound);
    let is_member = call.target.is_some() && full.is_none();
    let name = full.unwrap_or_else(|| call.func_name.clone());
    let offset = name_place(call, tree, info);
    let Some(function) = find(&name) else {
        let problem = Problem::new(offset, format!("unknown function {}", shown(&name)));
        return Err(problem.maybe_hint(habit(&name).or_else(|| nearest(&name, all().map(|function| function.name)))));
    };
    let counts = if is_member { function.member } else { function.global };
    let used = format!("it is used as `{}`", function.signature);
    if counts.is_empty() {
        let not = if is_member { "not " } else { "" };
        let message = format!("`{name}` is {not}called on a value");
        return Err(Problem::new(offset, message).hint(used));
    }
    let count = call.args.len();
    let fits = if std::ptr::eq(counts, ANY_COUNT) { count > 0 } else { counts.contains(&count) };
    if fits {
        return Ok(function);
    }
    let words: Vec<String> = match counts {
        [usize::MAX] => vec!["at least one".to_owned()],
        counts => counts.iter().map(|count| if *count == 0 { "no".to_owned() } else { count.to_string() }).collect(),
    };
    let plural = if counts == [1] || counts == [usize::MAX] { "argument" } else { "arguments" };
    Err(Problem::new(offset, format!("`{name}` takes {} {plural}, not {count}", words.join(" or "))).hint(used))
}

/// What other languages call something that has another name here.
fn habit(name: &str) -> Option<String> {
    let other = match name {
        "len" | "length" | "count" => "`size(…)`",
        "lower" | "toLowerCase" | "downcase" => "`….lowerAscii()`",
        "upper" | "toUpperCase" | "upcase" => "`….upperAscii()`",
        "str" | "toString" | "String" => "`string(…)`",
        "min" => "`math.least(…)`",
        "max" => "`math.greatest(…)`",
        "abs" => "`math.abs(…)`",
        "any" | "some" => "`list.exists(x, …)`",
        "every" => "`list.all(x, …)`",
        "range" => "`lists.range(…)`",
        "defined" | "exists" | "isset" => "`has(x.y)`",
        "default" | "coalesce" => "`x.?y.orValue(…)`",
        "includes" | "include" => "`contains`, or `x in list`",
        "regex" | "match" | "test" => "`text.matches('…')`",
        "now" | "today" | "date" => "nothing: expressions do not know the time, so that a resumed run decides alike",
        "random" | "rand" | "uuid" => "nothing: expressions are not random, so that a resumed run decides alike",
        "cancelled" | "canceled" => "`failure()` or `always()`",
        "fromJSON" | "toJSON" | "json" => "nothing: values keep their types, and `capture: json` reads them",
        _ => return None,
    };
    Some(format!("here that is {other}"))
}

/// Where the name of a call stands: the tree knows the bracket behind it.
fn name_place(call: &CallExpr, tree: &IdedExpr, info: &SourceInfo) -> usize {
    let own = own_place(tree, info);
    let name = &call.func_name;
    let before = info.source[..own].trim_end();
    if before.ends_with(name.as_str()) {
        return before.len() - name.len();
    }
    if info.source[own..].trim_start_matches('.').trim_start().starts_with(name.as_str()) {
        return own + info.source[own..].find(name.as_str()).unwrap_or_default();
    }
    own
}

impl<'c> Checker<'c> {
    /// The type of a call of a function.
    pub(super) fn function(&mut self, call: &'c CallExpr, tree: &IdedExpr) -> Type {
        let bound: Vec<&str> = self.bound.iter().map(|(name, _)| *name).collect();
        // `compile` has refused the unknown.
        let Ok(function) = meant(call, tree, self.info, &bound) else { return Type::Dyn };
        let mut given: Vec<Type> = Vec::new();
        let mut receiver = None;
        if let Some(target) = call.target.as_deref()
            && qualified(call, &bound).is_none()
        {
            let of = self.infer(target);
            if !function.takes(&of) {
                let words: Vec<&str> = function.receivers.iter().map(|on| on.words()).collect();
                let message = format!("`{}` is called on {}, this is {of}", function.name, words.join(" or "));
                self.report(
                    start_of(target, self.info),
                    message,
                    Some(format!("it is used as `{}`", function.signature)),
                );
            }
            receiver = Some(of);
        }
        for (index, argument) in call.args.iter().enumerate() {
            let of = self.infer(argument);
            // `matches(text, regex)` and its like take what they are called on first.
            if let Some(wanted) = function.parameters.get(index)
                && !of.may_be(wanted)
                && of != Type::Null
            {
                let message = format!("argument {} of `{}` must be {wanted}, this is {of}", index + 1, function.name);
                self.report(
                    start_of(argument, self.info),
                    message,
                    Some(format!("it is used as `{}`", function.signature)),
                );
            }
            given.push(of);
        }
        special(function, receiver.as_ref(), &given)
    }
}

/// The type of what a function gives, where that follows from what it is given.
fn special(function: &Function, receiver: Option<&Type>, given: &[Type]) -> Type {
    match (function.name, receiver, given) {
        ("split", ..) => Type::list(Type::String),
        ("lists.range", ..) => Type::list(Type::Int),
        ("distinct" | "sort" | "slice", Some(list @ Type::List(_)), _) => list.clone(),
        ("reverse", Some(same @ (Type::List(_) | Type::String)), _) => same.clone(),
        ("math.abs" | "math.sign", _, [of]) if of.is_number() => of.clone(),
        _ => function.gives.clone(),
    }
}
