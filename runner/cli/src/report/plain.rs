//! Plain lines: one for each thing that matters, and a heartbeat while nothing ends for long.
//!
//! Every line begins with the time since the engine took up the run.

use std::collections::BTreeMap;
use std::path::{Path as File, PathBuf};
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use runner_core::{
    AttemptResult, Compensation, End, Event, Kind, Leaf, Path, Phase, Plan, Purpose, Reason, State, Status, TimerKind,
};
use runner_engine::cache::Word;
use runner_engine::driver::{Entry, Live, Observer, Outcome};
use runner_engine::ledger::{self, Record};
use runner_engine::program::Program;
use runner_engine::report::{Outline, View};
use runner_engine::run::Run;
use serde_json::{Map, Value};

use super::draw::text::clean;
use super::draw::{Pen, head, short, stands};
use super::heart::{Busy, Heart, heartbeat, stamp};
use super::{Begin, Told};
use crate::drive::{self, Reporter};
use crate::output;

/// Plain lines.
pub(crate) struct Plain {
    id: String,
    folder: PathBuf,
    program: Arc<Program>,
    origin: Option<Arc<Plan>>,
    inputs: Map<String, Value>,
    begun: Instant,
    replaying: bool,
    lines: String,
    heart: Heart,
    /// When this engine life began, in milliseconds since 1970.
    life: u64,
    /// How the run ended, where that was well.
    success: Option<(State, u64, Value)>,
}

impl Plain {
    pub(crate) fn new(run: &Run, folder: &File, how: Begin) -> Self {
        let begun = Instant::now();
        let heart = Heart::start(begun, heartbeat(std::env::var("RUNNER_HEARTBEAT").ok().as_deref()));
        let mut plain = Self {
            id: run.record.id.clone(),
            folder: folder.to_path_buf(),
            program: Arc::clone(&run.program),
            origin: run.origin.clone(),
            inputs: run.record.inputs.clone(),
            begun,
            replaying: how == Begin::Again,
            lines: String::new(),
            heart,
            life: 0,
            success: None,
        };
        let verb = if how == Begin::Again { "resuming " } else { "" };
        plain.say(&format!("{verb}run {} of {}", plain.id.clone(), clean(&run.record.workflow, 200)));
        plain
    }

    fn say(&mut self, line: &str) {
        self.lines.push_str(&stamp(self.begun));
        self.lines.push_str(line);
        self.lines.push('\n');
    }

    fn print(&mut self) {
        if !self.lines.is_empty() {
            output::note(self.lines.trim_end());
            self.lines.clear();
        }
    }

