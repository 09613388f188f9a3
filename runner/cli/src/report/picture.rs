//! A run drawn once: what `runner show` prints.

use std::path::Path;

use runner_core::NodeId;
use runner_engine::report::{Folding, Look, View, What};
use serde_json::{Value, json};

use super::draw::{Line, Pen, Shown, head};
use super::{Told, glyphs};

/// How a run looks at `now`: its tree, how it ended, and how to go on.
pub(crate) fn picture(view: &View, id: &str, folder: &Path, width: usize, now: u64, all: bool) -> Vec<Line> {
    let mut pen = Pen { glyphs: glyphs(), width, now, frame: 0, column: 0 };
    let rows = view.rows(Folding { items: usize::MAX, all });
    let shown: Vec<_> = rows.into_iter().map(Shown::Row).collect();
    pen.widen(view, &shown);
    let mut lines: Vec<_> = shown.iter().map(|shown| pen.line(view, *shown, None)).collect();
    lines.push(head(view, &pen, None));
    lines.extend(Told { view, id, folder, pen: &pen }.lines());
    lines
}

/// The same as one JSON object.
pub(crate) fn tree_as_json(view: &View, id: &str, now: u64) -> Value {
    let root = view.state().root();
    json!({
        "v": 1,
        "run": id,
        "workflow": view.outline().workflow,
        "end": view.end(),
        "round": view.state().round(),
        "started": root.and_then(|root| view.state().node(root).started),
        "ended": root.and_then(|root| view.state().node(root).ended),
        "error": root.and_then(|root| view.state().node(root).error.clone()),
        "outputs": view.outputs(),
        "steps": root.map_or_else(Vec::new, |root| inside(view, root, now)),
    })
}

fn inside(view: &View, id: NodeId, now: u64) -> Vec<Value> {
    view.state().node(id).children().map(|child| node(view, child, now)).collect()
}

fn node(view: &View, id: NodeId, now: u64) -> Value {
    let node = view.state().node(id);
    let mut shown = json!({
        "path": node.path,
        "status": node.status,
        "doing": doing(&view.look(id)),
    });
    let what = node.step.and_then(|step| Some(&view.outline().steps.get(step)?.what));
    let facts = [
        ("name", view.title(id).map(Value::from)),
        ("uses", if let Some(What::Uses(name)) = what { Some(json!(name)) } else { None }),
        ("run", if let Some(What::Call(name)) = what { Some(json!(name)) } else { None }),
        ("key", node.item().map(|item| json!(item.key))),
        ("reason", node.reason.map(|reason| json!(reason))),
        ("started", node.started.map(Value::from)),
        ("ended", node.ended.map(Value::from)),
        ("elapsed", view.elapsed(id, now).map(Value::from)),
        ("attempts", node.leaf().map(|leaf| json!(leaf.attempts))),
        ("error", node.error.as_ref().map(|error| json!(error))),
        ("command", view.trace(id).and_then(|trace| trace.command.clone()).map(Value::from)),
        ("log", view.trace(id).and_then(|trace| trace.log.as_ref()).map(|log| json!(log))),
    ];
    for (name, fact) in facts {
        if let Some(fact) = fact {
            shown[name] = fact;
        }
    }
    if let Look::Retry { due } | Look::Poll { due } = view.look(id) {
        shown["next"] = due.into();
    }
    if let Look::Doubt { why } | Look::Stuck { why } = view.look(id) {
        shown["why"] = why.into();
    }
    if let Look::Asks { asked } = view.look(id) {
        shown["asked"] = asked;
    }
    if node.leaf().is_none() {
        shown["steps"] = inside(view, id, now).into();
    }
    shown
}

/// How a step looks, in one word.
fn doing(look: &Look) -> &'static str {
    match look {
        Look::Pending => "pending",
        Look::Open => "open",
        Look::Running { checking: true, .. } => "checking",
        Look::Running { .. } => "running",
        Look::Queued => "queued",
        Look::Retry { .. } => "retrying",
        Look::Poll { .. } => "polling",
        Look::Doubt { .. } => "in_doubt",
        Look::Serving => "serving",
        Look::Succeeded => "succeeded",
        Look::Failed { ignored: true } => "ignored",
        Look::Failed { ignored: false } => "failed",
        Look::Skipped(_) => "skipped",
        Look::Cancelled => "cancelled",
        Look::Asks { .. } => "asking",
        Look::Undoing { .. } => "undoing",
        Look::Stuck { .. } => "stuck",
        Look::Undone => "undone",
        Look::Stands(_) => "stands",
    }
}
