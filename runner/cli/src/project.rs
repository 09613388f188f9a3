//! The project: the nearest folder upwards that has `workflows/` or `.runner/`.

use std::path::{Path, PathBuf};

/// Finds the project's folder, absolute. `given` is `--project`.
pub(crate) fn find(given: Option<&Path>) -> std::io::Result<PathBuf> {
    let here = std::env::current_dir()?;
    if let Some(given) = given {
        return here.join(given).canonicalize();
    }
    let is_project = |folder: &&Path| folder.join("workflows").is_dir() || folder.join(".runner").is_dir();
    Ok(here.ancestors().find(is_project).map_or_else(|| here.clone(), Path::to_path_buf))
}
