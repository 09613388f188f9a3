//! What a workflow tells the person who watches.

pub mod print;

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[StepType::in_process::<print::Print>()];
