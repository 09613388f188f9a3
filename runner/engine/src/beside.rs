//! Files that may be lost, but are never seen half written.

use std::path::Path;

/// Writes a file beside its name and renames it, under a name that no other process writes to; its folder is made where it
/// is missing. Nothing is synced: after a power cut it may be old, empty or gone.
pub(crate) fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    std::fs::create_dir_all(path.parent().unwrap_or(Path::new("/")))?;
    let beside = path.with_extension(format!("{}~", std::process::id()));
    std::fs::write(&beside, bytes)?;
    std::fs::rename(&beside, path)
}
