//! A step as it stands in a run.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::effect::Effect;
use crate::error::StepError;
use crate::event::{AttemptResult, Item, Purpose, Reason, Standing, TimerId, TimerKind};
use crate::path::Path;
use crate::plan::StepIndex;

/// A node's place in the state. Stable within one process, not across engine lives: journals name paths.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub(crate) usize);

/// One step, item, group, or the run itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Node {
    /// Its identity.
    pub path: Path,
    /// Where it stands.
    pub role: Role,
    /// Its step in the plan; none for the run itself.
    pub step: Option<StepIndex>,
    /// What it stands in; none for the run itself.
    pub parent: Option<NodeId>,
    /// How far it is.
    pub status: Status,
    /// Why it was skipped.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<Reason>,
    /// What is particular to its kind.
    pub form: Form,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<Box<StepError>>,
    /// Its outputs; null unless it succeeded.
    #[serde(default, skip_serializing_if = "is_null")]
    pub outputs: Arc<Value>,
    /// Whether it succeeded although something in it failed and was let pass.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blemished: bool,
    /// When it began, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started: Option<u64>,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<u64>,
    /// Which one of the run's nodes it was to succeed, from 1; 0: it has not. A service that is ready again keeps its place.
    #[serde(default)]
    pub order: u64,
    /// What a person is asked before it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub question: Option<Box<Question>>,
    /// Whether it is a remnant of an earlier round: its foreach has other items now, or its group begins anew.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) detached: bool,
    /// Whether it is to begin anew once nothing of it is under way, because what it is was changed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub outdated: bool,
    /// Computed from the rest.
    #[serde(skip)]
    pub(crate) effects: Vec<Effect>,
}

fn is_null(value: &Value) -> bool {
    value.is_null()
}

/// What a person is asked before a step goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// What is asked. Opaque here.
    pub asked: Value,
    /// The answer, once there is one.
    pub answer: Option<Answer>,
}

/// What a person answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// Who.
    pub by: String,
    /// Whether they agreed.
    pub approved: bool,
    /// What they said besides.
    pub comment: Option<String>,
    /// What they gave. Opaque here.
    pub output: Value,
}

/// Where a node stands.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Role {
    /// The run itself.
    Root,
    /// A step in a list.
    Step {
        /// Its place in the list.
        position: usize,
        /// Whether the list is a `finally:`.
        finally: bool,
    },
    /// An item of a foreach.
    Item(Arc<Item>),
}

/// How far a step is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Not yet.
    Pending,
    /// Under way.
    Active,
    /// Ended well.
    Succeeded,
    /// Ended badly.
    Failed,
    /// Did not run.
    Skipped,
    /// Was stopped for good.
    Cancelled,
    /// Had ended well, and was taken back; of a group or foreach: something in it was.
    Undone,
}

impl Status {
    /// Whether it is an end.
    pub fn is_end(self) -> bool {
        !matches!(self, Self::Pending | Self::Active)
    }
}

/// What is particular to a kind of node.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Form {
    /// `uses:`.
    Leaf(LeafState),
    /// `steps:`, `run:`, or the run itself.
    Body(BodyState),
    /// A foreach.
    Each(EachState),
}

/// A `uses:` step.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LeafState {
    /// The number of the last attempt.
    pub attempts: u32,
    /// Failed attempts since the last that did not fail, in this round.
    pub failures: u32,
    /// What it does now.
    pub doing: Doing,
    /// When it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub timer: Option<Timer>,
    /// When its `until` gives up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timer>,
    /// Whether its `until` has given up.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub expired: bool,
    /// The attempt of a service that is ready and lives.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service: Option<u32>,
    /// Whether it is a service that was ready, is gone, and is not ready again.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub lost: bool,
    /// Why the last attempt of a service ended after it was ready.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub died: Option<Box<StepError>>,
    /// Why the attempt that runs is to be stopped and will have failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doomed: Option<Box<StepError>>,
    /// What the step's definition hashed to at the last attempt at its work.
    pub fingerprint: String,
    /// Why what it did was not taken back when it should have been.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stands: Option<Standing>,
    /// Why it could not be taken back: a person is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stuck: Option<Box<StepError>>,
    /// Whether the last attempt was permitted ahead of its turn.
    #[serde(default, skip_serializing_if = "Ahead::is_no")]
    pub ahead: Ahead,
}

/// Whether an attempt was permitted ahead of its turn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ahead {
    /// It was not.
    #[default]
    No,
    /// It was, and something that it needs has not ended.
    Waiting,
    /// It was, and what it needs has ended since.
    Come,
}

