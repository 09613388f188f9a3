//! Kubernetes: any cluster, any kind of objects.

pub mod get;
pub mod list;
mod object;

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[StepType::in_process::<get::Get>(), StepType::in_process::<list::List>()];
