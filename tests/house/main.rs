//! The house: which crate may use which, what only some may know, and how large files are.

#![allow(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// What a crate of ours uses, ours and others'.
type Uses = BTreeMap<String, BTreeSet<String>>;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The crates with what they use, as `cargo metadata` tells; what only tests use is left out.
fn uses() -> Uses {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let words = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let told = Command::new(cargo).args(words).current_dir(root()).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let told: Value = serde_json::from_slice(&told.stdout).unwrap();
    let name = |value: &Value| value["name"].as_str().unwrap().to_owned();
    let of = |package: &Value| {
        let used = package["dependencies"].as_array().unwrap().iter().filter(|used| used["kind"] != "dev");
        (name(package), used.map(name).collect())
    };
    told["packages"].as_array().unwrap().iter().map(of).collect()
}

/// The edges that the page of the architecture allows.
fn allowed(crates: &Uses) -> Uses {
    let page = std::fs::read_to_string(root().join("docs/architecture.md")).unwrap();
    let code = |cell: &str| -> Vec<String> { cell.split('`').skip(1).step_by(2).map(str::to_owned).collect() };
    let mut allowed = Uses::new();
    for line in page.lines().filter(|line| line.starts_with("| `runner")) {
        let cells: Vec<_> = line.trim_matches('|').split('|').map(str::trim).collect();
        let name = code(cells[0]).remove(0);
        let every = crates.keys().filter(|other| **other != name).cloned().collect();
        allowed.insert(name, if cells[2] == "all" { every } else { code(cells[2]).into_iter().collect() });
    }
    allowed
}

#[test]
fn no_crate_uses_one_that_it_may_not() {
    let crates = uses();
    let allowed = allowed(&crates);
    assert_eq!(allowed.keys().collect::<Vec<_>>(), crates.keys().collect::<Vec<_>>(), "the page lists every crate");
    for (name, used) in &crates {
        let ours: BTreeSet<_> = used.iter().filter(|used| crates.contains_key(*used)).cloned().collect();
        let strange: Vec<_> = ours.difference(&allowed[name]).collect();
        assert!(strange.is_empty(), "`{name}` may not use {strange:?}");
    }
}

#[test]
fn what_only_some_may_know_is_known_to_no_other() {
    let crates = uses();
    let only: &[(&str, &[&str])] = &[
        ("handlebars", &["runner-engine"]),
        ("cel", &["runner-engine"]),
        ("sled", &["runner-engine"]),
        ("clap", &["runner"]),
        ("console", &["runner"]),
        ("indicatif", &["runner"]),
        ("kube", &["runner-host"]),
    ];
    for (dependency, knowers) in only {
        let users = crates.iter().filter(|(_, used)| used.contains(*dependency)).map(|(name, _)| name.as_str());
        let strange: Vec<_> = users.filter(|name| !knowers.contains(name)).collect();
        assert!(strange.is_empty(), "`{dependency}` is not for {strange:?}");
    }
    let core: BTreeSet<_> = ["serde", "serde_json", "thiserror"].map(str::to_owned).into();
    assert!(crates["runner-core"].is_subset(&core), "the core uses {:?}", crates["runner-core"]);
    assert!(!crates["runner-keeper"].contains("tokio"), "the keeper is single-threaded");
}

/// The sources of the crates, with their lines.
fn sources() -> Vec<(PathBuf, usize)> {
    fn walk(folder: &Path, found: &mut Vec<(PathBuf, usize)>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                walk(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let lines = std::fs::read_to_string(&path).unwrap().lines().count();
                found.push((path, lines));
            }
        }
    }
    let mut found = Vec::new();
    for folder in ["runner", "steps", "tests"] {
        walk(&root().join(folder), &mut found);
    }
    found.sort_by_key(|(_, lines)| *lines);
    found
}

#[test]
fn files_are_of_a_size_that_one_can_read() {
    let sources = sources();
    let at = |part: usize| sources[sources.len() * part / 100].1;
    let (longest, lines) = sources.last().unwrap();
    assert!(*lines <= 500, "`{}` has {lines} lines", longest.display());
    assert!(at(90) <= 350, "a tenth of the files has more than {} lines", at(90));
}
