//! A run before and between engine lives: what it is made of, and how that is written down.
//!
//! [`prepare`] reads everything once (files, inputs, loaded files, secrets, the environment names that the texts mention)
//! and makes the [`Record`] that becomes the first fact of the journal. [`restore`] makes the same run of a record. What
//! was read is not read again: a run that is resumed sees what it saw when it began.

mod called;
mod kept;
mod load;
mod mention;
mod prepare;
mod record;
mod restore;
mod schema;
mod secret;
mod select;

use std::sync::Arc;

pub use called::check_called;
pub use load::load;
pub use prepare::{Before, Request, prepare, prepare_with};
pub use record::{FileRecord, LoadRecord, Record};
pub use restore::{program, restore};
pub(crate) use schema::node_at;
pub use secret::of_callee;
pub use select::{Select, Unselectable};

use crate::diagnostic::Diagnostic;
use crate::evaluate::Facts;
use crate::program::Program;

/// A run that is ready to be driven.
#[derive(Clone, Debug)]
pub struct Run {
    /// What is to be done.
    pub program: Arc<Program>,
    /// What was read once.
    pub facts: Arc<Facts>,
    /// What is written down of both.
    pub record: Record,
    /// The plan with which the run's journal begins, where that is another: the workflow was edited since.
    pub origin: Option<Arc<runner_core::Plan>>,
    /// What a person should know, though it stops nothing.
    pub warnings: Vec<Diagnostic>,
}
