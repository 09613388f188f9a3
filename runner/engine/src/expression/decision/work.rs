//! What an evaluation may cost.
//!
//! The crate evaluates to the end, however long that takes. So the tree that is evaluated says what it is about to do: each
//! turn of a loop counts the operations of its body, and inside of loops, and where values can grow, the size of what is
//! worked on counts. Beyond [`MOST`] the evaluation ends with an error. What has no loop and lets nothing grow is evaluated
//! as it was written.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cel::common::ast::{CallExpr, ComprehensionExpr, EntryExpr, Expr, IdedExpr, LiteralValue, operators};
use cel::extractors::Arguments;
use cel::{Context, ExecutionError, Value as Cel};

use super::function::{is_type_name, qualified};
use super::tree::children;

/// So many operations: about half a second in a release build (measured over the worst that the bounds allow).
pub(super) const MOST: u64 = 5_000_000;

/// What stands for the error in the crate's words.
pub(super) const FUNCTION: &str = "@work";

const TURN: &str = "@turn";
const WEIGH: &str = "@weigh";
const COUNT: &str = "@count";
const SQUARE: &str = "@square";
const PIECES: &str = "@pieces";
const REPLACE: &str = "@replace";

/// So many bytes of a text count as one operation.
const BYTES: usize = 16;

/// Functions whose results may be much larger than what they are given.
const GROWING: [&str; 4] = ["replace", "join", "format", "flatten"];

/// Functions and operators that look at the whole of what they are given.
const WHOLE: [&str; 35] = [
    "replace",
    "join",
    "format",
    "flatten",
    "contains",
    "matches",
    "startsWith",
    "endsWith",
    "indexOf",
    "lastIndexOf",
    "substring",
    "charAt",
    "lowerAscii",
    "upperAscii",
    "trim",
    "reverse",
    "sort",
    "slice",
    "quote",
    "greatest",
    "least",
    "string",
    "int",
    "double",
    "timestamp",
    "duration",
    operators::ADD,
    operators::EQUALS,
    operators::NOT_EQUALS,
    operators::LESS,
    operators::LESS_EQUALS,
    operators::GREATER,
    operators::GREATER_EQUALS,
    operators::IN,
    "@sortByAssociatedKeys",
];

/// Counts what an evaluation does.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    done: Arc<AtomicU64>,
    most: u64,
}

impl Default for Meter {
    fn default() -> Self {
        Self { done: Arc::default(), most: MOST }
    }
}

impl Meter {
    /// A meter with another bound.
    #[cfg(test)]
    pub(super) fn up_to(most: u64) -> Self {
        Self { most, ..Self::default() }
    }

    /// What was done so far.
    #[cfg(test)]
    pub(super) fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    fn add(&self, work: u64) -> Result<(), ExecutionError> {
        let before = self.done.fetch_add(work, Ordering::Relaxed);
        if before.saturating_add(work) > self.most {
            // It stays beyond: no later operation of this evaluation is let through.
            self.done.store(self.most + 1, Ordering::Relaxed);
            return Err(ExecutionError::function_error(FUNCTION, "too much"));
        }
        Ok(())
    }

    /// The crate's `replace`, which counts how large its result becomes before it is there.
    fn replace(&self, given: &[Cel]) -> Result<Cel, ExecutionError> {
        let (text, from, to, most) = match given {
            [Cel::String(text), Cel::String(from), Cel::String(to)] => (text, from, to, -1),
            [Cel::String(text), Cel::String(from), Cel::String(to), Cel::Int(most)] => (text, from, to, *most),
            _ => {
                let types = given.iter().map(|value| value.type_of().to_string()).collect();
                return Err(ExecutionError::no_such_member_overload("replace", types));
            }
        };
        let most = usize::try_from(most).unwrap_or(usize::MAX);
        let found = text.matches(from.as_str()).take(most).count();
        self.add((text.len().saturating_add(found.saturating_mul(to.len())) / BYTES) as u64)?;
        Ok(text.replacen(from.as_str(), to, most).into())
    }

