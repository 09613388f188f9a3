//! Decisions: CEL.
//!
//! [`Expression::compile`] scans the tokens (`limit`), lets the crate parse (`parse`) and finds unknown functions and wrong
//! arities (`call`, over the `table` of functions); [`Expression::check`] infers types (`check`, `operator`, `call`);
//! [`Expression::evaluate`] gives the crate only the values that are referred to (`evaluate`, `convert`).

mod call;
mod check;
mod convert;
mod evaluate;
mod function;
mod limit;
mod operator;
mod parse;
mod reference;
mod table;
mod tree;
mod work;

use cel::common::ast::{Expr, IdedExpr, SourceInfo};
use serde_json::Value;

pub use self::function::Function;
pub use self::table::FUNCTIONS;

use self::reference::Asked;
use self::work::Meter;
use super::{Problem, Reference, Scope, Type, TypeEnv};

/// An expression, read once and evaluated many times.
pub struct Expression {
    source: String,
    tree: IdedExpr,
    /// The tree that counts what it does, where there is need to.
    metered: Option<IdedExpr>,
    info: SourceInfo,
    asked: Vec<Asked>,
    status: StatusCalls,
    /// Whether recursion over the tree may need more stack than a worker thread has.
    deep: bool,
}

/// Levels of a tree up to which any thread's stack will do: measured in a debug build, with room to spare.
const SHALLOW: usize = 32;

/// Which of the status functions an expression calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StatusCalls {
    /// It calls `success()`.
    pub success: bool,
    /// It calls `failure()`.
    pub failure: bool,
    /// It calls `always()`.
    pub always: bool,
}

impl StatusCalls {
    /// Whether it calls any: then `success() &&` is not put in front.
    pub fn any(self) -> bool {
        self.success || self.failure || self.always
    }
}

/// What the place of an expression needs it to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Anything.
    Value,
    /// True or false: `when`, `until.that`, `ready`, `retry.when`, what is asserted.
    Condition,
    /// A list or an object: `foreach`.
    Collection,
    /// A string, number or boolean: `key`.
    Key,
    /// A whole number: `exit_code`.
    Whole,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first thing wrong with it: its syntax, an unknown function, a wrong number of arguments, size or nesting
    /// beyond the bounds.
    pub fn compile(source: &str) -> Result<Self, Problem> {
        let (tree, info) = parse::parse(source)?;
        let mut status = StatusCalls::default();
        call::known(&tree, &info, &mut Vec::new(), &mut status)?;
        let asked = reference::references(&tree, &info);
        let metered = work::metered(&tree);
        let deep = tree::tree_depth(metered.as_ref().unwrap_or(&tree)) > SHALLOW;
        Ok(Self { source: source.to_owned(), tree, metered, info, asked, status, deep })
    }

    /// The text it was read from.
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The names it refers to from the roots, in the order of the text; the variables of its loops are none.
    pub fn references(&self) -> impl Iterator<Item = &Reference> {
        self.asked.iter().map(|asked| &asked.reference)
    }

    /// Which status functions it calls.
    pub fn mentions_status(&self) -> StatusCalls {
        self.status
    }

    /// The value where the expression is a literal, such as `true`.
    pub fn literal(&self) -> Option<Value> {
        match &self.tree.expr {
            Expr::Literal(_) => self.evaluate(&Scope::default()).ok(),
            _ => None,
        }
    }

    /// What its value will be, and everything wrong with its names and types.
    ///
    /// # Errors
    /// Unknown names and fields, operators and functions on types known not to fit.
    pub fn check(&self, env: &TypeEnv) -> Result<Type, Vec<Problem>> {
        if self.deep {
            return parse::on_a_big_stack(|| check::check(self, env)).map_err(|problem| vec![problem])?;
        }
        check::check(self, env)
    }

    /// Checks it and that it is what its place needs.
    ///
    /// # Errors
    /// As [`check`](Self::check), and a type known not to be the needed one.
    pub fn check_as(&self, env: &TypeEnv, need: Need) -> Result<Type, Vec<Problem>> {
        let of = self.check(env)?;
        match need.refuse(&of) {
            None => Ok(of),
            Some((message, hint)) => {
                Err(vec![Problem::new(tree::start_of(&self.tree, &self.info), message).maybe_hint(hint)])
            }
        }
    }

    /// Its value.
    ///
    /// # Errors
    /// A name that leads nowhere or into null, an operation its operands do not allow, a result that has no JSON.
    pub fn evaluate(&self, scope: &Scope) -> Result<Value, Problem> {
        self.evaluate_counting(scope, &Meter::default())
    }

    fn evaluate_counting(&self, scope: &Scope, meter: &Meter) -> Result<Value, Problem> {
        if self.deep {
            return parse::on_a_big_stack(|| evaluate::evaluate(self, scope, meter))?;
        }
        evaluate::evaluate(self, scope, meter)
    }

    /// Its value, which must be true or false.
    ///
    /// # Errors
    /// As [`evaluate`](Self::evaluate), and any other value.
    pub fn holds(&self, scope: &Scope) -> Result<bool, Problem> {
        let value = self.evaluate(scope)?;
        value.as_bool().ok_or_else(|| {
            let (message, hint) = Need::Condition.refuse(&Type::of(&value)).unwrap_or_default();
            Problem::new(0, message).maybe_hint(hint)
        })
    }
}

impl Need {
    /// Why a type cannot stand here, with a hint; `None` where it may.
    pub fn refuse(self, of: &Type) -> Option<(String, Option<String>)> {
        let (fits, words) = match self {
            Self::Value => (true, "a value"),
            Self::Condition => (of.may_be(&Type::Bool), "a condition"),
            Self::Collection => {
                (matches!(of, Type::Dyn | Type::List(_) | Type::Map(_) | Type::Object { .. }), "a list or an object")
            }
            Self::Key => (
                matches!(of, Type::Dyn | Type::String | Type::Bool) || of.is_number(),
                "a string, a number or a boolean",
            ),
            Self::Whole => (matches!(of, Type::Dyn | Type::Int | Type::Uint | Type::Number), "a whole number"),
        };
        if fits {
            return None;
        }
        let hint = match (self, of) {
            (Self::Condition, Type::List(_) | Type::Map(_) | Type::Object { .. }) => {
                Some("`size(…) > 0` asks whether it has anything")
            }
            (Self::Condition, Type::String) => Some("`… != ''` asks whether it is empty; `… == 'text'` compares"),
            (Self::Condition, Type::Int | Type::Number | Type::Double | Type::Uint) => Some("`… != 0` compares it"),
            (Self::Collection, Type::String) => Some("`….split(',')` makes a list of a text"),
            (Self::Collection, Type::Int) => Some("`lists.range(…)` counts up to a number"),
            _ => None,
        };
        Some((format!("this is {of}, {words} is needed"), hint.map(str::to_owned)))
    }
}

impl std::fmt::Debug for Expression {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Expression").field(&self.source).finish()
    }
}

#[cfg(test)]
mod tests;
