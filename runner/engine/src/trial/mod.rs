//! Tests of workflows: the same core and the same driver in a world where nothing real happens and time passes at once.
//!
//! A test file ([`TestFile`], `x.test.yaml` beside the workflow) says what stands in for steps, and what is expected.
//! [`play`] drives the workflow with a [`Stage`](stage::Stage) as its world: doubles in the place of attempts, and a
//! [`Clock`](clock::Clock) that leaps to the next thing to happen whenever nothing else is to be done. An engine that is to die
//! at a step is dropped there, and the next life takes the run up as `runner resume` does. [`unmet`] holds what came of it
//! against what was expected.

mod clock;
mod double;
mod expect;
mod file;
mod play;
mod stage;

pub use expect::{Unmet, unmet};
pub use file::{Test, TestFile, place, read, schema};
pub use play::{Played, Setting, Trouble, play};
