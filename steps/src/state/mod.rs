//! What deployments leave behind: values under dotted keys such as `regions.eastus.version`, kept from run to run.

pub mod append;
pub mod get;
pub mod remove;
pub mod set;

use runner_sdk::{Error, Result, StepType};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[
    StepType::in_process::<append::Append>(),
    StepType::in_process::<get::Get>(),
    StepType::in_process::<remove::Remove>(),
    StepType::in_process::<set::Set>(),
];

/// Refuses what is no dotted key.
fn check_key(key: &str) -> Result<()> {
    let bad = |part: &str| part.is_empty() || part.contains(|c: char| c.is_whitespace() || c.is_control());
    if key.split('.').any(bad) {
        let error = Error::input(format!("`{key}` is not a key: it is names joined by dots, without spaces"));
        return Err(error.hint("write it like `regions.eastus.version`"));
    }
    Ok(())
}

/// A value that was given, be it null.
fn given<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