    /// Gives an evaluation the functions that its tree calls.
    pub(super) fn install(&self, context: &mut Context<'_, '_>) {
        let [turn, weigh, count, square, pieces] = [(); 5].map(|()| self.clone());
        // Fails only for names that the environment declares, and it declares none of these.
        let _: Result<(), _> =
            context.add_function(TURN, move |work: i64| turn.add(work.unsigned_abs()).map(|()| true));
        let _: Result<(), _> = context.add_function(WEIGH, move |value: Cel| weigh.add(size(&value)).map(|()| value));
        let _: Result<(), _> = context.add_function(COUNT, move |value: Cel| {
            let items = if let Cel::Int(items) = value { u64::try_from(items).unwrap_or(0) } else { 0 };
            count.add(items.saturating_mul(4)).map(|()| value)
        });
        let _: Result<(), _> = context.add_function(SQUARE, move |value: Cel| {
            let items = if let Cel::List(items) = &value { items.len() as u64 } else { 0 };
            square.add(size(&value).saturating_add(items.saturating_mul(items) / 8)).map(|()| value)
        });
        // At worst each letter becomes a text of its own.
        let _: Result<(), _> = context.add_function(PIECES, move |value: Cel| {
            let letters = if let Cel::String(text) = &value { text.len() as u64 } else { 0 };
            pieces.add(letters).map(|()| value)
        });
        let replace = self.clone();
        let _: Result<(), _> =
            context.add_function(REPLACE, move |Arguments(given): Arguments| replace.replace(&given));
    }
}

/// How large a value is, in operations.
fn size(value: &Cel) -> u64 {
    match value {
        Cel::String(text) => 1 + (text.len() / BYTES) as u64,
        Cel::Bytes(bytes) => 1 + (bytes.len() / BYTES) as u64,
        Cel::List(items) => 1 + items.iter().map(size).sum::<u64>(),
        Cel::Map(map) => 1 + map.map.values().map(|value| 6 + size(value)).sum::<u64>(),
        _ => 1,
    }
}

/// The tree that counts what it does; `None` where that is bounded by how long it is.
pub(super) fn metered(tree: &IdedExpr) -> Option<IdedExpr> {
    needs_meter(tree).then(|| {
        let mut tree = tree.clone();
        meter(&mut tree, false);
        tree
    })
}

fn needs_meter(tree: &IdedExpr) -> bool {
    let own = match &tree.expr {
        Expr::Comprehension(_) => true,
        Expr::Call(call) => {
            GROWING.contains(&call.func_name.as_str()) || is_range(call) || call.func_name == "distinct"
        }
        _ => false,
    };
    own || children(tree).into_iter().any(needs_meter)
}

fn is_range(call: &CallExpr) -> bool {
    call.func_name.rsplit('.').next() == Some("range")
}

/// Adds the counting; `again`: whether this is done in every turn of a loop.
fn meter(tree: &mut IdedExpr, again: bool) {
    match &mut tree.expr {
        Expr::Comprehension(of) => meter_loop(of, again),
        Expr::Call(call) => {
            let name = call.func_name.clone();
            let name = name.as_str();
            let (range, square, pieces) = (is_range(call), name == "distinct", again && name == "split");
            let whole = again && WHOLE.contains(&name) || GROWING.contains(&name);
            // The namespace of a function is no value.
            let target = if qualified(call, &[]).is_some() { None } else { call.target.as_deref_mut() };
            for part in target.into_iter().chain(&mut call.args) {
                meter(part, again);
                if range {
                    wrap(part, COUNT);
                } else if square {
                    wrap(part, SQUARE);
                } else if pieces {
                    wrap(part, PIECES);
                } else if whole {
                    wrap(part, WEIGH);
                }
            }
            if name == "replace"
                && let Some(text) = call.target.take()
            {
                call.args.insert(0, *text);
                REPLACE.clone_into(&mut call.func_name);
            }
        }
        Expr::List(list) => list.elements.iter_mut().for_each(|part| meter_kept(part, again)),
        Expr::Map(map) => {
            for entry in &mut map.entries {
                if let EntryExpr::MapEntry(entry) = &mut entry.expr {
                    meter_kept(&mut entry.key, again);
                    meter_kept(&mut entry.value, again);
                }
            }
        }
        Expr::Select(select) => meter(&mut select.operand, again),
        Expr::Struct(_) | Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => {}
    }
}

/// A part of a list or object, of which a copy is kept.
fn meter_kept(part: &mut IdedExpr, again: bool) {
    meter(part, again);
    if again {
        wrap(part, WEIGH);
    }
}

