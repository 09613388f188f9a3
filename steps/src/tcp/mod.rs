//! Plain connections.

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[];