    fn tell(&mut self, event: &Event, state: &State) {
        let heart = Arc::clone(&self.heart.shared);
        let mut beating = heart.0.lock().unwrap_or_else(PoisonError::into_inner);
        let running = &mut beating.running;
        let line = match event {
            Event::AttemptStarted { path, attempt, purpose, .. } => {
                let failed = running.get_mut(path).and_then(|busy| busy.failed.take());
                if let Some((number, error)) = failed {
                    Some(format!("{path}: attempt {number} failed: {}; trying again", clean(&error.message, 1000)))
                } else if running.contains_key(path) {
                    None
                } else {
                    running.insert(path.clone(), Busy { since: Instant::now(), failed: None });
                    let what = match purpose {
                        Purpose::Run => "started",
                        Purpose::Check => "looking whether it was done",
                        Purpose::Undo => "undoing",
                    };
                    let counts = *attempt > 1 && *purpose != Purpose::Undo;
                    let again = if counts { format!(" (attempt {attempt})") } else { String::new() };
                    Some(format!("{path}: {what}{again}"))
                }
            }
            Event::AttemptEnded { path, attempt, result: AttemptResult::Failed { error } } => {
                match running.get_mut(path) {
                    Some(busy) => {
                        busy.failed = Some((*attempt, error.clone()));
                        None
                    }
                    None => Some(format!("{path}: ended: {}", clean(&error.message, 1000))),
                }
            }
            Event::AttemptEnded { path, attempt, result: AttemptResult::InDoubt { why } } => {
                running.remove(path);
                Some(format!("{path}: attempt {attempt} is in doubt: {why}"))
            }
            Event::TimerSet { path, kind: TimerKind::Retry, duration, .. } => {
                let failed = running.get_mut(path).and_then(|busy| busy.failed.take());
                failed.map(|(attempt, error)| {
                    let most = most_attempts(state, path);
                    let (message, next) = (clean(&error.message, 1000), short(*duration));
                    format!("{path}: attempt {attempt} of {most} failed: {message}; next in {next}")
                })
            }
            Event::StepSkipped { path, reason, may_have_run } => Some(match reason {
                Reason::Condition => format!("{path}: not needed"),
                Reason::LeftOut => format!("{path}: left out"),
                Reason::Need if *may_have_run => {
                    format!(
                        "{path}: skipped, what it needs did not succeed; it may have run before the machine went down"
                    )
                }
                Reason::Need => format!("{path}: skipped, what it needs did not succeed"),
                Reason::Stopped => format!("{path}: skipped, stopped before"),
            }),
            Event::StepExpanded { path, items } => Some(format!("{path}: {} items", items.len())),
            Event::StepFinished { path, .. } if path.is_root() => None,
            Event::StepFinished { path, status, error, .. } => {
                let took = took(running, path);
                Some(match (status, error) {
                    (Status::Succeeded, _) => format!("{path}: done{took}"),
                    (Status::Cancelled, _) => format!("{path}: cancelled"),
                    (_, Some(error)) => format!("{path}: failed{took}: {}", clean(&error.message, 1000)),
                    (_, None) => format!("{path}: failed{took}"),
                })
            }
            Event::OutputsLost { path, why } => Some(format!("{path}: in doubt: {why}")),
            Event::ServiceLost { path, .. } => Some(format!("{path}: the service is gone and is started anew")),
            Event::InterruptRequested { kill, by } => Some(format!(
                "{by}: {}",
                if *kill { "killing what runs" } else { "stopping; once more kills what runs" }
            )),
            Event::CancelRequested { by } => Some(format!("cancelled by {by}")),
            Event::UndoRequested { by, to: None } => Some(format!("to be undone: {by}")),
            Event::UndoRequested { by, to: Some(to) } => Some(format!("to be undone up to {to}: {by}")),
            Event::UndoStarted { path } if path.is_root() => Some("undoing what was done".to_owned()),
            Event::UndoStarted { path } => Some(format!("{path}: undoing what was done")),
            Event::StepUndone { path } => Some(format!("{path}: undone{}", took(running, path))),
            Event::StepStands { path, why } => Some(format!("{path}: {}", stands(*why))),
            Event::UndoFailed { path, error } => {
                running.remove(path);
                Some(format!("{path}: could not be undone: {}", clean(&error.message, 1000)))
            }
            Event::DoubtSettled { path, .. } => Some(format!("{path}: the doubt is settled")),
            Event::RoundEnded { .. } => {
                running.clear();
                None
            }
            other => asked(other),
        };
        if line.is_some() {
            beating.spoken = Instant::now();
        }
        drop(beating);
        if let Some(line) = line {
            self.say(&line);
        }
    }
}

impl Observer for Plain {
    fn fact(&mut self, record: &Record<Entry>, state: &State) {
        match &record.event.event {
            Event::LifeStarted { .. } => self.life = record.at,
            Event::RoundEnded { end: End::Succeeded, outputs, .. } => {
                self.success = Some((state.clone(), record.at, outputs.clone()));
            }
            Event::RoundStarted { .. } => self.success = None,
            _ => {}
        }
        if self.replaying {
            return;
        }
        if let (Event::AttemptEnded { path, .. }, Some(Word::Kept { run, .. })) =
            (&record.event.event, &record.event.cache)
        {
            self.say(&format!("{path}: nothing has changed since run {run}"));
        }
        self.tell(&record.event.event, state);
    }

