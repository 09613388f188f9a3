//! Ways over a syntax tree.

use cel::common::ast::{EntryExpr, Expr, IdedExpr, LiteralValue, SourceInfo, operators};

use crate::expression::Reference;

/// The parts of an expression, in no promised order.
pub(super) fn children(tree: &IdedExpr) -> Vec<&IdedExpr> {
    match &tree.expr {
        Expr::Call(call) => call.target.as_deref().into_iter().chain(&call.args).collect(),
        Expr::Comprehension(of) => {
            vec![&of.iter_range, &of.accu_init, &of.loop_cond, &of.loop_step, &of.result]
        }
        Expr::List(list) => list.elements.iter().collect(),
        Expr::Map(map) => map.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Struct(of) => of.entries.iter().flat_map(|entry| entry_parts(&entry.expr)).collect(),
        Expr::Select(select) => vec![&select.operand],
        Expr::Ident(_) | Expr::Literal(_) | Expr::Unspecified => Vec::new(),
    }
}

pub(super) fn entry_parts(entry: &EntryExpr) -> Vec<&IdedExpr> {
    match entry {
        EntryExpr::MapEntry(entry) => vec![&entry.key, &entry.value],
        EntryExpr::StructField(field) => vec![&field.value],
    }
}

/// How many levels there are. Walks without recursion, for it is what decides whether recursion is safe.
pub(super) fn tree_depth(tree: &IdedExpr) -> usize {
    let mut deepest = 0;
    let mut todo = vec![(tree, 1)];
    while let Some((tree, depth)) = todo.pop() {
        deepest = deepest.max(depth);
        todo.extend(children(tree).into_iter().map(|child| (child, depth + 1)));
    }
    deepest
}

/// How many loops stand inside each other: a loop over what another gives is beside it, not inside.
pub(super) fn loop_depth(tree: &IdedExpr) -> usize {
    let inner = |all: Vec<&IdedExpr>| all.into_iter().map(loop_depth).max().unwrap_or_default();
    match &tree.expr {
        Expr::Comprehension(of) => {
            let body = inner(vec![&of.loop_cond, &of.loop_step]);
            // `sortBy` and `optMap` are made as loops that never turn.
            let turns = !matches!(&of.iter_range.expr, Expr::List(list) if list.elements.is_empty());
            (body + usize::from(turns)).max(inner(vec![&of.iter_range, &of.accu_init, &of.result]))
        }
        _ => inner(children(tree)),
    }
}

/// The path that an expression spells, if it is one: fields and literal indices of a name.
pub(super) fn path(tree: &IdedExpr, info: &SourceInfo) -> Option<Reference> {
    let mut segments = Vec::new();
    let mut places = Vec::new();
    let mut at = tree;
    loop {
        match &at.expr {
            Expr::Ident(name) => {
                segments.push(name.trim_start_matches('.').to_owned());
                places.push(start_of(at, info));
                break;
            }
            // `has(a.b)` is a path to ask for, not one to go on from.
            Expr::Select(select) if !select.test || std::ptr::eq(at, tree) => {
                segments.push(select.field.clone());
                places.push(field_place(at, info));
                at = &select.operand;
            }
            Expr::Call(call) if call.func_name == operators::INDEX && call.args.len() == 2 => {
                segments.push(literal_index(&call.args[1])?);
                places.push(start_of(&call.args[1], info));
                at = &call.args[0];
            }
            _ => return None,
        }
    }
    segments.reverse();
    places.reverse();
    Some(Reference::new(segments, places))
}

/// The segment that a literal index is.
pub(super) fn literal_index(index: &IdedExpr) -> Option<String> {
    match &index.expr {
        Expr::Literal(LiteralValue::String(text)) => Some(text.inner().to_owned()),
        Expr::Literal(LiteralValue::Int(number)) if *number.inner() >= 0 => Some(number.inner().to_string()),
        _ => None,
    }
}

/// Where the first character of an expression stands: an operator's own place is its sign.
pub(super) fn start_of(tree: &IdedExpr, info: &SourceInfo) -> usize {
    let own = own_place(tree, info);
    let first = match &tree.expr {
        Expr::Call(call) => {
            call.target.as_deref().or_else(|| call.args.first().filter(|_| call.func_name.starts_with('_')))
        }
        Expr::Select(select) => Some(&*select.operand),
        Expr::Comprehension(of) => match &of.iter_range.expr {
            Expr::List(list) if list.elements.is_empty() => Some(&of.accu_init),
            _ => Some(&of.iter_range),
        },
        _ => None,
    };
    first.map_or(own, |first| start_of(first, info).min(own))
}

/// Where the tree says that an expression stands.
pub(super) fn own_place(tree: &IdedExpr, info: &SourceInfo) -> usize {
    let place = info.offset_for(tree.id).map_or(0, |(start, _)| start as usize);
    floor(&info.source, place)
}

/// Where the field of a selection stands: behind the dot.
pub(super) fn field_place(select: &IdedExpr, info: &SourceInfo) -> usize {
    let dot = own_place(select, info);
    let behind = info.source[dot..].find(|c: char| !(c == '.' || c == '?' || c.is_whitespace()));
    dot + behind.unwrap_or(0)
}

/// The nearest boundary of characters at or before `at`.
fn floor(source: &str, at: usize) -> usize {
    let mut at = at.min(source.len());
    while !source.is_char_boundary(at) {
        at -= 1;
    }
    at
}
