//! Where workflows are found: the project's `workflows/`, then those built into the binary.

use std::path::{Path, PathBuf};

use runner_engine::diagnostic::{Diagnostic, Sink, Source};
use runner_engine::language::{self, reader};
use runner_engine::program::{Library, LibraryError, Opened};

/// The workflows that are built in, by name.
pub(crate) const BUILTIN: &[(&str, &str)] = &[
    ("config-export", include_str!("../../../workflows/config-export.yaml")),
    ("config-init", include_str!("../../../workflows/config-init.yaml")),
    ("config-show", include_str!("../../../workflows/config-show.yaml")),
    ("config-validate", include_str!("../../../workflows/config-validate.yaml")),
    ("quickstart", include_str!("../../../workflows/quickstart.yaml")),
    ("vagrant-destroy", include_str!("../../../workflows/vagrant-destroy.yaml")),
    ("vagrant-status", include_str!("../../../workflows/vagrant-status.yaml")),
    ("vagrant-up", include_str!("../../../workflows/vagrant-up.yaml")),
];

/// The templates that are built in with them, by the names by which they are called.
pub(crate) const TEMPLATES: &[(&str, &str)] = &[
    ("config/external.yaml.hbs", include_str!("../../../templates/config/external.yaml.hbs")),
    ("config/kof.yaml.hbs", include_str!("../../../templates/config/kof.yaml.hbs")),
    ("config/location.yaml.hbs", include_str!("../../../templates/config/location.yaml.hbs")),
    ("config/minimal.yaml.hbs", include_str!("../../../templates/config/minimal.yaml.hbs")),
    ("config/production.yaml.hbs", include_str!("../../../templates/config/production.yaml.hbs")),
    ("inventory.ini.hbs", include_str!("../../../templates/inventory.ini.hbs")),
    ("quickstart/page.html.hbs", include_str!("../../../templates/quickstart/page.html.hbs")),
];

/// The JSON Schemas that they load files with, by the names by which they are called.
pub(crate) const SCHEMAS: &[(&str, &str)] =
    &[("config/k0rdent.schema.json", include_str!("../../../config/k0rdent.schema.json"))];

/// The prefix of a built-in workflow's key.
const PREFIX: &str = "built-in:";

/// Workflows of a project.
pub(crate) struct Workflows {
    project: PathBuf,
}

impl Workflows {
    pub(crate) fn of(project: &Path) -> Self {
        Self { project: project.to_path_buf() }
    }

    /// The names of the workflows there are, with where each comes from; a file hides a built-in one.
    pub(crate) fn names(&self) -> Vec<(String, Option<PathBuf>)> {
        let own = self.files().into_iter().filter(|(name, _)| of_test(name).is_none());
        let mut found: Vec<(String, Option<PathBuf>)> = own.map(|(name, file)| (name, Some(file))).collect();
        for (name, _) in BUILTIN {
            if !found.iter().any(|(known, _)| known == name) {
                found.push(((*name).to_owned(), None));
            }
        }
        found.sort();
        found
    }

    /// The workflows that have tests, with the file of each.
    pub(crate) fn tests(&self) -> Vec<(String, PathBuf)> {
        let files = self.files().into_iter();
        let mut found: Vec<_> = files.filter_map(|(name, file)| Some((of_test(&name)?.to_owned(), file))).collect();
        found.sort();
        found
    }

    /// The YAML files of the `workflows` folders by their names without ending; a nearer one hides others.
    fn files(&self) -> Vec<(String, PathBuf)> {
        let mut found: Vec<(String, PathBuf)> = Vec::new();
        for folder in self.folders() {
            let mut files: Vec<_> =
                std::fs::read_dir(&folder).into_iter().flatten().flatten().map(|entry| entry.path()).collect();
            files.sort();
            for file in files {
                let ending = file.extension().and_then(|ending| ending.to_str());
                let name = file.file_stem().and_then(|name| name.to_str()).map(str::to_owned);
                if let (Some("yaml" | "yml"), Some(name)) = (ending, name)
                    && !found.iter().any(|(known, _)| *known == name)
                {
                    found.push((name, file));
                }
            }
        }
        found
    }

