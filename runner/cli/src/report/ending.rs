//! What is told when a run stands still or is over: what failed and why, what is in doubt, and how to go on.

use std::path::Path;

use runner_core::{End, Node, NodeId, Reason};
use runner_engine::evaluate::Large;
use runner_engine::report::View;
use runner_engine::seal::Sealed;
use serde_json::Value;

use super::asked::asked;
use super::draw::text::{clean, wrap};
use super::draw::{Ink, Line, Pen, short};
use super::tail;
use super::undone::{stuck, undone};
use crate::words;

/// How many failures are told whole.
const WHOLE: usize = 3;

/// How many more are named.
pub(super) const NAMED: usize = 10;

/// How many lines of its output a failed step shows.
const LINES: usize = 12;

/// How much of one output of the workflow is shown, in characters.
const MOST: usize = 400;

/// The run that is told of.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Told<'a> {
    /// What is known of it.
    pub(crate) view: &'a View,
    /// Its id.
    pub(crate) id: &'a str,
    /// Its folder.
    pub(crate) folder: &'a Path,
    /// How lines are drawn.
    pub(crate) pen: &'a Pen,
}

impl Told<'_> {
    /// What is to be told; nothing of a run that goes on. Commands are never cut.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let Some(end) = self.view.end() else { return Vec::new() };
        let mut lines = match end {
            End::Succeeded => self.succeeded(),
            End::Failed | End::TimedOut | End::Cancelled => self.failed(),
            End::Paused => self.paused(),
            End::Interrupted | End::Undone => Vec::new(),
        };
        lines.extend(undone(self));
        let resume = format!("runner resume {}", self.id);
        match end {
            End::Failed | End::TimedOut | End::Interrupted => lines.push(next("resume", &resume)),
            End::Undone => lines.push(next("do it again", &resume)),
            End::Succeeded | End::Paused | End::Cancelled => {}
        }
        lines
    }

    fn succeeded(&self) -> Vec<Line> {
        if let Some(bytes) = Large::bytes(self.view.outputs()) {
            return vec![Line::of(Ink::Faint, format!("  its outputs are large: {bytes} bytes"))];
        }
        let outputs = self.view.outputs().as_object();
        let line = |(name, value): (&String, &Value)| {
            let text = match value {
                Value::String(text) => text.clone(),
                value if Sealed::looks(value) => "(sealed)".to_owned(),
                value => value.to_string(),
            };
            let mut line = Line::of(Ink::Faint, format!("  {}: ", clean(name, MOST)));
            let shown = clean(&text, MOST);
            let cut = if text.chars().count() > MOST { self.pen.glyphs.more } else { "" };
            line.push(Ink::Plain, shown + cut);
            line
        };
        self.left_out().into_iter().chain(outputs.into_iter().flatten().map(line)).collect()
    }

    /// How much a person has left out.
    fn left_out(&self) -> Option<Line> {
        let is_left_out = |node: &Node| node.reason == Some(Reason::LeftOut);
        let count = self.view.state().nodes().filter(|(_, node)| is_left_out(node)).count();
        (count > 0).then(|| Line::of(Ink::Faint, format!("  {} left out", words::counted(count, "step"))))
    }

    fn failed(&self) -> Vec<Line> {
        let all = self.view.failures();
        let (ignored, failures): (Vec<_>, Vec<_>) = all.into_iter().partition(|id| self.is_ignored(*id));
        let mut lines = if failures.is_empty() { Vec::new() } else { vec![Line::default()] };
        for &id in failures.iter().take(WHOLE) {
            lines.extend(self.failure(id));
            lines.push(Line::default());
        }
        for &id in failures.iter().skip(WHOLE).take(NAMED) {
            lines.push(self.title(id));
        }
        let unnamed = failures.len().saturating_sub(WHOLE + NAMED);
        if unnamed > 0 {
            lines.push(Line::of(Ink::Faint, format!("{} and {unnamed} more failed", self.pen.glyphs.more)));
        }
        if failures.len() > WHOLE {
            lines.push(Line::default());
        }
        if failures.is_empty() {
            // The run as a whole, such as its outputs or its timeout.
            let error = self.view.state().root().and_then(|root| self.view.state().node(root).error.as_ref());
            lines.extend(error.into_iter().flat_map(|error| self.wrapped(Ink::Bad, &error.message)));
        }
        lines.extend(ignored.iter().map(|id| {
            let mut line = Line::of(Ink::Care, format!("{} ", self.pen.glyphs.failed));
            line.push(Ink::Plain, format!("{} failed, which was ignored", clean(self.view.path(*id).as_str(), 400)));
            line
        }));
        lines
    }

    fn is_ignored(&self, id: NodeId) -> bool {
        let mut at = Some(id);
        while let Some(id) = at {
            if matches!(self.view.look(id), runner_engine::report::Look::Failed { ignored: true }) {
                return true;
            }
            at = self.view.state().node(id).parent;
        }
        false
    }

    fn title(&self, id: NodeId) -> Line {
        let node = self.view.state().node(id);
        let mut line = Line::of(Ink::Bad, format!("{} ", self.pen.glyphs.failed));
        line.push(Ink::Strong, clean(node.path.as_str(), 400)).push(Ink::Bad, " failed");
        let tries = node.leaf().map_or(0, |leaf| leaf.failures);
        let tries = if tries > 1 { format!("{tries} tries, ") } else { String::new() };
        if let Some(took) = self.view.elapsed(id, self.view.last()) {
            line.push(Ink::Faint, format!(" after {tries}{}", short(took)));
        }
        line
    }

    /// A failure: the step, why, its command, the last of its output, and where all of it is.
    fn failure(&self, id: NodeId) -> Vec<Line> {
        let mut lines = vec![self.title(id)];
        let node = self.view.state().node(id);
        let error = node.error.as_deref().or_else(|| self.view.trace(id).and_then(|trace| trace.error.as_ref()));
        if let Some(error) = error {
            for said in error.message.lines().take(8) {
                lines.extend(self.wrapped(Ink::Plain, said));
            }
            let hint = error.hint.as_ref().map(|hint| format!("hint: {hint}"));
            lines.extend(hint.into_iter().flat_map(|hint| self.wrapped(Ink::Care, &hint)));
        }
        lines.extend(self.evidence(id));
        lines
    }

    fn wrapped(&self, ink: Ink, text: &str) -> Vec<Line> {
        let lines = wrap(&clean(text, 2000), self.pen.width.saturating_sub(2).max(10));
        lines.into_iter().map(|line| Line::of(ink, format!("  {line}"))).collect()
    }

    /// What is known of a step's last attempt.
    pub(super) fn evidence(&self, id: NodeId) -> Vec<Line> {
        let mut lines = Vec::new();
        let Some(trace) = self.view.trace(id) else { return lines };
        if let Some(command) = &trace.command {
            let mut said = command.lines();
            let first = said.next().unwrap_or_default();
            let more = if said.next().is_some() { self.pen.glyphs.more } else { "" };
            lines.push(labelled("command", &format!("{}{more}", clean(first, 400))));
        }
        if let Some(log) = &trace.log {
            let said = tail::ended(self.folder, log, LINES);
            if !said.is_empty() {
                lines.push(labelled("output", ""));
                for said in said {
                    let mut line = Line::of(Ink::Faint, format!("    {} ", self.pen.glyphs.rail));
                    line.push(Ink::Plain, said);
                    lines.push(line.cut(self.pen.width, self.pen.glyphs.more));
                }
            }
        }
        let path = word(self.view.path(id).as_str());
        lines.push(labelled("whole log", &format!("runner logs {} {path}", self.id)));
        lines
    }

    fn paused(&self) -> Vec<Line> {
        let doubts = self.view.doubts();
        let mut lines = vec![Line::default()];
        for &id in doubts.iter().take(NAMED) {
            let runner_engine::report::Look::Doubt { why } = self.view.look(id) else { continue };
            let path = self.view.path(id).as_str();
            let attempt = self.view.trace(id).map_or(1, |trace| trace.attempt);
            let mut line = Line::of(Ink::Care, format!("{} ", self.pen.glyphs.doubt));
            line.push(Ink::Strong, clean(path, 400));
            let undoes = self.view.state().is_being_undone(id);
            let what = if undoes { "be undone" } else { "have done its work" };
            line.push(Ink::Plain, format!(" may or may not {what} (attempt {attempt}): {}", clean(&why, 400)));
            lines.push(line);
            lines.extend(self.evidence(id));
            let is = if undoes { "it is" } else { "it has" };
            lines.push(labelled(is, &format!("runner resume {} --done {}", self.id, word(path))));
            if !undoes {
                lines.push(Line::of(
                    Ink::Faint,
                    "               with its outputs where later steps need them: --done STEP='{…}'",
                ));
            }
            lines.push(labelled("do it again", &format!("runner resume {} --repeat {}", self.id, word(path))));
            lines.push(Line::default());
        }
        let unnamed = doubts.len().saturating_sub(NAMED);
        if unnamed > 0 {
            lines.push(Line::of(
                Ink::Faint,
                format!("{} and {unnamed} more: runner show {}", self.pen.glyphs.more, self.id),
            ));
        }
        lines.extend(stuck(self));
        lines.extend(asked(self));
        lines
    }
}

pub(super) fn labelled(label: &str, text: &str) -> Line {
    let mut line = Line::of(Ink::Faint, format!("  {:<13}", format!("{label}:")));
    line.push(Ink::Plain, text);
    line
}

fn next(label: &str, command: &str) -> Line {
    let mut line = Line::of(Ink::Faint, format!("{label}: "));
    line.push(Ink::Strong, command);
    line
}

/// A word as a shell takes it.
pub(super) fn word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}
