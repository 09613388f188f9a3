//! Certificate authorities, and the certificates they issue.

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[];
