//! Helm releases, through the real `helm`, 3 or 4.
//!
//! To bring a release to what is wanted takes several processes: what is there ([`release`]), what would come ([`deploy`]),
//! mending what a killed `helm` left ([`mend`]), and only then the one that changes something. So all steps but
//! `helm.template` are this binary again within the keeper's hands ([`several`](crate::shared::several)): a killed
//! engine does not end them. Values go to `helm` on its standard input, and so stand on no command line and in no file. What a
//! failure means is told by its words ([`failure`]).

mod deploy;
mod failure;
pub mod install;
mod manifest;
mod mend;
mod program;
mod release;
pub mod rollback;
pub mod status;
pub mod template;
pub mod uninstall;
pub mod upgrade;

use runner_sdk::StepType;

pub use deploy::{Deploy, Deployed};

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[
    StepType::serving::<install::Install>(),
    StepType::serving::<rollback::Rollback>(),
    StepType::serving::<status::Status>(),
    StepType::process::<template::Template>(),
    StepType::serving::<uninstall::Uninstall>(),
    StepType::serving::<upgrade::Upgrade>(),
];
