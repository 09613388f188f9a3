//! The names that an expression refers to.

use cel::common::ast::{Expr, IdedExpr, SourceInfo};

use super::function;
use super::tree::{children, path};
use crate::expression::Reference;

/// A name and how it is asked for.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) reference: Reference,
    /// Only whether it is there: `has(…)`.
    pub(super) test: bool,
}

/// Every longest path from a root, in the order of the text; variables of loops are none.
pub(super) fn references(tree: &IdedExpr, info: &SourceInfo) -> Vec<Asked> {
    let mut found = Vec::new();
    walk(tree, info, &mut Vec::new(), &mut found);
    found.sort_by_key(|asked| asked.reference.offset);
    found
}

fn walk<'t>(tree: &'t IdedExpr, info: &SourceInfo, bound: &mut Vec<&'t str>, found: &mut Vec<Asked>) {
    if let Some(reference) = path(tree, info) {
        let root = reference.root();
        let named = bound.contains(&root) || root.starts_with('@') || function::is_type_name(root);
        if !named {
            let test = matches!(&tree.expr, Expr::Select(select) if select.test);
            found.push(Asked { reference, test });
        }
        return;
    }
    match &tree.expr {
        Expr::Call(call) if function::qualified(call, bound).is_some() => {
            for argument in &call.args {
                walk(argument, info, bound, found);
            }
        }
        Expr::Comprehension(of) => {
            walk(&of.iter_range, info, bound, found);
            walk(&of.accu_init, info, bound, found);
            let depth = bound.len();
            bound.extend([of.accu_var.as_str(), of.iter_var.as_str()]);
            bound.extend(of.iter_var2.as_deref());
            for inner in [&of.loop_cond, &of.loop_step] {
                walk(inner, info, bound, found);
            }
            bound.truncate(depth + 1);
            walk(&of.result, info, bound, found);
            bound.truncate(depth);
        }
        _ => {
            for child in children(tree) {
                walk(child, info, bound, found);
            }
        }
    }
}
