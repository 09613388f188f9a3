//! Files and folders.
//!
//! Paths are relative to the step's folder; a leading `~/` is the home. What is written is written beside, synced and
//! renamed, so that a killed step leaves the old content or the new one.

pub mod copy;
pub mod directory;
pub mod read;
pub mod remove;
pub mod write;

use std::path::{Component, Path};

use runner_sdk::{Error, Result, StepType};

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[
    StepType::in_process::<copy::Copy>(),
    StepType::in_process::<directory::Directory>(),
    StepType::in_process::<read::Read>(),
    StepType::in_process::<remove::Remove>(),
    StepType::in_process::<write::Write>(),
];

/// Refuses a path that can be no file or folder; `key` names it in the message.
fn check_path(key: &str, path: &Path) -> Result<()> {
    let text = path.as_os_str().as_encoded_bytes();
    if text.is_empty() {
        return Err(Error::input(format!("`{key}` is empty")));
    }
    if text.contains(&0) {
        return Err(Error::input(format!("`{key}` holds a NUL character")));
    }
    Ok(())
}

/// Refuses, beyond [`check_path`], a path that names a folder by its form (`x/`, `..`).
fn check_file(key: &str, path: &Path) -> Result<()> {
    check_path(key, path)?;
    let last = path.components().next_back();
    if path.as_os_str().as_encoded_bytes().ends_with(b"/") || !matches!(last, Some(Component::Normal(_))) {
        return Err(Error::input(format!("`{key}` names a folder (`{}`), and a file is needed", path.display())));
    }
    Ok(())
}

/// The SHA-256 of `bytes` in hexadecimal.
fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest;
    use std::fmt::Write;
    sha2::Sha256::digest(bytes).iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
