//! Claims that hold, or the run stops.

pub mod that;

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[StepType::in_process::<that::That>()];
