//! What is told of undoing: what is undone, what stands, and what could not be undone.

use runner_engine::report::Look;

use super::draw::text::clean;
use super::draw::{Ink, Line, counted, stands};
use super::ending::{NAMED, Told, labelled, word};

/// What was undone, and what was not; nothing where nothing was to be.
pub(super) fn undone(told: &Told<'_>) -> Vec<Line> {
    let (undone, standing) = (told.view.undone(), told.view.standing());
    let left = told.view.to_undo();
    if undone.is_empty() && standing.is_empty() && left.is_empty() {
        return Vec::new();
    }
    let glyphs = told.pen.glyphs;
    let mut line = Line::of(Ink::Care, format!("{} ", glyphs.undone));
    line.push(Ink::Plain, counted(undone.len(), "step", " undone"));
    let mut lines = vec![line];
    for (id, why) in standing.iter().take(NAMED) {
        let mut line = Line::of(Ink::Care, format!("{} ", glyphs.done));
        line.push(Ink::Strong, clean(told.view.path(*id).as_str(), 400));
        line.push(Ink::Plain, format!(" {}", stands(*why)));
        lines.push(line);
    }
    let unnamed = standing.len().saturating_sub(NAMED);
    if unnamed > 0 {
        lines.push(Line::of(Ink::Faint, format!("{} and {unnamed} more: runner show {}", glyphs.more, told.id)));
    }
    if !left.is_empty() {
        let named: Vec<_> = left.iter().take(NAMED).map(|id| clean(told.view.path(*id).as_str(), 400)).collect();
        let more = if left.len() > NAMED { glyphs.more } else { "" };
        let mut line = Line::of(Ink::Faint, format!("{} ", glyphs.pending));
        let what = counted(left.len(), "step", " still to be undone");
        line.push(Ink::Plain, format!("{what}: {}{more}", named.join(", ")));
        lines.push(line);
    }
    lines
}

/// What could not be undone, and what a person may do now.
pub(super) fn stuck(told: &Told<'_>) -> Vec<Line> {
    let mut lines = Vec::new();
    for id in told.view.stuck() {
        let Look::Stuck { why } = told.view.look(id) else { continue };
        let path = told.view.path(id).as_str();
        let mut line = Line::of(Ink::Bad, format!("{} ", told.pen.glyphs.failed));
        line.push(Ink::Strong, clean(path, 400));
        line.push(Ink::Plain, format!(" could not be undone: {}", clean(&why, 400)));
        lines.push(line);
        lines.extend(told.evidence(id));
        lines.push(labelled("try again", &format!("runner resume {}", told.id)));
        lines.push(labelled("it is", &format!("runner resume {} --done {}", told.id, word(path))));
        lines.push(Line::default());
    }
    lines
}
