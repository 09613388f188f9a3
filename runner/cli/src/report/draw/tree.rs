//! Lines of the tree.

use runner_core::{NodeId, Reason, Standing};
use runner_engine::report::{Look, Row, RowKind, View, What};

use super::text::{clean, cut, width};
use super::{Glyphs, Ink, Line, Shown, short};

/// Longest piece of foreign text that is looked at, in characters.
const MOST: usize = 400;

/// How lines are drawn.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pen {
    /// The signs.
    pub(crate) glyphs: &'static Glyphs,
    /// Columns there are.
    pub(crate) width: usize,
    /// Now, in milliseconds since 1970.
    pub(crate) now: u64,
    /// Which picture of the spinner.
    pub(crate) frame: usize,
    /// The column behind the steps' labels.
    pub(crate) column: usize,
}

/// What a step said of its own progress.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Deserialize)]
pub(crate) struct Progress {
    #[serde(default)]
    pub(crate) done: u64,
    #[serde(default)]
    pub(crate) total: u64,
    #[serde(default)]
    pub(crate) message: String,
}

impl Pen {
    /// The widest that labels may be here.
    fn most_column(&self) -> usize {
        (self.width * 2 / 5).max(8)
    }

    /// Makes room for the labels of these lines; the column never goes back, so that nothing jumps.
    pub(crate) fn widen(&mut self, view: &View, shown: &[Shown]) {
        let labels = shown.iter().filter_map(|shown| match shown {
            Shown::Row(Row { depth, kind: RowKind::Node(id) }) => {
                Some(2 * depth + 2 + width(&clean(view.label(*id), MOST)))
            }
            _ => None,
        });
        let widest = labels.max().unwrap_or(0).max(self.column);
        self.column = widest.min(self.most_column());
    }

    /// One line.
    pub(crate) fn line(&self, view: &View, shown: Shown, progress: Option<&Progress>) -> Line {
        let line = match shown {
            Shown::Row(Row { depth, kind: RowKind::Node(id) }) => self.node(view, depth, id, progress),
            Shown::Row(Row { depth, kind: RowKind::Finally }) => {
                Line::of(Ink::Faint, format!("{}finally", "  ".repeat(depth)))
            }
            Shown::Row(Row { depth, kind: RowKind::More(more) }) => {
                Line::of(Ink::Faint, format!("{}{} {more} more items", "  ".repeat(depth), self.glyphs.more))
            }
            Shown::Done(count) => {
                let mut line = Line::of(Ink::Good, self.glyphs.done);
                line.push(Ink::Faint, format!(" {}", counted(count, "step", " done")));
                line
            }
            Shown::ToCome(count) => {
                Line::of(Ink::Faint, format!("{} {}", self.glyphs.pending, counted(count, "step", " to come")))
            }
            Shown::Cut(count) => {
                Line::of(Ink::Faint, format!("{} {}", self.glyphs.more, counted(count, "line", " more under way")))
            }
        };
        line.cut(self.width, self.glyphs.more)
    }

    /// A line of a step's output.
    pub(crate) fn output(&self, depth: usize, said: &str) -> Line {
        let mut line = Line::of(Ink::Faint, format!("{}{} ", "  ".repeat(depth + 1), self.glyphs.rail));
        line.push(Ink::Faint, said);
        line.cut(self.width, self.glyphs.more)
    }

    fn node(&self, view: &View, depth: usize, id: NodeId, progress: Option<&Progress>) -> Line {
        let look = view.look(id);
        let (glyph, ink) = self.sign(&look);
        let mut line = Line::default();
        line.push(Ink::Plain, "  ".repeat(depth)).push(ink, glyph).push(Ink::Plain, " ");
        let room = self.column.saturating_sub(line.width()).max(4);
        let (label, _) = cut(&clean(view.label(id), MOST), room, self.glyphs.more);
        let faint = matches!(look, Look::Pending | Look::Skipped(_));
        line.push(if faint { Ink::Faint } else { Ink::Plain }, label);
        let details = self.details(view, id, &look, progress);
        let elapsed = if faint { None } else { view.elapsed(id, self.now) };
        if elapsed.is_none() && details.is_empty() {
            return line;
        }
        line.pad(self.column);
        line.push(Ink::Faint, format!(" {:>6}", elapsed.map(short).unwrap_or_default()));
        for (at, (ink, text)) in details.into_iter().enumerate() {
            line.push(Ink::Faint, if at == 0 { "  " } else { self.glyphs.dot }).push(ink, text);
        }
        line
    }

