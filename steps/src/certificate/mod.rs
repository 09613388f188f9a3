//! Certificate authorities, and the certificates they issue.
//!
//! Both steps keep what is there while it will do ([`pair`] reads it, each step says what it wants of it), and otherwise
//! write the key first and the certificate after it. A kill between the two leaves a pair that does not fit, which the
//! next attempt sees and puts right.

pub mod authority;
pub mod issue;
mod names;
pub mod pair;
mod sign;

use runner_sdk::StepType;

/// The step types of this namespace.
pub static STEPS: &[StepType] =
    &[StepType::in_process::<authority::Authority>(), StepType::in_process::<issue::Issue>()];

#[cfg(test)]
mod tests;
