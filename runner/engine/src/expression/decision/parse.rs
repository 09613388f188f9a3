//! From source to a syntax tree, with the parser's messages in our words.

use std::sync::{Arc, LazyLock};

use cel::common::ast::{Expr, IdedExpr, SourceInfo};
use cel::{Env, extensions};

use super::limit;
use super::tree::{children, loop_depth, tree_depth};
use crate::expression::Problem;
use crate::expression::problem::shown;

/// Loops inside loops: each multiplies the work, and evaluation has no bound of its own.
const LOOPS: usize = 3;
/// Levels of the tree; evaluation recurses over them.
const LEVELS: usize = 300;

/// The functions and macros of every expression: CEL's own with the extensions for strings, lists and math.
pub(super) static ENV: LazyLock<Arc<Env>> = LazyLock::new(|| {
    let mut env = Env::stdlib();
    for extension in [extensions::strings, extensions::lists, extensions::math] {
        // Fails only when two of them declared the same overload; the tests call every function.
        let _declared: Result<(), _> = env.add_extension(extension);
    }
    Arc::new(env)
});

/// Stack for what is deep: the crate's parser takes some 100 KiB for each bracket in a debug build.
const STACK: usize = 32 << 20;

pub(super) fn parse(source: &str) -> Result<(IdedExpr, SourceInfo), Problem> {
    let tokens = limit::scan(source)?;
    if tokens.deep { on_a_big_stack(|| read(source, &tokens.all))? } else { read(source, &tokens.all) }
}

/// Runs `work` on a thread with stack enough for whatever is within the bounds.
pub(super) fn on_a_big_stack<T: Send>(work: impl FnOnce() -> T + Send) -> Result<T, Problem> {
    let done = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().stack_size(STACK).spawn_scoped(scope, work);
        thread.ok().and_then(|thread| thread.join().ok())
    });
    done.ok_or_else(|| Problem::new(0, "there is no thread for an expression nested so deep"))
}

fn read(source: &str, tokens: &[limit::Token<'_>]) -> Result<(IdedExpr, SourceInfo), Problem> {
    let parsed = ENV.parser().max_recursion_depth(64).parse_with_source_info(source);
    let (tree, info) = parsed.map_err(|errors| {
        let first = errors.errors.first();
        let offset = first.map_or(0, |error| byte_of(source, error.pos));
        let said = first.map_or("", |error| error.msg.as_str());
        rewritten(source, offset, said, tokens)
    })?;
    if tree_depth(&tree) > LEVELS {
        return Err(Problem::new(0, format!("more than {LEVELS} operations inside each other")));
    }
    if loop_depth(&tree) > LOOPS {
        return Err(Problem::new(0, format!("more than {LOOPS} loops (`map`, `filter`, `all` …) inside each other")));
    }
    known_kinds(&tree, &info)?;
    Ok((tree, info))
}

/// Refuses what evaluation would not survive or what means nothing here.
fn known_kinds(tree: &IdedExpr, info: &SourceInfo) -> Result<(), Problem> {
    let offset = info.offset_for(tree.id).map_or(0, |(start, _)| start as usize);
    match &tree.expr {
        Expr::Struct(of) => {
            let message = format!("{} is not a type that can be made here", shown(&of.type_name));
            return Err(Problem::new(offset, message).hint("an object is written `{'name': value}`"));
        }
        Expr::Unspecified => return Err(Problem::new(offset, "something is missing here")),
        _ => {}
    }
    children(tree).into_iter().try_for_each(|child| known_kinds(child, info))
}

fn rewritten(source: &str, offset: usize, said: &str, tokens: &[limit::Token<'_>]) -> Problem {
    if let Some(message) = said.strip_prefix("invalid argument to has()") {
        let _ = message;
        return Problem::new(offset, "`has` asks for a field").hint("for example `has(inputs.x)`");
    }
    if said.contains("must be a simple name") || said.contains("argument must be") {
        return Problem::new(offset, "the first argument of a loop is a name").hint("for example `list.all(x, x > 1)`");
    }
    if said.contains("Recursion limit") {
        return Problem::new(0, "the expression is nested too deep");
    }
    let token = tokens.iter().find(|token| token.offset + token.text.len() > offset);
    let Some(token) = token else {
        return Problem::new(source.trim_end().len(), "the expression ends too early");
    };
    if said.contains("reserved identifier") {
        return Problem::new(token.offset, format!("{} is a word that CEL reserves", shown(token.text)));
    }
    let before = tokens.iter().rev().find(|earlier| earlier.offset < token.offset);
    let problem = Problem::new(token.offset, format!("{} cannot stand here", shown(token.text)));
    match before {
        Some(before) if is_value(before.text) && is_value(token.text) => {
            problem.hint("an operator is missing before it")
        }
        Some(before) if before.text == "." => problem.hint("a name follows a dot; others are written `['name']`"),
        _ => problem,
    }
}

fn is_value(text: &str) -> bool {
    text.starts_with(|c: char| c.is_alphanumeric() || "_'\"".contains(c))
}

/// The parser's line (from 1) and column (from 1, in characters) as bytes.
fn byte_of(source: &str, (line, column): (isize, isize)) -> usize {
    let line = usize::try_from(line).unwrap_or(1).max(1);
    let column = usize::try_from(column).unwrap_or(1).max(1);
    let start: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
    let rest = &source[start..];
    start + rest.char_indices().nth(column - 1).map_or(rest.len(), |(at, _)| at)
}
