//! Programs.

pub mod run;

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[StepType::process::<run::Run>()];
