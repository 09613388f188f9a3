//! Which lines of a tree a screen has room for.

use runner_engine::report::{Folding, Look, Row, RowKind, View};

/// What stands in a line of the screen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shown {
    /// A line of the tree.
    Row(Row),
    /// So many lines of steps that are done stood here.
    Done(usize),
    /// So many lines of steps that are to come would stand here.
    ToCome(usize),
    /// So many lines of steps under way would stand here.
    Cut(usize),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Done,
    Busy,
    ToCome,
}

/// The lines of a tree in a room of so many lines. What is under way stays longest; of what is done the latest stays, of
/// what is to come the next.
pub(crate) fn fit(view: &View, room: usize) -> Vec<Shown> {
    let mut items = room.max(1);
    loop {
        let rows = view.rows(Folding { items, all: false });
        if rows.len() <= room {
            return rows.into_iter().map(Shown::Row).collect();
        }
        // Where there is no room for all, what is to come inside of what is under way goes first.
        let judged = rows.into_iter().map(|row| (row, class(view, row)));
        let (rows, classes): (Vec<_>, Vec<_>) =
            judged.filter(|(row, class)| row.depth == 0 || *class != Class::ToCome).unzip();
        let busy = classes.iter().filter(|class| **class == Class::Busy).count();
        if rows.len() <= room {
            return rows.into_iter().map(Shown::Row).collect();
        }
        if busy + 2 <= room || items == 1 {
            return squeeze(&rows, &classes, room);
        }
        items -= (items / 4).max(1);
    }
}

fn class(view: &View, row: Row) -> Class {
    let RowKind::Node(id) = row.kind else { return Class::Busy };
    match view.look(id) {
        Look::Pending => Class::ToCome,
        Look::Succeeded | Look::Skipped(_) | Look::Cancelled | Look::Serving | Look::Failed { ignored: true } => {
            Class::Done
        }
        _ => Class::Busy,
    }
}

fn squeeze(rows: &[Row], classes: &[Class], room: usize) -> Vec<Shown> {
    let count = |wanted: Class| classes.iter().filter(|class| **class == wanted).count();
    let (done, busy, to_come) = (count(Class::Done), count(Class::Busy), count(Class::ToCome));
    let folds = usize::from(done > 0) + usize::from(to_come > 0);
    let spare = room.saturating_sub(busy + folds);
    let next = to_come.min((spare / 2).max(spare.saturating_sub(done)));
    let latest = done.min(spare - next);
    // Lines under way for which there is no room, and the one that says so.
    let over = (busy + folds).saturating_sub(room);
    let busy_kept = if over > 0 { busy.saturating_sub(over + 1) } else { busy };
    let mut shown = Vec::with_capacity(room);
    // How many of each class were met: of what is done the first are left out, of the others the last.
    let mut met = [0; 3];
    if done > latest {
        shown.push(Shown::Done(done - latest));
    }
    for (row, class) in rows.iter().zip(classes) {
        let before = met[*class as usize];
        met[*class as usize] += 1;
        let keep = match class {
            Class::Done => before >= done - latest,
            Class::Busy => before < busy_kept,
            Class::ToCome => before < next,
        };
        if keep {
            shown.push(Shown::Row(*row));
        }
    }
    if busy > busy_kept {
        shown.push(Shown::Cut(busy - busy_kept));
    }
    if to_come > next {
        shown.push(Shown::ToCome(to_come - next));
    }
    shown.truncate(room);
    shown
}
