//! What is said of each file of `tests/fixture/bad` is frozen beside it.

use std::fs;

use runner_engine::diagnostic::{Sink, render};
use runner_engine::language::{decode, read_file};

use super::frozen::{difference, folder};

#[test]
fn every_bad_file_says_exactly_what_is_frozen() {
    let entries = fs::read_dir(folder("bad")).expect("the fixtures");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
    files.sort();
    assert!(files.len() > 60, "{} fixtures only", files.len());
    let mut wrong = Vec::new();
    for path in &files {
        let name = path.file_name().expect("a name").to_string_lossy().into_owned();
        let mut sink = Sink::new();
        if let Some(document) = read_file(path, &name, &mut sink) {
            decode(&document, &mut sink);
        }
        wrong.extend(difference(&path.with_extension("txt"), &render(&sink.finish(), 120, false)));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
