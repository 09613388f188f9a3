//! Step types in other languages: an executable `runner-step-<namespace>` that says on standard output, as JSON, which steps
//! it has and what became of one.
//!
//! - `find`: where such an executable is looked for: in `plugins/` beside the workflow, in that of the project, on `PATH`.
//! - `ask`: running it to `describe` itself, within bounds; `cache` keeps the answer by the digest of the file.
//! - `describe`: the answer, held against what a description has to be.
//! - `step`: a described step as a step type; its attempt is a process of the keeper like any other.
//! - `answer`: what became of an attempt.
//!
//! A plugin is asked only when a workflow, or a person, names its namespace. What it said is recorded with the run, so a run
//! can be shown where its plugins are not.

mod answer;
mod ask;
mod cache;
mod describe;
mod find;
mod step;
#[cfg(test)]
mod test;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use runner_sdk::StepType;
use serde::{Deserialize, Serialize};

pub use describe::Description;
pub use find::Places;

/// The version of the protocol that this engine speaks.
pub const PROTOCOL: u64 = 1;

/// What the name of a plugin's executable begins with.
pub const PREFIX: &str = "runner-step-";

/// A plugin as it is recorded with a run that uses it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PluginRecord {
    /// The namespace of its steps.
    pub namespace: String,
    /// The folder of the workflow that named it; none for one that is built in.
    pub folder: Option<PathBuf>,
    /// The executable.
    pub path: PathBuf,
    /// The digest of its content when it was asked.
    pub digest: String,
    /// What it said of itself.
    pub description: Description,
}

/// Why a plugin's step cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PluginError {
    /// What is wrong.
    pub message: String,
    /// What can be done.
    pub hint: Option<String>,
}

impl PluginError {
    fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: Some(hint.into()) }
    }
}

/// A plugin that has described itself.
#[derive(Clone)]
pub struct Plugin {
    /// What is recorded of it.
    pub record: PluginRecord,
    /// Its steps, in the order of their names.
    pub types: Arc<[&'static StepType]>,
}

/// A namespace, and the folder of the workflow that names it.
type Asked = (String, Option<PathBuf>);

/// The plugins that can be reached. Cheap to clone; each is asked once.
#[derive(Clone)]
pub struct Plugins {
    places: Arc<Places>,
    /// What a run recorded: then nothing is asked.
    recorded: Option<Arc<[PluginRecord]>>,
    known: Arc<Mutex<BTreeMap<Asked, Result<Plugin, PluginError>>>>,
}

impl Plugins {
    /// The plugins in these places.
    pub fn new(places: Places) -> Self {
        Self { places: Arc::new(places), recorded: None, known: Arc::default() }
    }

    /// The same places; what the plugins are is what a run has recorded of them.
    #[must_use]
    pub fn recorded(&self, records: &[PluginRecord]) -> Self {
        Self { places: Arc::clone(&self.places), recorded: Some(records.into()), known: Arc::default() }
    }

    /// The plugin of a namespace for a workflow in `folder`; nothing where there is none.
    pub fn plugin(&self, namespace: &str, folder: Option<&Path>) -> Option<Result<Plugin, PluginError>> {
        let key = (namespace.to_owned(), folder.map(Path::to_path_buf));
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(plugin) = known.get(&key) {
            return Some(plugin.clone());
        }
        let plugin = match &self.recorded {
            None => self.live(namespace, folder)?,
            Some(records) => {
                let of = |record: &&PluginRecord| record.namespace == namespace && record.folder.as_deref() == folder;
                let mut record = records.iter().find(of)?.clone();
                if let Some(Ok(path)) = self.places.find(namespace, folder) {
                    record.path = path;
                }
                Ok(Plugin::of(record))
            }
        };
        known.insert(key, plugin.clone());
        Some(plugin)
    }

    fn live(&self, namespace: &str, folder: Option<&Path>) -> Option<Result<Plugin, PluginError>> {
        let path = match self.places.find(namespace, folder)? {
            Ok(path) => path,
            Err(error) => return Some(Err(error)),
        };
        let asked = cache::description(&path, namespace, &self.places);
        Some(asked.map(|(digest, description)| {
            let folder = folder.map(Path::to_path_buf);
            Plugin::of(PluginRecord { namespace: namespace.to_owned(), folder, path, digest, description })
        }))
    }

    /// What is to be recorded of those that were asked.
    pub fn records(&self) -> Vec<PluginRecord> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.values().filter_map(|plugin| plugin.as_ref().ok()).map(|plugin| plugin.record.clone()).collect()
    }

    /// The plugins in the folders of the project, by their namespaces; none is asked.
    pub fn of_project(&self) -> Vec<(String, PathBuf)> {
        self.places.of_project()
    }

    /// Why the executable of a recorded plugin cannot be run any more; nothing where it can.
    pub fn lacking(&self, record: &PluginRecord) -> Option<PluginError> {
        match self.places.find(&record.namespace, record.folder.as_deref()) {
            Some(Ok(_)) => None,
            Some(Err(error)) => Some(error),
            None => Some(PluginError::new(
                format!("the plugin `{PREFIX}{}` of the run is not there any more", record.namespace),
                format!("it was `{}`; {}", record.path.display(), find::WHERE),
            )),
        }
    }
}

impl Plugin {
    /// A plugin of what is recorded of it. Its step types live as long as the process: they are few, and each is made once.
    fn of(record: PluginRecord) -> Self {
        let types = record.description.steps.iter().map(|step| step::leaked(&record, step)).collect::<Vec<_>>();
        Self { record, types: types.into() }
    }

    /// The step of a verb.
    pub fn find(&self, verb: &str) -> Option<&'static StepType> {
        self.types.iter().copied().find(|step| step.name.split_once('.').is_some_and(|(_, name)| name == verb))
    }
}
