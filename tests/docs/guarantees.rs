//! Every test that the promises name is there.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The names of the functions that are tests, or are made into tests by the macro of the keeper's.
fn tests(folder: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            tests(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let keepers = path.components().any(|part| part.as_os_str() == "keeper") && !text.contains("#[test]\n");
            let mut is_test = false;
            for line in text.lines().map(str::trim) {
                let name = line.strip_prefix("fn ").and_then(|rest| rest.split('(').next());
                if let Some(name) = name.filter(|_| is_test || keepers) {
                    found.insert(name.to_owned());
                }
                is_test = line == "#[test]" || (is_test && line.starts_with("#["));
            }
        }
    }
}

#[test]
fn every_test_that_a_promise_names_exists() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let mut found = BTreeSet::new();
    for folder in ["runner", "steps", "tests"] {
        tests(&root.join(folder), &mut found);
    }
    let page = std::fs::read_to_string(root.join("docs/guarantees.md")).unwrap();
    let quoted = page.split('`').skip(1).step_by(2);
    let named: BTreeSet<_> = quoted.filter(|word| word.matches('_').count() > 2 && !word.contains(' ')).collect();
    let missing: Vec<_> = named.iter().filter(|name| !found.contains(**name)).collect();
    assert!(missing.is_empty(), "there are no such tests: {missing:?}");
    assert!(named.len() > 30, "{} tests are named", named.len());
    // Each promise says how it is tried.
    let untried = page.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| promise"));
    let untried: Vec<_> = untried.filter(|line| !line.contains('`') && !line.contains("the same two")).collect();
    assert!(untried.is_empty(), "{untried:?}");
}
