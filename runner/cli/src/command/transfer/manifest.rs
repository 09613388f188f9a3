//! What an archive says of itself.

use std::path::{Component, Path};

use serde::{Deserialize, Serialize};

/// The entry that holds it; the first.
pub(super) const ENTRY: &str = "run.json";

/// What an archive of this kind says it is.
pub(super) const FORMAT: &str = "runner run";

/// The newest version of the format that this program reads, and the one it writes.
pub(super) const VERSION: u64 = 1;

/// What an archive says of itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    /// What it is: [`FORMAT`].
    pub(super) format: String,
    /// The version of its format.
    pub(super) version: u64,
    /// The release that wrote it.
    pub(super) runner: String,
    /// The run's id.
    pub(super) id: String,
    /// The workflow's name.
    pub(super) workflow: String,
    /// The files, in their order.
    pub(super) files: Vec<File>,
}

/// A file of the run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct File {
    /// Its path in the run's folder.
    pub(super) path: String,
    /// Its size in bytes.
    pub(super) size: u64,
    /// Its SHA-256 in hexadecimal.
    pub(super) sha256: String,
}

/// Whether a path is one that an archive may hold: the journal, the receipts, or a file of logs or of large outputs.
pub(super) fn belongs(path: &Path) -> bool {
    let parts: Vec<_> = path.components().collect();
    match parts.as_slice() {
        [Component::Normal(file)] => *file == "journal" || *file == "receipts",
        [Component::Normal(folder), Component::Normal(_)] => *folder == "lanes" || *folder == "blobs",
        _ => false,
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::new(), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}
