//! The fold.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use runner_core::{
    AttemptResult, Doing, End, Event, Form, Kind, LeafState, NodeId, OnError, Path, Phase, Purpose, Reason, Retry,
    Standing, State, Status, StepError, TimerKind,
};
use serde_json::Value;

use super::{Counts, Look, Outline};
use crate::cache::Word;
use crate::driver::{Entry, LogRange};
use crate::ledger::Record;

/// A run as a person sees it. Outputs of steps are not kept.
#[derive(Debug)]
pub struct View {
    outline: Outline,
    state: State,
    traces: BTreeMap<NodeId, Trace>,
    life: u64,
    last: u64,
    by: Option<String>,
    outputs: Value,
    end: Option<End>,
    /// The groups that are being undone.
    undoing: BTreeSet<NodeId>,
}

/// What is known of a step's last attempt.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Trace {
    /// When it began, in milliseconds since 1970.
    pub started: u64,
    /// Its number.
    pub attempt: u32,
    /// Where its output lies, once it has ended.
    pub log: Option<LogRange>,
    /// What it executed, if it failed or is in doubt.
    pub command: Option<String>,
    /// Whether the cache had it.
    pub cached: bool,
    /// Why the last failed attempt failed.
    pub error: Option<StepError>,
}

impl View {
    /// A run of which nothing has happened yet.
    pub fn new(outline: Outline) -> Self {
        let state = State::new(Arc::clone(&outline.origin));
        Self {
            outline,
            state,
            traces: BTreeMap::new(),
            life: 0,
            last: 0,
            by: None,
            outputs: Value::Null,
            end: None,
            undoing: BTreeSet::new(),
        }
    }

    /// A run that has ended well, by the state it ended in: its attempts are nothing to tell of. `life` and `last` are when
    /// the engine took it up and when it ended, in milliseconds since 1970.
    pub fn of_success(outline: Outline, state: State, (life, last): (u64, u64), outputs: Value) -> Self {
        Self { state, life, last, outputs, end: Some(End::Succeeded), ..Self::new(outline) }
    }

    /// Takes in a record.
    pub fn apply(&mut self, record: &Record<Entry>) {
        let Record { event: Entry { event, log, command, cache, .. }, at, .. } = record;
        self.state.apply(&slim(event), *at);
        drop(self.state.take_changes());
        self.last = self.last.max(*at);
        match event {
            Event::LifeStarted { .. } => (self.life, self.by) = (*at, None),
            Event::RoundStarted { .. } => self.end = None,
            Event::InterruptRequested { by, .. } | Event::CancelRequested { by } | Event::UndoRequested { by, .. } => {
                self.by = Some(by.clone());
            }
            Event::UndoStarted { path } => self.undoing.extend(self.state.find(path)),
            Event::UndoEnded { path } => {
                if let Some(id) = self.state.find(path) {
                    self.undoing.remove(&id);
                }
            }
            Event::RoundEnded { outputs, end, .. } => {
                (self.outputs, self.end) = (outputs.clone(), Some(*end));
            }
            Event::AttemptStarted { path, attempt, .. } => {
                if let Some(id) = self.state.find(path) {
                    let trace = self.traces.entry(id).or_default();
                    (trace.started, trace.attempt, trace.log) = (*at, *attempt, None);
                }
            }
            Event::AttemptEnded { path, result, .. } => {
                if let Some(id) = self.state.find(path) {
                    let trace = self.traces.entry(id).or_default();
                    (trace.log, trace.command) = (log.clone(), command.clone());
                    trace.cached = matches!(cache, Some(Word::Kept { .. }));
                    if let AttemptResult::Failed { error } = result {
                        trace.error = Some(error.clone());
                    }
                }
            }
            _ => {}
        }
    }

    /// What was known before anything ran.
    pub fn outline(&self) -> &Outline {
        &self.outline
    }

    /// The folded state; without outputs.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// When the last fact was made, in milliseconds since 1970.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// When the last engine life began.
    pub fn life(&self) -> u64 {
        self.life
    }

    /// By what the run was asked to stop or to end.
    pub fn by(&self) -> Option<&str> {
        self.by.as_deref()
    }

    /// The workflow's outputs, once it has succeeded.
    pub fn outputs(&self) -> &Value {
        &self.outputs
    }

    /// How the last round ended, if none is under way.
    pub fn end(&self) -> Option<End> {
        self.end
    }

    /// Whether the run is being stopped or ended.
    pub fn is_stopping(&self) -> bool {
        matches!(self.state.phase(), Phase::Interrupting { .. } | Phase::Cancelling | Phase::Pausing)
    }

    /// What is known of a step's last attempt.
    pub fn trace(&self, id: NodeId) -> Option<&Trace> {
        self.traces.get(&id)
    }

    /// What a step is called where it stands: its id, or of an item its key.
    pub fn label(&self, id: NodeId) -> &str {
        let node = self.state.node(id);
        match (node.item(), node.step) {
            (Some(item), _) => &item.key,
            (None, Some(step)) => &self.state.plan().step(step).id,
            (None, None) => &self.outline.workflow,
        }
    }

