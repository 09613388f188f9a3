//! Which steps are worth a line.

use std::collections::BTreeSet;

use runner_core::{Form, NodeId, Status};

use super::{Look, View};

/// How much is folded away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folding {
    /// How many items of a foreach stand each in a line of their own.
    pub items: usize,
    /// Whether nothing is folded: what is done shows all that is in it.
    pub all: bool,
}

/// A line of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// How deep it stands; 0: in the workflow's own list.
    pub depth: usize,
    /// What stands there.
    pub kind: RowKind,
}

/// What stands in a line of the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowKind {
    /// A step, or an item.
    Node(NodeId),
    /// The steps that follow belong to a `finally:`.
    Finally,
    /// So many more items of a foreach are worth a line.
    More(usize),
}

impl View {
    /// The lines of the tree, in order.
    pub fn rows(&self, folding: Folding) -> Vec<Row> {
        let mut rows = Vec::new();
        if let Some(root) = self.state().root() {
            self.inside(root, 0, folding, &self.undoing(), &mut rows);
        }
        rows
    }

    fn inside(&self, id: NodeId, depth: usize, folding: Folding, open: &BTreeSet<NodeId>, rows: &mut Vec<Row>) {
        match &self.state().node(id).form {
            Form::Leaf(_) => {}
            Form::Body(body) => {
                for &step in &body.steps {
                    self.line(step, depth, folding, open, rows);
                }
                if !body.finally.is_empty() {
                    rows.push(Row { depth, kind: RowKind::Finally });
                }
                for &step in &body.finally {
                    self.line(step, depth, folding, open, rows);
                }
            }
            Form::Each(each) => {
                let status = |item: &&NodeId| self.state().node(**item).status;
                let worth = |item: &&NodeId| {
                    folding.all || matches!(status(item), Status::Active | Status::Failed) || open.contains(*item)
                };
                // A failed item is of more interest than one that runs, of which there may be many.
                let failed = each.items.iter().filter(|item| status(item) == Status::Failed).count();
                let failed = failed.min(folding.items.div_ceil(2));
                let others = folding.items - failed;
                let (mut failures, mut shown, mut more) = (0, 0, 0);
                for item in each.items.iter().filter(worth) {
                    let (count, most) =
                        if status(&item) == Status::Failed { (&mut failures, failed) } else { (&mut shown, others) };
                    if *count < most || folding.all {
                        *count += 1;
                        self.line(*item, depth, folding, open, rows);
                    } else {
                        more += 1;
                    }
                }
                if more > 0 {
                    rows.push(Row { depth, kind: RowKind::More(more) });
                }
            }
        }
    }

    fn line(&self, id: NodeId, depth: usize, folding: Folding, open: &BTreeSet<NodeId>, rows: &mut Vec<Row>) {
        rows.push(Row { depth, kind: RowKind::Node(id) });
        if folding.all || matches!(self.look(id), Look::Open | Look::Failed { .. }) || open.contains(&id) {
            self.inside(id, depth + 1, folding, open, rows);
        }
    }
}
