//! A screenful: a head line, the tree, and what runs is saying.

use runner_core::{End, NodeId, Phase};
use runner_engine::report::{Look, Row, RowKind, View};

use super::tree::counted;
use super::{Ink, Line, Pen, Progress, Shown, fit, short};

/// What a step that runs is saying.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Noise {
    /// Its last lines, cleaned, the oldest first.
    pub(crate) lines: Vec<String>,
    /// Its progress.
    pub(crate) progress: Option<Progress>,
}

/// A screenful.
#[derive(Debug)]
pub(crate) struct Board {
    shown: Vec<Shown>,
    /// How many lines there are for output.
    room: usize,
}

impl Board {
    /// Chooses what is shown in so many lines, the head line included.
    pub(crate) fn of(view: &View, lines: usize) -> Self {
        let room = lines.saturating_sub(1);
        let running = view.running().take(3).count();
        // What runs is to be heard even where the tree alone would fill the screen.
        let reserved = (3 * running).min(room / 3);
        let shown = fit(view, room - reserved);
        let room = room.saturating_sub(shown.len());
        Self { shown, room }
    }

    /// The steps that run and are shown, with how many lines of output there is room for.
    pub(crate) fn speakers(&self, view: &View) -> Vec<(NodeId, usize)> {
        let running: Vec<_> = self
            .shown
            .iter()
            .filter_map(|shown| match shown {
                Shown::Row(Row { kind: RowKind::Node(id), .. }) => Some(*id),
                _ => None,
            })
            .filter(|id| matches!(view.look(*id), Look::Running { .. }))
            .collect();
        let most = match running.len() {
            0 | 1 => 6,
            2 | 3 => 4,
            _ => 2,
        };
        let each = self.room.checked_div(running.len()).unwrap_or(0);
        let rest = self.room.checked_rem(running.len()).unwrap_or(0);
        let share = |at: usize| (each + usize::from(at < rest)).min(most);
        running.into_iter().enumerate().map(|(at, id)| (id, share(at))).collect()
    }

    /// Draws it. `noise` tells what a step is saying.
    pub(crate) fn draw(
        &self,
        view: &View,
        pen: &mut Pen,
        left: Option<u64>,
        noise: &dyn Fn(NodeId) -> Noise,
    ) -> Vec<Line> {
        pen.widen(view, &self.shown);
        let speakers = self.speakers(view);
        let mut lines = vec![head(view, pen, left)];
        for shown in &self.shown {
            let speaker = match shown {
                Shown::Row(Row { kind: RowKind::Node(id), depth }) => {
                    speakers.iter().find(|(speaker, _)| speaker == id).map(|(id, room)| (noise(*id), *room, *depth))
                }
                _ => None,
            };
            let progress = speaker.as_ref().and_then(|(noise, ..)| noise.progress.as_ref());
            lines.push(pen.line(view, *shown, progress));
            if let Some((noise, room, depth)) = &speaker {
                let said = &noise.lines[noise.lines.len().saturating_sub(*room)..];
                lines.extend(said.iter().map(|said| pen.output(*depth, said)));
            }
        }
        lines
    }
}

/// The head line: the workflow, how far it is, how long it takes.
pub(crate) fn head(view: &View, pen: &Pen, left: Option<u64>) -> Line {
    let dot = pen.glyphs.dot;
    let mut line = Line::default();
    let (glyph, ink, word) = match view.end() {
        None => (pen.glyphs.spinner[pen.frame % pen.glyphs.spinner.len()], Ink::Busy, ""),
        Some(End::Succeeded) => (pen.glyphs.done, Ink::Good, " succeeded"),
        Some(End::Failed) => (pen.glyphs.failed, Ink::Bad, " failed"),
        Some(End::TimedOut) => (pen.glyphs.failed, Ink::Bad, " timed out"),
        Some(End::Paused) => (pen.glyphs.doubt, Ink::Care, " paused"),
        Some(End::Interrupted) => (pen.glyphs.cancelled, Ink::Care, " interrupted"),
        Some(End::Cancelled) => (pen.glyphs.cancelled, Ink::Care, " cancelled"),
        Some(End::Undone) => (pen.glyphs.undone, Ink::Care, " undone"),
    };
    line.push(ink, glyph).push(Ink::Strong, format!(" {}", super::text::clean(&view.outline().workflow, 200)));
    line.push(ink, word);
    if let Some(root) = view.state().root() {
        let counts = view.counts(root);
        line.push(Ink::Plain, format!("  {}/{}", counts.ended(), counted(counts.all, "step", "")));
        let until = if view.end().is_some() { view.last() } else { pen.now };
        let took = until.saturating_sub(view.life().max(view.state().node(root).started.unwrap_or(0)));
        line.push(Ink::Faint, format!("{dot}{}", short(took)));
    }
    if view.end().is_none() {
        if view.is_stopping() {
            let by = view.by().map(|by| format!(" ({})", super::text::clean(by, 40))).unwrap_or_default();
            let gently = matches!(view.state().phase(), Phase::Interrupting { kill: false });
            let again = if gently { ", once more kills" } else { "" };
            line.push(Ink::Care, format!("{dot}stopping{by}{again}"));
        } else if let Some(left) = left {
            let about = if pen.width < 60 { "~" } else { "about " };
            let left = rough(left);
            line.push(Ink::Faint, format!("{dot}{about}{left} left"));
        }
    }
    line.cut(pen.width, pen.glyphs.more)
}

/// An estimate in whole seconds: tenths of it would say more than is known.
fn rough(millis: u64) -> String {
    let seconds = millis.div_ceil(1000);
    if seconds < 10 { format!("{seconds}s") } else { short(seconds * 1000) }
}
