//! The state of a run: the fold of its facts, and nothing else.
//!
//! [`State::apply`] is total: a fact about something that is not there changes nothing. The set of effects is kept
//! incrementally, node by node, and [`State::effects_afresh`] computes it anew so that tests can hold the two equal.

mod ahead;
mod apply;
mod doubt;
mod effects;
mod fit;
mod lost;
mod node;
mod question;
mod revise;
mod round;
mod runs;
mod snapshot;
mod tree;
mod undo;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use node::{
    Ahead, Answer, BodyState, Doing, EachState, Form, LeafState, Node, NodeId, Question, Role, Stage, Status, Timer,
};

use crate::effect::{Change, Effect};
use crate::event::{End, TimerId};
use crate::path::Path;
use crate::plan::{Kind, OnError, Plan, Step, When};

/// How far the run is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// It does not exist yet.
    Blank,
    /// Under way.
    Running,
    /// Stopping; can be resumed.
    Interrupting {
        /// Whether processes are killed.
        kill: bool,
    },
    /// Ending for good.
    Cancelling,
    /// Ending to be undone: nothing new starts, what runs may finish, and then it is undone.
    Undoing,
    /// Stopping its services, to wait for a person.
    Pausing,
    /// It stands still or is over.
    Ended(End),
}

/// How many attempts may be permitted ahead for each that may run at once.
const DEPTH: usize = 2;

/// The state of a run.
#[derive(Clone, Debug)]
pub struct State {
    plan: Arc<Plan>,
    nodes: Vec<Node>,
    index: BTreeMap<Path, NodeId>,
    /// For each step of the plan, the places in its list of those that wait for it.
    dependents: Arc<Vec<Vec<usize>>>,
    phase: Phase,
    round: u32,
    epoch: u32,
    seed: u64,
    parallel: usize,
    record: Arc<Value>,
    timers: BTreeMap<TimerId, NodeId>,
    next_timer: TimerId,
    running: usize,
    slots: usize,
    /// Attempts that were permitted ahead and whose needs have not ended. They take no slot yet.
    ahead: usize,
    services: usize,
    /// Services that were ready and are not ready again, and foreach steps that go on because of one.
    lost: usize,
    /// Steps that are to begin anew once nothing of them is under way.
    outdated: usize,
    /// Attempts under way of steps that are gone.
    leftovers: usize,
    /// Whether a person ended the run for good.
    cancelled: bool,
    /// What a person wants to be undone.
    undo: Option<undo::Order>,
    /// Nodes that have succeeded so far, each time counted.
    successes: u64,
    exit_code: Option<u8>,
    changes: Vec<Change>,
    /// What has changed since the last snapshot.
    dirty: snapshot::Dirty,
}

impl State {
    /// A run of `plan` of which nothing is known yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self {
            dependents: Arc::new(dependents_of(&plan)),
            plan,
            nodes: Vec::new(),
            index: BTreeMap::new(),
            phase: Phase::Blank,
            round: 1,
            epoch: 0,
            seed: 0,
            parallel: 1,
            record: Arc::default(),
            timers: BTreeMap::new(),
            next_timer: 1,
            running: 0,
            slots: 0,
            ahead: 0,
            services: 0,
            lost: 0,
            outdated: 0,
            leftovers: 0,
            cancelled: false,
            undo: None,
            successes: 0,
            exit_code: None,
            changes: Vec::new(),
            dirty: snapshot::Dirty::default(),
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// How far the run is.
    pub fn phase(&self) -> &Phase {
        &self.phase
    }

    /// The present round, from 1.
    pub fn round(&self) -> u32 {
        self.round
    }

    /// The last engine life, from 1; 0 before the first.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// What was read once for the whole run.
    pub fn record(&self) -> &Arc<Value> {
        &self.record
    }

    /// The workflow's own exit code, once the run has ended.
    pub fn exit_code(&self) -> Option<u8> {
        self.exit_code
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Every node of the present round, in the order in which they came to be.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        self.nodes.iter().enumerate().filter(|(_, node)| !node.detached).map(|(at, node)| (NodeId(at), node))
    }

