//! Where `run:` finds other workflows.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::diagnostic::Source;

/// A workflow file that was found.
#[derive(Clone, Debug)]
pub struct Opened {
    /// What tells it from other files: the path as a person knows it, or the name of a built-in one.
    pub key: String,
    /// The name it is called by: the file's name without its ending.
    pub name: String,
    /// The folder it stands in; none for a built-in one.
    pub folder: Option<PathBuf>,
    /// Its text.
    pub source: Arc<Source>,
}

/// Why a workflow was not found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryError {
    /// What happened.
    pub message: String,
    /// What can be done.
    pub hint: Option<String>,
}

/// Finds workflows.
pub trait Library {
    /// The workflow that `reference` names, a name or `./path.yaml`, from a file in `folder`.
    fn open(&self, reference: &str, folder: Option<&Path>) -> Result<Opened, LibraryError>;

    /// The template that a workflow in `folder` names: a file beside it, one of the project's `templates/`, or one that is
    /// built in; a built-in workflow has those that are built in with it.
    fn template(&self, reference: &str, folder: Option<&Path>) -> Result<Opened, LibraryError> {
        let _ = folder;
        Err(LibraryError { message: format!("there is no template `{reference}`"), hint: None })
    }

    /// The JSON Schema that `load` of a workflow in `folder` names, if there is one: a file beside it, one of the project, or
    /// one that is built in.
    fn schema(&self, reference: &str, folder: Option<&Path>) -> Option<Opened> {
        let _ = (reference, folder);
        None
    }
}
