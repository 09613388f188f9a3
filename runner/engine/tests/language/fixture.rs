//! What is said of each file of `tests/fixture/bad` is frozen beside it: `UPDATE=1 cargo test` writes it anew.

use std::fs;
use std::path::{Path, PathBuf};

use runner_engine::diagnostic::{Sink, render};
use runner_engine::language::{decode, read_file};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixture/bad")
}

/// Everything said of a file that is read as a workflow.
fn said(path: &Path, name: &str) -> String {
    let mut sink = Sink::new();
    if let Some(document) = read_file(path, name, &mut sink) {
        decode(&document, &mut sink);
    }
    render(&sink.finish(), 120, false)
}

#[test]
fn every_bad_file_says_exactly_what_is_frozen() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut count = 0;
    let mut wrong = Vec::new();
    let mut files: Vec<_> =
        fs::read_dir(folder()).expect("the fixtures").map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    for path in files.iter().filter(|path| path.extension().is_some_and(|extension| extension == "yaml")) {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let now = said(path, &name);
        let frozen = path.with_extension("txt");
        if update {
            fs::write(&frozen, &now).expect("the frozen message is written");
        }
        let then = fs::read_to_string(&frozen).unwrap_or_default();
        if now != then || now.is_empty() {
            wrong.push(format!("--- {name} was\n{then}+++ is\n{now}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count > 40, "{count} fixtures only");
}
