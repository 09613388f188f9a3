//! People.

pub mod wait;

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[StepType::in_process::<wait::Wait>()];
