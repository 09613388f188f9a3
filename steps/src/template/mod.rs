//! Files rendered from templates.

pub mod render;
pub mod source;

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[StepType::in_process::<render::Render>()];