    pub(super) fn sign(&self, look: &Look) -> (&'static str, Ink) {
        let glyphs = self.glyphs;
        match look {
            Look::Pending => (glyphs.pending, Ink::Faint),
            Look::Open => (glyphs.open, Ink::Busy),
            Look::Running { .. } => (glyphs.spinner[self.frame % glyphs.spinner.len()], Ink::Busy),
            Look::Queued => (glyphs.pending, Ink::Busy),
            Look::Retry { .. } | Look::Undoing { due: Some(_) } => (glyphs.again, Ink::Care),
            Look::Poll { .. } => (glyphs.again, Ink::Busy),
            Look::Doubt { .. } | Look::Stuck { .. } | Look::Asks { .. } => (glyphs.doubt, Ink::Care),
            Look::Serving => (glyphs.serving, Ink::Good),
            Look::Succeeded => (glyphs.done, Ink::Good),
            Look::Failed { ignored: false } => (glyphs.failed, Ink::Bad),
            Look::Failed { ignored: true } => (glyphs.failed, Ink::Care),
            Look::Skipped(_) => (glyphs.skipped, Ink::Faint),
            Look::Cancelled => (glyphs.cancelled, Ink::Care),
            Look::Undoing { due: None } => (glyphs.spinner[self.frame % glyphs.spinner.len()], Ink::Care),
            Look::Undone => (glyphs.undone, Ink::Care),
            Look::Stands(_) => (glyphs.done, Ink::Care),
        }
    }

    fn details(&self, view: &View, id: NodeId, look: &Look, progress: Option<&Progress>) -> Vec<(Ink, String)> {
        let mut details = Vec::new();
        let node = view.state().node(id);
        if node.each().is_some() {
            details.extend(self.items(view, id, look));
        } else if node.body().is_some() && *look == Look::Open {
            let counts = view.counts(id);
            details.push((Ink::Plain, format!("{}/{}", counts.ended(), counts.all)));
        }
        details.extend(self.state(view, id, look));
        if let Some(progress) = progress.filter(|_| matches!(look, Look::Running { .. })) {
            details.extend(self.progress(progress));
        }
        let ended = matches!(
            look,
            Look::Failed { .. } | Look::Doubt { .. } | Look::Skipped(_) | Look::Stuck { .. } | Look::Stands(_)
        );
        if !ended {
            let called = node.step.and_then(|step| Some(&view.outline().steps.get(step)?.what));
            match (view.title(id), called) {
                (Some(title), _) => details.push((Ink::Faint, clean(&title, MOST))),
                (None, Some(What::Call(name))) if node.item().is_none() => {
                    details.push((Ink::Faint, clean(name, MOST)));
                }
                _ => {}
            }
        }
        details
    }

