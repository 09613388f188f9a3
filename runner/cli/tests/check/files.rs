//! A library of files, and what is said of one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use runner_engine::diagnostic::{Diagnostic, Sink, Source};
use runner_engine::language::read_file;
use runner_engine::language::reader::read_text;
use runner_engine::program::{Library, LibraryError, Opened, Registry, compile};

/// A folder of `tests/fixture`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixture").join(name)
}

/// Workflows of a folder: `./x.yaml` beside the file that calls, a name in its folder `callee`.
pub(crate) struct Files(pub(crate) PathBuf);

impl Files {
    fn read(path: &Path) -> Option<Opened> {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        let key = path.file_name()?.to_string_lossy().into_owned();
        let source = read_file(path, &key, &mut Sink::new())?.source;
        Some(Opened { key, name, folder: path.parent().map(Path::to_path_buf), source })
    }
}

impl Library for Files {
    fn open(&self, reference: &str, folder: Option<&Path>) -> Result<Opened, LibraryError> {
        let path = match reference.strip_prefix("./") {
            Some(path) => folder.unwrap_or(&self.0).join(path),
            None => self.0.join("callee").join(format!("{reference}.yaml")),
        };
        let missing = || LibraryError { message: format!("there is no workflow `{reference}`"), hint: None };
        Self::read(&path).ok_or_else(missing)
    }

    fn template(&self, reference: &str, _: Option<&Path>) -> Result<Opened, LibraryError> {
        let missing = || LibraryError { message: format!("there is no template `{reference}`"), hint: None };
        let beside = [self.0.join(reference), self.0.join("../templates").join(reference)];
        let found = beside.iter().find_map(|path| read_text(path, reference, &mut Sink::new()));
        let source = found.ok_or_else(missing)?;
        Ok(Opened { key: reference.to_owned(), name: reference.to_owned(), folder: None, source })
    }
}

/// What is said of a file.
pub(crate) fn told(path: &Path) -> Vec<Diagnostic> {
    let library = Files(path.parent().expect("a folder").to_path_buf());
    let opened = Files::read(path).expect("the fixture can be read");
    compiled(opened, &library)
}

/// What is said of a text.
pub(crate) fn told_of(text: &str) -> Vec<Diagnostic> {
    let source: Arc<Source> = Source::new("it.yaml", text);
    let opened = Opened { key: "it.yaml".into(), name: "it".into(), folder: None, source };
    compiled(opened, &Files(folder("bad/program")))
}

fn compiled(opened: Opened, library: &Files) -> Vec<Diagnostic> {
    let mut sink = Sink::new();
    compile(opened, library, &Registry::new(runner_steps::all()), &mut sink);
    sink.finish()
}

/// The files of a folder, sorted.
pub(crate) fn yaml(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<_> =
        fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    files
}
