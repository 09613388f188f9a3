//! The run as a pure state machine: no clock, no I/O, no threads.
//!
//! ```text
//! Input ─decide(plan, state, input, evaluate)→ [Event] ─durable append→ effects → the shell
//!   ▲                                             │                                  │
//!   │                                   state.apply(event)                           │
//!   └───────── Finished · TimerFired · Cancel · Recovered ◀─────── attempts run ─────┘
//! ```
//!
//! [`Machine::handle`] turns one [`Input`] into facts ([`Event`]). Each fact is applied to the [`State`] as it is made, so
//! that memory is the fold of the facts at every instant, and a resumed run is the same fold. What the shell is to do
//! stands in [`State::effects`] as data; the shell acts on an effect only once the facts behind it are durable.
//!
//! Expressions and templates are evaluated through [`Evaluate`]; the results enter the facts, so a replay evaluates nothing.

pub mod compare;
pub mod decide;
pub mod effect;
pub mod error;
pub mod evaluate;
pub mod event;
pub mod input;
pub mod path;
pub mod plan;
pub mod revision;
pub mod selection;
pub mod state;

pub use compare::{Comparison, Finding, Verdict, compare};
pub use decide::Machine;
pub use effect::{Change, Effect};
pub use error::{ErrorKind, StepError};
pub use evaluate::{Evaluate, Needs};
pub use event::{AttemptResult, End, Event, Item, Purpose, Reason, Settled, Standing, TimerId, TimerKind};
pub use input::{Found, Input};
pub use path::Path;
pub use plan::{
    Body, Compensation, Foreach, Interrupted, Kind, Leaf, OnError, Plan, Retry, Step, StepIndex, Until, When,
};
pub use revision::{Amendment, Revision};
pub use selection::Selection;
pub use state::{Ahead, Answer, Doing, Form, LeafState, Node, NodeId, Phase, Question, Role, Stage, State, Status};
