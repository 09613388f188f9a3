//! The state in pieces, so that a checkpoint can be written behind the journal: only what changed is taken again.
//!
//! A fact changes the node that it names, the nodes around it (which count it), and the nodes that it makes; a new round
//! may change them all. What is computed from the rest, such as effects, is not part of a piece.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Node, NodeId, Phase, State};
use crate::event::{Event, TimerId};
use crate::plan::Plan;

/// The key of what is not a node.
const WHOLE: &str = "state";

/// So many nodes are one piece: what ends together stands together, and a database takes few large entries far better than
/// many small ones.
const CHUNK: usize = 16;

/// The key of what was read once for the run.
const RECORD: &str = "record";

/// What has changed since the last snapshot.
#[derive(Clone, Debug, Default)]
pub(super) struct Dirty {
    nodes: BTreeSet<usize>,
    all: bool,
    record: bool,
}

impl Dirty {
    /// A fact about another node changed this one.
    pub(super) fn mark(&mut self, id: NodeId) {
        self.nodes.insert(id.0);
    }
}

/// What is not a node.
#[derive(Serialize, Deserialize)]
struct Whole {
    phase: Phase,
    round: u32,
    epoch: u32,
    seed: u64,
    parallel: usize,
    timers: BTreeMap<TimerId, NodeId>,
    next_timer: TimerId,
    running: usize,
    slots: usize,
    #[serde(default)]
    ahead: usize,
    services: usize,
    lost: usize,
    cancelled: bool,
    #[serde(default)]
    undo: Option<super::undo::Order>,
    #[serde(default)]
    successes: u64,
    exit_code: Option<u8>,
    nodes: usize,
}

impl State {
    /// Remembers what a fact changed.
    pub(super) fn note_dirty(&mut self, event: &Event) {
        let (path, makes) = match event {
            Event::LifeStarted { .. }
            | Event::InterruptRequested { .. }
            | Event::CancelRequested { .. }
            | Event::UndoRequested { .. }
            | Event::Pausing => return,
            Event::RunStarted { .. } | Event::Revised { .. } => {
                (self.dirty.record, self.dirty.all) = (true, true);
                return;
            }
            Event::RoundStarted { .. }
            | Event::ServiceLost { .. }
            | Event::OutputsLost { .. }
            | Event::StepReopened { .. }
            | Event::UndoStarted { .. }
            | Event::UndoEnded { .. } => {
                self.dirty.all = true;
                return;
            }
            Event::RoundEnded { .. } => (&crate::Path::root(), false),
            Event::StepExpanded { path, .. } | Event::StepEntered { path, .. } | Event::FinallyStarted { path } => {
                (path, true)
            }
            Event::StepSkipped { path, .. }
            | Event::AttemptStarted { path, .. }
            | Event::AttemptDoomed { path, .. }
            | Event::AttemptEnded { path, .. }
            | Event::TimerSet { path, .. }
            | Event::TimerFired { path, .. }
            | Event::Closing { path }
            | Event::StepFinished { path, .. }
            | Event::StepUndone { path }
            | Event::StepStands { path, .. }
            | Event::UndoFailed { path, .. }
            | Event::QuestionAsked { path, .. }
            | Event::QuestionAnswered { path, .. }
            | Event::DoubtSettled { path, .. } => (path, false),
        };
        let Some(id) = self.find(path) else { return };
        if makes {
            // What was there before under the same paths begins anew, with all in it.
            let children: Vec<_> = self.node(id).children().collect();
            self.dirty.all |= children.iter().any(|&child| self.node(child).attempts() > 0);
            self.dirty.nodes.extend(children.into_iter().map(|child| child.0));
        }
        let mut at = Some(id);
        while let Some(id) = at {
            self.dirty.nodes.insert(id.0);
            at = self.node(id).parent;
        }
    }

    /// The pieces that changed since this was last asked, as JSON by key.
    pub fn take_snapshot(&mut self) -> Vec<(String, Vec<u8>)> {
        let dirty = std::mem::take(&mut self.dirty);
        let whole = Whole {
            phase: self.phase.clone(),
            round: self.round,
            epoch: self.epoch,
            seed: self.seed,
            parallel: self.parallel,
            timers: self.timers.clone(),
            next_timer: self.next_timer,
            running: self.running,
            slots: self.slots,
            ahead: self.ahead,
            services: self.services,
            lost: self.lost,
            cancelled: self.cancelled,
            undo: self.undo.clone(),
            successes: self.successes,
            exit_code: self.exit_code,
            nodes: self.nodes.len(),
        };
        let mut pieces = vec![piece(WHOLE.to_owned(), &whole)];
        if dirty.record {
            pieces.push(piece(RECORD.to_owned(), &*self.record));
        }
        let count = self.nodes.len().div_ceil(CHUNK);
        let mut chunks: Vec<_> =
            if dirty.all { (0..count).collect() } else { dirty.nodes.into_iter().map(|at| at / CHUNK).collect() };
        chunks.dedup();
        let nodes = self.nodes.chunks(CHUNK).enumerate();
        let mut wanted = chunks.into_iter().peekable();
        pieces
            .extend(nodes.filter(|(at, _)| wanted.next_if_eq(at).is_some()).map(|(at, nodes)| piece(key(at), &nodes)));
        pieces
    }

    /// The state that all pieces taken so far make; `None` where they do not fit together.
    pub fn restore(plan: Arc<Plan>, pieces: &BTreeMap<String, Vec<u8>>) -> Option<Self> {
        let whole: Whole = serde_json::from_slice(pieces.get(WHOLE)?).ok()?;
        let record: Value = serde_json::from_slice(pieces.get(RECORD)?).ok()?;
        let mut state = Self::new(plan);
        for chunk in 0..whole.nodes.div_ceil(CHUNK) {
            let nodes: Vec<Node> = serde_json::from_slice(pieces.get(&key(chunk))?).ok()?;
            for node in nodes {
                if node.step.is_some_and(|step| step >= state.plan.steps.len()) {
                    return None;
                }
                state.index.insert(node.path.clone(), NodeId(state.nodes.len()));
                state.outdated += usize::from(node.outdated);
                state.nodes.push(node);
            }
        }
        if state.nodes.len() != whole.nodes {
            return None;
        }
        state.record = Arc::new(record);
        state.phase = whole.phase;
        (state.round, state.epoch, state.seed, state.parallel) = (whole.round, whole.epoch, whole.seed, whole.parallel);
        (state.timers, state.next_timer) = (whole.timers, whole.next_timer);
        (state.running, state.slots, state.services) = (whole.running, whole.slots, whole.services);
        state.ahead = whole.ahead;
        (state.lost, state.cancelled, state.exit_code) = (whole.lost, whole.cancelled, whole.exit_code);
        (state.undo, state.successes) = (whole.undo, whole.successes);
        state.leftovers = state.in_flight().filter(|(id, _)| state.node(*id).detached).count();
        state.refresh_all();
        state.changes.clear();
        Some(state)
    }
}

fn key(chunk: usize) -> String {
    format!("nodes/{chunk:08}")
}

fn piece<T: Serialize>(key: String, value: &T) -> (String, Vec<u8>) {
    // Everything in it is plain data with text keys: it always encodes.
    (key, serde_json::to_vec(value).unwrap_or_default())
}
