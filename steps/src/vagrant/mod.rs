//! Virtual machines, through the real `vagrant`.
//!
//! `up`, `halt` and `destroy` take minutes, so they speak to the person: their log is what Vagrant says. `validate`,
//! `status` and `ssh_config` are quick and are read by machine ([`record`]). What a failure means is told by the name of
//! Vagrant's own error class where it gives one, else by its words ([`failure`]).

pub mod destroy;
mod failure;
pub mod halt;
mod program;
mod record;
pub mod ssh_config;
pub mod status;
pub mod up;
pub mod validate;

use runner_sdk::StepType;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[
    StepType::process::<destroy::Destroy>(),
    StepType::process::<halt::Halt>(),
    StepType::process::<ssh_config::SshConfig>(),
    StepType::process::<status::Status>(),
    StepType::process::<up::Up>(),
    StepType::process::<validate::Validate>(),
];

/// The machines that a step was asked to work on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Machines {
    /// Their names as given; empty: every machine of the Vagrantfile.
    pub machines: Vec<String>,
}
