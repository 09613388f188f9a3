//! Archives: tar, plain or compressed with gzip or zstd.
//!
//! What is packed is the same bytes whoever packs it and when: entries in order, no owner, no time, modes 0644 and 0755.
//! What is unpacked is a whole folder or nothing, and nothing in it leads outside.

mod format;
pub mod pack;
mod read;
#[cfg(test)]
mod tests;
mod tree;
pub mod unpack;

use std::path::{Component, Path, PathBuf};

use runner_sdk::{Error, Result, StepType};

pub use read::{Entry, entries};

/// The step types of this namespace.
pub static STEPS: &[StepType] = &[StepType::in_process::<pack::Pack>(), StepType::in_process::<unpack::Unpack>()];

/// What an entry is, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A folder.
    Folder,
    /// A file of this size.
    File(u64),
    /// A symbolic link to this.
    Link(PathBuf),
    /// Another name of a file that came before.
    Same(PathBuf),
}

/// Refuses an empty path.
fn check_path(key: &str, path: &Path) -> Result<()> {
    let text = path.as_os_str().as_encoded_bytes();
    if text.is_empty() || text.contains(&0) {
        return Err(Error::input(format!("`{key}` is empty, or holds a NUL character")));
    }
    Ok(())
}

/// Why a link may not stand at `path` of an archive; nothing where it may.
///
/// It leads upwards at its begin only, and never above the archive. So it stays inside, even where it leads through
/// other links: they all do.
fn strays(path: &Path, target: &Path) -> Option<&'static str> {
    let above = target.components().take_while(|part| matches!(part, Component::ParentDir)).count();
    let depth = path.components().count() - 1;
    let rest = target.components().skip(above);
    if target.is_absolute() || target.as_os_str().is_empty() {
        Some("leads to an absolute path")
    } else if above > depth {
        Some("leads out of the folder")
    } else if rest.into_iter().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir)) {
        Some("leads upwards in its middle, through what may be a link")
    } else {
        None
    }
}

/// Bytes as hexadecimal digits.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