    fn state(&self, view: &View, id: NodeId, look: &Look) -> Option<(Ink, String)> {
        let until = |due: u64| short(due.saturating_sub(self.now));
        let attempt = view.trace(id).map_or(1, |trace| trace.attempt);
        let failures = view.state().node(id).leaf().map_or(0, |leaf| leaf.failures);
        let most = view.retry(id).map_or(1, |retry| retry.attempts);
        let failed = || view.trace(id).and_then(|trace| trace.error.as_ref()).map_or("", |error| &error.message);
        match look {
            Look::Running { stopping: true, .. } => Some((Ink::Care, "stopping".to_owned())),
            Look::Running { checking: true, .. } => Some((Ink::Care, "looks if it was done".to_owned())),
            Look::Running { .. } if failures > 0 => Some((Ink::Care, format!("try {} of {most}", failures + 1))),
            Look::Retry { due } => {
                let next = format!("try {} of {most} in {}: ", failures + 1, until(*due));
                Some((Ink::Care, next + &clean(failed(), MOST)))
            }
            Look::Poll { due } => Some((Ink::Busy, format!("not yet, look {} in {}", attempt + 1, until(*due)))),
            Look::Succeeded if view.trace(id).is_some_and(|trace| trace.cached) => {
                Some((Ink::Faint, "kept: nothing has changed".to_owned()))
            }
            Look::Queued => Some((Ink::Faint, "waits for a free place".to_owned())),
            Look::Doubt { why } => Some((Ink::Care, format!("in doubt: {}", clean(why, MOST)))),
            Look::Serving => Some((Ink::Good, "serving".to_owned())),
            Look::Failed { ignored } => {
                let error = view.state().node(id).error.as_ref()?;
                let own = error.origin.as_ref().is_none_or(|origin| *origin == *view.path(id));
                let message = if *ignored { format!("ignored: {}", error.message) } else { error.message.clone() };
                (own && view.state().node(id).each().is_none())
                    .then(|| (if *ignored { Ink::Care } else { Ink::Bad }, clean(&message, MOST)))
            }
            Look::Skipped(Reason::Condition) => Some((Ink::Faint, "not needed".to_owned())),
            Look::Skipped(Reason::LeftOut) => Some((Ink::Faint, "left out".to_owned())),
            Look::Skipped(Reason::Need) => Some((Ink::Faint, "skipped: what it needs did not succeed".to_owned())),
            Look::Skipped(Reason::Stopped) => Some((Ink::Faint, "skipped: stopped before".to_owned())),
            Look::Cancelled => Some((Ink::Care, "cancelled".to_owned())),
            Look::Undoing { due: None } => Some((Ink::Care, "undoing".to_owned())),
            Look::Undoing { due: Some(due) } => {
                Some((Ink::Care, format!("undoing again in {}: {}", until(*due), clean(failed(), MOST))))
            }
            Look::Asks { asked } => {
                let message = asked["message"].as_str().unwrap_or_default();
                Some((Ink::Care, format!("asks: {}", clean(message, MOST))))
            }
            Look::Stuck { why } => Some((Ink::Bad, format!("cannot be undone: {}", clean(why, MOST)))),
            Look::Undone if view.state().node(id).each().is_none() => Some((Ink::Care, "undone".to_owned())),
            Look::Stands(why) => Some((Ink::Care, super::stands(*why).to_owned())),
            _ => None,
        }
    }

    /// A foreach as a counted bar.
    fn items(&self, view: &View, id: NodeId, look: &Look) -> Vec<(Ink, String)> {
        if matches!(look, Look::Pending | Look::Skipped(_)) {
            return Vec::new();
        }
        let counts = view.counts(id);
        let mut details = Vec::new();
        let bar =
            if *look == Look::Open { self.bar(counts.ended() as u64, counts.all as u64) + " " } else { String::new() };
        details.push((Ink::Plain, format!("{bar}{}/{}", counts.ended(), counts.all).trim_start().to_owned()));
        let others = [
            (counts.failed, "failed", Ink::Bad),
            (if *look == Look::Open { counts.active } else { 0 }, "active", Ink::Busy),
            (counts.cancelled, "cancelled", Ink::Care),
            (counts.skipped, "skipped", Ink::Faint),
            (counts.undone, "undone", Ink::Care),
        ];
        let others = others.into_iter().filter(|(count, ..)| *count > 0);
        details.extend(others.map(|(count, word, ink)| (ink, format!("{count} {word}"))));
        details
    }

    fn progress(&self, progress: &Progress) -> Vec<(Ink, String)> {
        let mut details = Vec::new();
        if progress.total > 0 {
            let done = progress.done.min(progress.total);
            let bar = self.bar(done, progress.total);
            details.push((Ink::Busy, format!("{bar} {done}/{}", progress.total).trim_start().to_owned()));
        }
        let message = clean(&progress.message, MOST);
        if !message.is_empty() {
            details.push((Ink::Faint, message));
        }
        details
    }

    fn bar(&self, done: u64, all: u64) -> String {
        let columns = match self.width {
            0..50 => return String::new(),
            50..80 => 10,
            _ => 20,
        };
        let full = if all == 0 { columns } else { u128::from(done) * columns / u128::from(all) };
        let full = usize::try_from(full).unwrap_or(0).min(20);
        let columns = usize::try_from(columns).unwrap_or(0);
        format!("{}{}", self.glyphs.bar.0.repeat(full), self.glyphs.bar.1.repeat(columns.saturating_sub(full)))
    }
}

/// Why what a step did stands.
pub(crate) fn stands(why: Standing) -> &'static str {
    match why {
        Standing::NoUndo => "stands: it has no `undo`",
        Standing::InDoubt => "may stand: nobody knows whether it did its work",
        Standing::Abandoned => "stands: it was not undone before the run was cancelled",
    }
}

/// `1 step done`, `2 steps done`.
pub(crate) fn counted(count: usize, thing: &str, what: &str) -> String {
    format!("{count} {thing}{}{what}", if count == 1 { "" } else { "s" })
}