fn meter_loop(of: &mut ComprehensionExpr, again: bool) {
    let work = i64::try_from(nodes(&of.loop_cond) + nodes(&of.loop_step)).unwrap_or(i64::MAX);
    meter(&mut of.accu_init, again);
    meter(&mut of.iter_range, again);
    if again {
        wrap(&mut of.iter_range, WEIGH);
    }
    meter(&mut of.result, again);
    // The crate builds `map` and `filter` in place only as long as their steps look as it expects: the count goes inside.
    if appends(of) {
        return meter_append(of, work);
    }
    meter(&mut of.loop_cond, true);
    meter(&mut of.loop_step, true);
    guard(&mut of.loop_cond, work, LiteralValue::Boolean(false.into()));
}

/// Whether a loop is a `map` or `filter` as the crate knows them: `@result + [item]`, or that under a condition.
fn appends(of: &ComprehensionExpr) -> bool {
    let is_accu = |tree: &IdedExpr| matches!(&tree.expr, Expr::Ident(name) if *name == of.accu_var);
    let adds = |tree: &IdedExpr| match &tree.expr {
        Expr::Call(call) if call.func_name == operators::ADD && call.args.len() == 2 => {
            is_accu(&call.args[0]) && matches!(call.args[1].expr, Expr::List(_))
        }
        _ => false,
    };
    let step = match &of.loop_step.expr {
        Expr::Call(call) if call.func_name == operators::CONDITIONAL && call.args.len() == 3 => {
            adds(&call.args[1]) && is_accu(&call.args[2])
        }
        _ => adds(&of.loop_step),
    };
    step && is_accu(&of.result) && matches!(of.loop_cond.expr, Expr::Literal(_))
}

fn meter_append(of: &mut ComprehensionExpr, work: i64) {
    let Expr::Call(call) = &mut of.loop_step.expr else { return };
    let conditional = call.func_name == operators::CONDITIONAL;
    let (first, second) = call.args.split_at_mut(1);
    if conditional {
        meter(&mut first[0], true);
        guard(&mut first[0], work, LiteralValue::Boolean(false.into()));
        if let Expr::Call(appending) = &mut second[0].expr {
            meter(&mut appending.args[1], true);
        }
    } else if let Expr::List(list) = &mut second[0].expr {
        for element in &mut list.elements {
            meter_kept(element, true);
            guard(element, work, LiteralValue::Null);
        }
    }
}

/// How many operations a tree is. A regular expression is compiled each time.
fn nodes(tree: &IdedExpr) -> usize {
    let own = match &tree.expr {
        Expr::Call(call) if call.func_name == "matches" => match call.args.last().map(|pattern| &pattern.expr) {
            Some(Expr::Literal(LiteralValue::String(pattern))) if !pattern.inner().contains('{') => {
                500 + 100 * pattern.inner().len()
            }
            _ => 200_000,
        },
        Expr::List(_) | Expr::Map(_) => 4,
        _ => 1,
    };
    own + children(tree).into_iter().map(nodes).sum::<usize>()
}

/// Makes `tree` an argument of `function`; what is written out is as large as it looks, and a type has no size.
fn wrap(tree: &mut IdedExpr, function: &str) {
    let sizeless = match &tree.expr {
        Expr::Literal(_) => function == WEIGH,
        Expr::Ident(name) => is_type_name(name),
        Expr::Call(call) => call.func_name == "type",
        _ => false,
    };
    if sizeless {
        return;
    }
    let inner = std::mem::take(tree);
    *tree = call(function, vec![inner]);
}

/// Makes `tree` what is evaluated once a turn was counted.
fn guard(tree: &mut IdedExpr, work: i64, otherwise: LiteralValue) {
    let inner = std::mem::take(tree);
    let turn = call(TURN, vec![literal(LiteralValue::Int(work.into()))]);
    *tree = call(operators::CONDITIONAL, vec![turn, inner, literal(otherwise)]);
}

fn call(function: &str, args: Vec<IdedExpr>) -> IdedExpr {
    IdedExpr { id: 0, expr: Expr::Call(CallExpr { func_name: function.to_owned(), target: None, args }) }
}

fn literal(value: LiteralValue) -> IdedExpr {
    IdedExpr { id: 0, expr: Expr::Literal(value) }
}
