//! HTTP, as a client and as a server.

pub mod request;
mod response;
pub mod serve;
pub mod status;

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[StepType::in_process::<request::Request>(), StepType::serving::<serve::Serve>()];

#[cfg(test)]
mod tests;
