//! What is written down of a run when it begins.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Select;
use crate::plugin::PluginRecord;

/// The version of this record's format.
pub(super) const VERSION: u32 = 1;

/// Before the name by which a template is called, among [`Record::calls`].
pub(super) const TEMPLATE: &str = "template:";

/// What stands before the name of a schema, likewise.
pub(super) const SCHEMA: &str = "schema:";

/// What is written down of a run when it begins. Secrets stand in it by reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Record {
    /// The format's version.
    pub version: u32,
    /// The run's id.
    pub id: String,
    /// The workflow's name.
    pub workflow: String,
    /// When it began, in milliseconds since 1970.
    pub started: u64,
    /// The project's folder.
    pub project: PathBuf,
    /// The workflow's file and all that it calls, the workflow first; and the templates that they name.
    pub files: Vec<FileRecord>,
    /// Which file each call meant: the name as written, the folder of the file it stands in, and the key of what was found.
    pub calls: Vec<(String, Option<PathBuf>, String)>,
    /// The inputs; secret ones are not among them.
    pub inputs: Map<String, Value>,
    /// Where secret inputs come from, by name; null where a person gave the value itself.
    pub secret_inputs: Map<String, Value>,
    /// What `load` read.
    pub load: Map<String, Value>,
    /// From which files.
    pub loaded: Vec<LoadRecord>,
    /// The environment names that the texts mention, as they were.
    pub env: Map<String, Value>,
    /// What deployments had left behind, where a text mentions it.
    pub state: Value,
    /// Attempts that may run at once.
    pub parallel: usize,
    /// The plugins that the workflow uses, and what they said of themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub plugins: Vec<PluginRecord>,
    /// The behaviour versions of the step types that the workflow uses.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub behaviours: BTreeMap<String, u32>,
    /// The run from which it took what was finished.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub taken_from: Option<String>,
    /// What it is confined to.
    #[serde(default, skip_serializing_if = "Select::is_all")]
    pub select: Select,
    /// How often the workflow or its inputs were changed since the run began.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub revision: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde passes it")]
fn is_zero(revision: &u32) -> bool {
    *revision == 0
}

impl Record {
    /// Whether texts, inputs and what was read are the same, so that what is compared of a step can only differ by the files
    /// that it reads.
    pub fn is_as(&self, other: &Self) -> bool {
        // Records of earlier versions tell no behaviours.
        let behaviours = other.behaviours.is_empty() || self.behaviours == other.behaviours;
        let revision = other.revision;
        behaviours
            && Self { behaviours: BTreeMap::new(), revision, ..self.clone() }
                == Self { behaviours: BTreeMap::new(), ..other.clone() }
    }

    /// The record as it is to be read in `project`, to which the run was brought: what lay in the project of old lies in
    /// this one. What lay elsewhere is looked for there.
    #[must_use]
    pub fn moved(mut self, project: &Path) -> Self {
        if self.project == project {
            return self;
        }
        let old = std::mem::replace(&mut self.project, project.to_path_buf());
        let moved = |path: &mut PathBuf| {
            if let Ok(inside) = path.strip_prefix(&old) {
                *path = if inside.as_os_str().is_empty() { project.to_path_buf() } else { project.join(inside) };
            }
        };
        self.files.iter_mut().filter_map(|file| file.folder.as_mut()).for_each(moved);
        self.calls.iter_mut().filter_map(|(_, folder, _)| folder.as_mut()).for_each(moved);
        self.loaded.iter_mut().map(|load| &mut load.file).for_each(moved);
        for plugin in &mut self.plugins {
            plugin.folder.iter_mut().chain([&mut plugin.path]).for_each(moved);
        }
        self
    }
}

/// A workflow file as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileRecord {
    /// What tells it from other files.
    pub key: String,
    /// The name it is called by.
    pub name: String,
    /// The folder it stands in; none for a built-in one.
    pub folder: Option<PathBuf>,
    /// Its text.
    pub text: String,
}

/// A loaded file as it was.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LoadRecord {
    /// The name under which it is seen.
    pub name: String,
    /// The file.
    pub file: PathBuf,
    /// The digest of its content.
    pub digest: String,
}