    /// The `workflows` folders from here upwards to the project, then the project's.
    pub(crate) fn folders(&self) -> Vec<PathBuf> {
        let here = std::env::current_dir().unwrap_or_else(|_| self.project.clone());
        let mut folders: Vec<PathBuf> = here
            .ancestors()
            .take_while(|folder| folder.starts_with(&self.project))
            .map(|folder| folder.join("workflows"))
            .collect();
        let own = self.project.join("workflows");
        if !folders.contains(&own) {
            folders.push(own);
        }
        folders
    }

    /// The file that a reference means: of a path, that one; of a name, the first there is.
    fn locate(&self, reference: &str, folder: Option<&Path>) -> Option<PathBuf> {
        let ending = Path::new(reference).extension().and_then(|ending| ending.to_str());
        if reference.contains('/') || matches!(ending, Some("yaml" | "yml")) {
            let base = folder.map_or_else(|| self.project.clone(), Path::to_path_buf);
            let path = base.join(reference);
            return Some(path.canonicalize().unwrap_or(path));
        }
        let files = |folder: PathBuf| ["yaml", "yml"].map(|ending| folder.join(format!("{reference}.{ending}")));
        self.folders().into_iter().flat_map(files).find(|path| path.exists())
    }

    /// What is wrong with a file that cannot even be read, as diagnostics.
    pub(crate) fn trouble(&self, reference: &str, folder: Option<&Path>) -> Vec<Diagnostic> {
        let mut sink = Sink::new();
        if let Some(path) = self.locate(reference, folder)
            && let Some(document) = reader::read_file(&path, &self.shown(&path), &mut sink)
        {
            let _ = language::decode(&document, &mut sink);
        }
        sink.finish()
    }

    fn file(&self, path: &Path) -> Result<Opened, LibraryError> {
        let key = self.shown(path);
        let mut sink = Sink::new();
        let document = reader::read_file(path, &key, &mut sink);
        let found = sink.finish();
        let refused = |found: &[Diagnostic]| {
            let message = found.first().map_or_else(String::new, |found| found.message.clone());
            LibraryError { message: format!("`{key}`: {message}"), hint: None }
        };
        let Some(document) = document else { return Err(refused(&found)) };
        if !found.is_empty() {
            // What is wrong with the bytes is no more to be seen in the text that they were taken for.
            let mut again = Sink::new();
            let _ = reader::read(&document.source, &mut again);
            if again.finish().len() < found.len() {
                return Err(refused(&found));
            }
        }
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let folder = path.parent().map(Path::to_path_buf);
        Ok(Opened { key, name, folder, source: document.source })
    }

    /// A path as a person knows it: relative to the project where it lies in it.
    pub(crate) fn shown(&self, path: &Path) -> String {
        path.strip_prefix(&self.project).unwrap_or(path).to_string_lossy().into_owned()
    }
}

/// The workflow of which a file of this name holds the tests.
fn of_test(name: &str) -> Option<&str> {
    name.strip_suffix(".test")
}

fn builtin(name: &str) -> Option<Opened> {
    let (name, text) = BUILTIN.iter().find(|(known, _)| *known == name)?;
    let key = format!("{PREFIX}{name}");
    Some(Opened { key: key.clone(), name: (*name).to_owned(), folder: None, source: Source::new(key, *text) })
}

/// A template or schema that is built in, of a folder.
fn builtin_file(list: &[(&str, &str)], folder: &str, name: &str) -> Option<Opened> {
    let (name, text) = list.iter().find(|(known, _)| *known == name)?;
    let key = format!("{PREFIX}{folder}{name}");
    Some(Opened { key: key.clone(), name: (*name).to_owned(), folder: None, source: Source::new(key, *text) })
}