    /// A step's `name`.
    pub fn title(&self, id: NodeId) -> Option<String> {
        let step = self.state.node(id).step?;
        let mut items = BTreeMap::new();
        let mut at = Some(id);
        while let Some(id) = at {
            let node = self.state.node(id);
            if let (Some(item), Some(step)) = (node.item(), node.step) {
                let binding = self.outline.steps.get(step).map_or("item", |outline| outline.binding.as_str());
                items.entry(binding).or_insert(&item.value);
            }
            at = node.parent;
        }
        // Of a foreach the name is that of its items, unless it says the same for all.
        let of_each = self.state.node(id).each().is_some();
        self.outline.title(step, &items).filter(|title| !(of_each && title.contains("{{")))
    }

    /// How a step is retried.
    pub fn retry(&self, id: NodeId) -> Option<&Retry> {
        match self.state.step(id).map(|step| &step.kind) {
            Some(Kind::Leaf(leaf)) => Some(&leaf.retry),
            _ => None,
        }
    }

    /// How a step looks.
    pub fn look(&self, id: NodeId) -> Look {
        let node = self.state.node(id);
        match (node.status, &node.form) {
            (Status::Pending, _) if node.asks() => {
                let asked = node.question.as_ref().map(|question| question.asked.clone()).unwrap_or_default();
                Look::Asks { asked }
            }
            (Status::Pending, _) => Look::Pending,
            (Status::Succeeded, Form::Leaf(leaf)) if leaf.service.is_some() => Look::Serving,
            (Status::Succeeded, Form::Leaf(leaf)) => self.look_of_undo(id, leaf),
            (Status::Undone, _) => Look::Undone,
            (Status::Succeeded, _) => Look::Succeeded,
            (Status::Failed, _) => {
                let ignored = self.state.step(id).is_some_and(|step| step.on_error == OnError::Ignore);
                Look::Failed { ignored }
            }
            (Status::Skipped, _) => Look::Skipped(node.reason.unwrap_or(Reason::Condition)),
            (Status::Cancelled, _) => Look::Cancelled,
            (Status::Active, Form::Leaf(leaf)) => match (&leaf.doing, leaf.timer) {
                (Doing::Waiting, Some(timer)) => {
                    let due = timer.at.saturating_add(timer.duration);
                    if timer.kind == TimerKind::Poll { Look::Poll { due } } else { Look::Retry { due } }
                }
                (Doing::InDoubt { why, .. }, _) => Look::Doubt { why: why.clone() },
                (Doing::Running { purpose, .. }, _) => {
                    let stopping = leaf.doomed.is_some() || self.is_stopping();
                    Look::Running { checking: *purpose == Purpose::Check, stopping }
                }
                (Doing::Ended { .. }, _) => Look::Running { checking: false, stopping: false },
                (Doing::Idle | Doing::Waiting, _) => Look::Queued,
            },
            (Status::Active, _) => Look::Open,
        }
    }

    /// How a step that has succeeded looks: it may be about to be undone.
    fn look_of_undo(&self, id: NodeId, leaf: &LeafState) -> Look {
        if let Some(error) = &leaf.stuck {
            return Look::Stuck { why: error.message.clone() };
        }
        match (&leaf.doing, leaf.timer) {
            (Doing::InDoubt { why, .. }, _) => Look::Doubt { why: why.clone() },
            (Doing::Waiting, timer) => {
                Look::Undoing { due: timer.map(|timer| timer.at.saturating_add(timer.duration)) }
            }
            (Doing::Running { .. } | Doing::Ended { .. }, _) => Look::Undoing { due: None },
            (Doing::Idle, _) => match leaf.stands {
                Some(why) if !self.state.is_being_undone(id) => Look::Stands(why),
                _ => Look::Succeeded,
            },
        }
    }

    /// How long a step took or has taken so far, in milliseconds; none before it began, and of one in doubt. Time between engine lives, in
    /// which nothing of it ran, does not count for what is under way.
    pub fn elapsed(&self, id: NodeId, now: u64) -> Option<u64> {
        let node = self.state.node(id);
        let started = node.started?;
        if node.leaf().is_some_and(|leaf| matches!(leaf.doing, Doing::InDoubt { .. })) {
            return None;
        }
        let began = match node.ended {
            Some(ended) if ended < self.life => started,
            _ => self.begun(id, started),
        };
        Some(node.ended.unwrap_or(now).saturating_sub(began))
    }

    /// From when on a step that began before this life is looked at: its last attempt may have lived through.
    fn begun(&self, id: NodeId, started: u64) -> u64 {
        match self.trace(id) {
            _ if started >= self.life => started,
            Some(trace) => trace.started,
            None => self.life,
        }
    }

