//! What a workflow tells the person who watches.

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[];