impl Library for Workflows {
    fn open(&self, reference: &str, folder: Option<&Path>) -> Result<Opened, LibraryError> {
        if let Some(name) = reference.strip_prefix(PREFIX) {
            return builtin(name)
                .ok_or_else(|| LibraryError { message: format!("no workflow `{name}` is built in"), hint: None });
        }
        if let Some(path) = self.locate(reference, folder) {
            return self.file(&path);
        }
        builtin(reference).ok_or_else(|| {
            let names = self.names();
            let near = runner_engine::diagnostic::did_you_mean(reference, names.iter().map(|(name, _)| name.as_str()));
            LibraryError {
                message: format!("there is no workflow `{reference}`"),
                hint: near.or_else(|| Some("`runner list` shows the workflows there are".to_owned())),
            }
        })
    }

    fn template(&self, reference: &str, folder: Option<&Path>) -> Result<Opened, LibraryError> {
        let beside = folder.into_iter().flat_map(|folder| [folder.to_path_buf(), self.project.join("templates")]);
        let Some(path) = beside.map(|folder| folder.join(reference)).find(|path| path.exists()) else {
            let known = TEMPLATES.iter().map(|(name, _)| *name);
            return builtin_file(TEMPLATES, "templates/", reference).ok_or_else(|| LibraryError {
                message: format!("there is no template `{reference}`"),
                hint: runner_engine::diagnostic::did_you_mean(reference, known).or_else(|| {
                    Some("it lies beside the workflow's file, or in `templates/` of the project".to_owned())
                }),
            });
        };
        let (key, mut sink) = (self.shown(&path), Sink::new());
        let source = reader::read_text(&path, &key, &mut sink);
        match (source, sink.finish().first()) {
            (Some(source), None) => Ok(Opened { name: reference.to_owned(), folder: None, key, source }),
            (_, wrong) => {
                let message = wrong.map_or_else(String::new, |wrong| wrong.message.clone());
                Err(LibraryError { message: format!("the template `{key}`: {message}"), hint: None })
            }
        }
    }

    fn schema(&self, reference: &str, folder: Option<&Path>) -> Option<Opened> {
        let places = folder.into_iter().chain([&*self.project]).map(|folder| folder.join(reference));
        let Some(path) = places.into_iter().find(|path| path.exists()) else {
            return builtin_file(SCHEMAS, "", reference);
        };
        let key = self.shown(&path);
        let source = reader::read_text(&path, &key, &mut Sink::new())?;
        Some(Opened { name: reference.to_owned(), folder: None, key, source })
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// The files under a folder of the repository, by their paths in it.
    fn files(folder: &Path, within: &str, found: &mut Vec<String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let name = format!("{within}{}", entry.file_name().display());
            if entry.path().is_dir() { files(&entry.path(), &format!("{name}/"), found) } else { found.push(name) }
        }
    }

    #[test]
    fn every_shipped_file_is_built_in() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let of = |folder: &str| {
            let mut found = Vec::new();
            files(&root.join(folder), "", &mut found);
            found.sort();
            found
        };
        let names = |list: &[(&str, &str)]| list.iter().map(|(name, _)| (*name).to_owned()).collect::<Vec<_>>();
        let shipped = of("workflows").into_iter().filter_map(|name| name.strip_suffix(".yaml").map(str::to_owned));
        let shipped: Vec<_> = shipped.filter(|name| !name.contains('.')).collect();
        assert_eq!(shipped, names(BUILTIN));
        assert_eq!(of("templates"), names(TEMPLATES));
        let schemas = of("config").into_iter().filter(|name| name.ends_with(".schema.json"));
        assert_eq!(schemas.map(|name| format!("config/{name}")).collect::<Vec<_>>(), names(SCHEMAS));
    }
}