    fn wants_history(&self) -> bool {
        false
    }

    fn taken_up(&mut self, state: &State) {
        self.replaying = false;
        let leaves = || state.nodes().filter(|(_, node)| node.leaf().is_some());
        let kept = leaves().filter(|(_, node)| node.status == Status::Succeeded).count();
        self.say(&format!("{} kept", super::draw::counted(kept, "finished step", "")));
        if !matches!(state.phase(), Phase::Ended(_)) {
            let mut heart = self.heart.shared.0.lock().unwrap_or_else(PoisonError::into_inner);
            let begun = leaves().filter(|(_, node)| node.status == Status::Active && node.attempts() > 0);
            for (_, node) in begun {
                let age = Duration::from_millis(drive::now().saturating_sub(node.started.unwrap_or_default()));
                let since = Instant::now().checked_sub(age).unwrap_or(self.begun);
                heart.running.insert(node.path.clone(), Busy { since, failed: None });
            }
        }
        self.print();
    }

    fn durable(&mut self) {
        if !self.replaying {
            self.print();
        }
    }

    fn live(&mut self, live: Live<'_>) {
        match live {
            Live::Notice(text) => self.say(&clean(text, 1000)),
            Live::Said { path, text } => {
                for line in text.lines() {
                    self.say(&format!("{path} | {}", clean(line, 1000)));
                }
            }
            Live::Writes { .. } => return,
        }
        self.print();
    }
}

impl Reporter for Plain {
    fn end(&mut self, _: &Outcome) {
        self.print();
        // What ends it is told by the same fold that a terminal shows: of one that ended well from its state alone, of another
        // from the record, so that nothing is kept for it meanwhile.
        let outline = Outline::of(&self.program, std::mem::take(&mut self.inputs));
        let view = if let Some((state, last, outputs)) = self.success.take() {
            View::of_success(outline, state, (self.life, last), outputs)
        } else {
            let mut view = View::new(outline.began_as(self.origin.as_ref()));
            for record in ledger::read::<Entry>(&self.folder).unwrap_or_default() {
                view.apply(&record);
            }
            view
        };
        let pen = Pen { glyphs: super::glyphs(), width: 2000, now: drive::now(), frame: 0, column: 0 };
        let told = Told { view: &view, id: &self.id, folder: &self.folder, pen: &pen };
        let lines = std::iter::once(head(&view, &pen, None)).chain(told.lines());
        let text: Vec<_> = lines.map(|line| line.plain()).collect();
        output::note(text.join("\n").trim_end());
    }
}

/// What is told of questions and their answers.
fn asked(event: &Event) -> Option<String> {
    match event {
        Event::QuestionAsked { path, question } => {
            Some(format!("{path}: asks: {}", clean(question["message"].as_str().unwrap_or_default(), 1000)))
        }
        Event::QuestionAnswered { path, by, approved, comment, .. } => {
            let word = if *approved { "approved" } else { "rejected" };
            let said = comment.as_ref().map(|comment| format!(": {}", clean(comment, 1000))).unwrap_or_default();
            Some(format!("{path}: {word} by {}{said}", clean(by, 200)))
        }
        _ => None,
    }
}

/// How long a step took that has ended, for the end of a line.
fn took(running: &mut BTreeMap<Path, Busy>, path: &Path) -> String {
    let took = running.remove(path).map(|busy| short(u64::try_from(busy.since.elapsed().as_millis()).unwrap_or(0)));
    took.map(|took| format!(" in {took}")).unwrap_or_default()
}

fn most_attempts(state: &State, path: &Path) -> u32 {
    let Some(id) = state.find(path) else { return 1 };
    match state.step(id).map(|step| &step.kind) {
        Some(Kind::Leaf(Leaf { undo: Compensation::Undo { retry, .. }, .. })) if state.is_being_undone(id) => {
            retry.attempts
        }
        Some(Kind::Leaf(leaf)) => leaf.retry.attempts,
        _ => 1,
    }
}
