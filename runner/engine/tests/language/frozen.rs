//! Texts that are frozen in files beside the fixtures: `UPDATE=1 cargo test` writes them anew.

use std::fs;
use std::path::{Path, PathBuf};

/// A folder of `tests/fixture`.
pub(crate) fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixture").join(name)
}

/// What differs between a text and the file that freezes it; the file is written when `UPDATE` is set.
pub(crate) fn difference(file: &Path, now: &str) -> Option<String> {
    if std::env::var_os("UPDATE").is_some() {
        fs::create_dir_all(file.parent().expect("a folder")).expect("the folder is made");
        fs::write(file, now).expect("the frozen text is written");
    }
    let then = fs::read_to_string(file).unwrap_or_default();
    (now != then || now.is_empty()).then(|| format!("--- {} was\n{then}+++ is\n{now}", file.display()))
}
