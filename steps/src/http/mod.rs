//! HTTP, as a client and as a server.

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[];