impl Ahead {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    fn is_no(&self) -> bool {
        *self == Self::No
    }
}

/// What a `uses:` step does now.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Doing {
    /// Nothing.
    #[default]
    Idle,
    /// An attempt runs.
    Running {
        /// Its number.
        attempt: u32,
        /// What for.
        purpose: Purpose,
    },
    /// An attempt ended; what follows from it is not yet a fact.
    Ended {
        /// Its number.
        attempt: u32,
        /// What for.
        purpose: Purpose,
        /// How.
        result: AttemptResult,
    },
    /// A timer runs.
    Waiting,
    /// Nobody knows what an attempt did.
    InDoubt {
        /// Its number.
        attempt: u32,
        /// Why nobody knows.
        why: String,
        /// Whether it is to be repeated without asking, because a check said it is not done.
        repeat: bool,
    },
}

/// A group, a callee, or the run.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own")]
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BodyState {
    /// Its steps.
    #[serde(with = "super::runs")]
    pub steps: Vec<NodeId>,
    /// The steps of its `finally:`, once that has begun.
    #[serde(with = "super::runs")]
    pub finally: Vec<NodeId>,
    /// How far it is.
    pub stage: Stage,
    /// When it gives up.
    pub deadline: Option<Timer>,
    /// Whether it has given up.
    pub expired: bool,
    /// What was read on entering.
    pub record: Arc<Value>,
    /// Steps of the present stage that have not ended.
    pub unended: usize,
    /// Whether a failure stopped the list of the present stage.
    pub halted: bool,
    /// Services directly in it that are ready and live; while it is undone, also those in what has ended in it.
    pub services: usize,
    /// What is still to be undone, what comes first last.
    #[serde(default)]
    pub to_undo: Vec<NodeId>,
    /// Whether it was undone after its steps ended.
    #[serde(default)]
    pub undone: bool,
    /// Whether it had ended and goes on because its outputs are lost.
    #[serde(default)]
    pub lost: bool,
}

/// How far a list is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stage {
    /// Its steps.
    #[default]
    Steps,
    /// What it did is being undone.
    Undo,
    /// Its `finally:`.
    Finally,
    /// Its services are being stopped.
    Closing,
}

/// A foreach.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EachState {
    /// Its items, in order.
    #[serde(with = "super::runs")]
    pub items: Vec<NodeId>,
    /// Items under way.
    pub active: usize,
    /// Items that have not ended.
    pub unended: usize,
    /// Whether a failure stopped it.
    pub halted: bool,
    /// Whether it had ended and goes on because one of its services is gone.
    pub lost: bool,
}

/// A timer that is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Timer {
    /// Its name.
    pub id: TimerId,
    /// What for.
    pub kind: TimerKind,
    /// Wall time when it was set, in milliseconds since 1970.
    pub at: u64,
    /// Milliseconds until it fires.
    pub duration: u64,
}

impl Node {
    /// The state of a `uses:` step.
    pub fn leaf(&self) -> Option<&LeafState> {
        if let Form::Leaf(leaf) = &self.form { Some(leaf) } else { None }
    }

    /// The group's state, of a group.
    pub fn body(&self) -> Option<&BodyState> {
        if let Form::Body(body) = &self.form { Some(body) } else { None }
    }

    /// The foreach's state, of a foreach.
    pub fn each(&self) -> Option<&EachState> {
        if let Form::Each(each) = &self.form { Some(each) } else { None }
    }

    /// The number of attempts, of a `uses:` step.
    pub fn attempts(&self) -> u32 {
        self.leaf().map_or(0, |leaf| leaf.attempts)
    }

    /// The item's key and value, of an item.
    pub fn item(&self) -> Option<&Arc<Item>> {
        if let Role::Item(item) = &self.role { Some(item) } else { None }
    }

    /// Whether it waits for a person's answer.
    pub fn asks(&self) -> bool {
        self.status == Status::Pending && self.question.as_ref().is_some_and(|question| question.answer.is_none())
    }

    /// The nodes directly in it.
    pub fn children(&self) -> impl Iterator<Item = NodeId> + '_ {
        let (first, second): (&[NodeId], &[NodeId]) = match &self.form {
            Form::Leaf(_) => (&[], &[]),
            Form::Body(body) => (&body.steps, &body.finally),
            Form::Each(each) => (&each.items, &[]),
        };
        first.iter().chain(second).copied()
    }
}
