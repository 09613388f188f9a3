//! Where the executables of plugins are looked for.

use std::ffi::OsString;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::{PREFIX, PluginError};

/// Where a plugin may lie, for hints.
pub(super) const WHERE: &str = "a plugin lies in `plugins/` beside the workflow or in the project, or on PATH";

/// The name of the folder of plugins.
const FOLDER: &str = "plugins";

/// The places of plugins.
#[derive(Clone, Debug, Default)]
pub struct Places {
    /// The project's folder.
    pub project: PathBuf,
    /// The folders of its workflows.
    pub workflows: Vec<PathBuf>,
    /// `PATH`.
    pub path: Option<OsString>,
    /// The folder in which descriptions are kept; none: they are not kept.
    pub cache: Option<PathBuf>,
}

impl Places {
    /// The executable of a namespace for a workflow in `folder`: the first there is. A file that cannot be executed is an
    /// error in the folders of plugins, where it was meant, and passed over on `PATH`.
    pub(super) fn find(&self, namespace: &str, folder: Option<&Path>) -> Option<Result<PathBuf, PluginError>> {
        if !is_namespace(namespace) {
            return None;
        }
        let name = format!("{PREFIX}{namespace}");
        let meant = folder.into_iter().chain([self.project.as_path()]).map(|folder| folder.join(FOLDER).join(&name));
        for path in meant {
            match path.metadata() {
                Ok(data) if data.is_file() && data.permissions().mode() & 0o111 != 0 => return Some(Ok(path)),
                Ok(data) if data.is_file() => {
                    let message = format!("the plugin `{}` is not executable", path.display());
                    return Some(Err(PluginError::new(message, format!("chmod +x {}", path.display()))));
                }
                _ => {}
            }
        }
        let folders = self.path.iter().flat_map(std::env::split_paths);
        // A relative folder on PATH would mean another file in another working directory.
        let paths = folders.filter(|folder| folder.is_absolute()).map(|folder| folder.join(&name));
        let found = paths
            .into_iter()
            .find(|path| path.metadata().is_ok_and(|data| data.is_file() && data.permissions().mode() & 0o111 != 0));
        found.map(Ok)
    }

    /// The plugins in the folders of the project, by namespace; the first of each.
    pub(super) fn of_project(&self) -> Vec<(String, PathBuf)> {
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        for folder in self.workflows.iter().chain([&self.project]) {
            for entry in std::fs::read_dir(folder.join(FOLDER)).into_iter().flatten().flatten() {
                let name = entry.file_name().into_string().ok();
                let namespace = name.as_deref().and_then(|name| name.strip_prefix(PREFIX)).map(str::to_owned);
                if let Some(namespace) = namespace.filter(|namespace| is_namespace(namespace))
                    && !found.iter().any(|(known, _)| *known == namespace)
                {
                    found.push((namespace, folder.clone()));
                }
            }
        }
        found.sort();
        found
    }
}

/// Whether a text can be a namespace or a verb.
pub(super) fn is_namespace(text: &str) -> bool {
    let rest = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    text.starts_with(|c: char| c.is_ascii_lowercase()) && text.chars().all(rest)
}
