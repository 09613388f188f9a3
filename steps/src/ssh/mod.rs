//! Other machines, through the OpenSSH of the system.
//!
//! The steps start the `ssh` that a person would start, so that their configuration, agent, known hosts and jump hosts
//! work. They never ask anything (`BatchMode`), and leave no connection open that the configuration does not ask for.

mod connection;
pub mod copy;
pub mod run;

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[StepType::process::<copy::Copy>(), StepType::process::<run::Run>()];