    /// The run itself, once it exists.
    pub fn root(&self) -> Option<NodeId> {
        self.find(&Path::root())
    }

    /// The node at a path.
    pub fn find(&self, path: &Path) -> Option<NodeId> {
        self.index.get(path).copied()
    }

    /// A node's step in the plan; none for the run itself.
    pub fn step(&self, id: NodeId) -> Option<&Step> {
        self.node(id).step.map(|index| self.plan.step(index))
    }

    /// What a node's failure means for what it stands in.
    pub(crate) fn on_error(&self, id: NodeId) -> OnError {
        self.step(id).map_or(OnError::Stop, |step| step.on_error)
    }

    /// Whether a node's condition looks at what happened before.
    pub(crate) fn sees_status(&self, id: NodeId) -> bool {
        matches!(self.node(id).role, Role::Step { .. }) && self.step(id).is_some_and(|step| step.when == When::Status)
    }

    /// How the set of effects changed since this was last asked.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// What is to be under way outside.
    pub fn effects(&self) -> impl Iterator<Item = &Effect> {
        self.nodes.iter().flat_map(|node| &node.effects)
    }

    /// Attempts that run, services that are ready not counted.
    pub fn running(&self) -> usize {
        self.running
    }

    /// Services that are ready and live.
    pub fn services(&self) -> usize {
        self.services
    }

    /// Whether a person ended the run for good, also while that is not yet carried out.
    pub fn is_cancelled(&self) -> bool {
        self.cancelled
    }

    /// How many attempts may run at once.
    pub fn parallel(&self) -> usize {
        self.parallel
    }

    pub(crate) fn has_lost(&self) -> bool {
        self.lost > 0
    }

    pub(crate) fn slot_is_free(&self) -> bool {
        self.slots < self.parallel
    }

    /// Whether one more attempt may be permitted that takes a slot as soon as there is one.
    pub(crate) fn queue_is_short(&self) -> bool {
        self.slots < self.parallel * (1 + DEPTH)
    }

    /// Whether one more attempt may be permitted whose needs have not ended.
    pub(crate) fn may_look_ahead(&self) -> bool {
        self.ahead < self.parallel * DEPTH
    }

    pub(crate) fn seed(&self) -> u64 {
        self.seed
    }

    pub(crate) fn next_timer(&self) -> TimerId {
        self.next_timer
    }

    pub(crate) fn timer_owner(&self, timer: TimerId) -> Option<NodeId> {
        self.timers.get(&timer).copied()
    }

    /// Places in its list of the steps that wait for a step.
    pub(crate) fn dependents(&self, id: NodeId) -> &[usize] {
        self.node(id).step.map_or(&[], |index| &self.dependents[index])
    }
}

/// For each step of a plan, the places in its list of those that wait for it.
fn dependents_of(plan: &Plan) -> Vec<Vec<usize>> {
    let mut dependents = vec![Vec::new(); plan.steps.len()];
    let bodies = plan.steps.iter().filter_map(|step| match &step.kind {
        Kind::Body { body, .. } => Some(body),
        Kind::Leaf(_) => None,
    });
    for list in std::iter::once(&plan.root).chain(bodies).flat_map(|body| [&body.steps, &body.finally]) {
        for (position, &index) in list.iter().enumerate() {
            for &need in &plan.steps[index].needs {
                dependents[list[need]].push(position);
            }
        }
    }
    dependents
}

/// Two states are equal if the same facts made them. What [`State::take_changes`] has not yet given is no part of it.
impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        let counts = |state: &Self| {
            let round = (state.round, state.epoch, state.seed, state.parallel, state.next_timer, state.ahead);
            let counted = (state.running, state.slots, state.services, state.lost, (state.outdated, state.leftovers));
            (round, counted, state.cancelled, state.exit_code)
        };
        counts(self) == counts(other)
            && (self.successes, &self.undo) == (other.successes, &other.undo)
            && self.phase == other.phase
            && self.record == other.record
            && self.timers == other.timers
            && self.index == other.index
            && self.nodes == other.nodes
            && self.plan == other.plan
    }
}