    /// How far what stands in a step is.
    pub fn counts(&self, id: NodeId) -> Counts {
        let mut counts = Counts::default();
        for child in self.state.node(id).children() {
            counts.count(self.state.node(child).status);
        }
        counts
    }

    /// The attempts that run, services not counted: the step and the attempt's number.
    pub fn running(&self) -> impl Iterator<Item = (NodeId, u32)> + '_ {
        self.state.nodes().filter_map(|(id, node)| match node.leaf()?.doing {
            Doing::Running { attempt, .. } => Some((id, attempt)),
            _ => None,
        })
    }

    /// Where failures began: steps that failed, and not because of something in them.
    pub fn failures(&self) -> Vec<NodeId> {
        let failed = self.state.nodes().filter(|(_, node)| node.status == Status::Failed);
        let own = failed.filter(|(_, node)| {
            let origin = node.error.as_ref().and_then(|error| error.origin.as_ref());
            node.leaf().is_some() || origin.is_none_or(|origin| *origin == node.path)
        });
        let own = own.filter(|(id, node)| node.leaf().is_some() || !self.holds_failure(*id));
        own.map(|(id, _)| id).collect()
    }

    fn holds_failure(&self, id: NodeId) -> bool {
        self.state.node(id).children().any(|child| self.state.node(child).status == Status::Failed)
    }

    /// The steps that are being undone now, each with what it stands in.
    pub(super) fn undoing(&self) -> BTreeSet<NodeId> {
        let next = self.undoing.iter().filter_map(|&group| self.state.node(group).body()?.to_undo.last().copied());
        let mut found = BTreeSet::new();
        for step in next {
            let mut at = Some(step);
            while let Some(id) = at.filter(|id| found.insert(*id)) {
                at = self.state.node(id).parent;
            }
        }
        found
    }

    /// The steps that were undone in this round or an earlier one, and not done again since.
    pub fn undone(&self) -> Vec<NodeId> {
        let undone = self.state.nodes().filter(|(_, node)| node.leaf().is_some() && node.status == Status::Undone);
        undone.map(|(id, _)| id).collect()
    }

    /// The steps that are still to be undone, behind the one that is being undone; what comes first first.
    pub fn to_undo(&self) -> Vec<NodeId> {
        let groups = self.undoing.iter().filter_map(|&group| self.state.node(group).body());
        groups.flat_map(|body| body.to_undo.iter().rev().skip(1)).copied().collect()
    }

    /// The steps that wait for a person's answer.
    pub fn questions(&self) -> Vec<NodeId> {
        self.state.nodes().filter(|(_, node)| node.asks()).map(|(id, _)| id).collect()
    }

    /// The steps that could not be undone: a person is needed.
    pub fn stuck(&self) -> Vec<NodeId> {
        self.state.nodes().filter(|(id, _)| matches!(self.look(*id), Look::Stuck { .. })).map(|(id, _)| id).collect()
    }

    /// The steps that stand although what is around them was undone.
    pub fn standing(&self) -> Vec<(NodeId, Standing)> {
        let stands = self.state.nodes().filter_map(|(id, node)| Some((id, node.leaf()?.stands?)));
        stands.filter(|(id, _)| !self.state.is_being_undone(*id)).collect()
    }

    /// The steps in doubt.
    pub fn doubts(&self) -> Vec<NodeId> {
        let in_doubt = |node: &runner_core::Node| {
            let waits = matches!(node.status, Status::Active | Status::Succeeded);
            waits && node.leaf().is_some_and(|leaf| matches!(leaf.doing, Doing::InDoubt { .. }))
        };
        self.state.nodes().filter(|(_, node)| in_doubt(node)).map(|(id, _)| id).collect()
    }

    /// How many `uses:` steps have succeeded.
    pub fn succeeded(&self) -> usize {
        self.state.nodes().filter(|(_, node)| node.leaf().is_some() && node.status == Status::Succeeded).count()
    }

    /// A step's path.
    pub fn path(&self, id: NodeId) -> &Path {
        &self.state.node(id).path
    }
}

/// A fact without the values that nobody looks at here.
fn slim(event: &Event) -> Cow<'_, Event> {
    Cow::Owned(match event {
        Event::RunStarted { seed, parallel, .. } => {
            Event::RunStarted { record: Value::Null, seed: *seed, parallel: *parallel }
        }
        Event::Revised { revision } => {
            Event::Revised { revision: runner_core::Revision { record: Value::Null, ..revision.clone() } }
        }
        Event::StepEntered { path, .. } => Event::StepEntered { path: path.clone(), record: Value::Null },
        Event::AttemptEnded { path, attempt, result: AttemptResult::Succeeded { .. } } => Event::AttemptEnded {
            path: path.clone(),
            attempt: *attempt,
            result: AttemptResult::Succeeded { output: Value::Null },
        },
        Event::StepFinished { path, status, error, .. } => {
            Event::StepFinished { path: path.clone(), status: *status, outputs: None, error: error.clone() }
        }
        other => return Cow::Borrowed(other),
    })
}
