//! The house: who may depend on whom, and how large a file may be.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Which crates of the workspace a crate may depend on.
const EDGES: &[(&str, &[&str])] = &[
    ("runner-core", &[]),
    ("runner-sdk", &[]),
    ("runner-keeper", &[]),
    ("runner-steps", &["runner-sdk"]),
    ("runner-host", &["runner-sdk", "runner-keeper"]),
    ("runner-engine", &["runner-core", "runner-sdk", "runner-keeper"]),
    ("runner", &["runner-core", "runner-sdk", "runner-keeper", "runner-engine", "runner-host", "runner-steps"]),
];

/// Which crates alone may depend on a library.
const ONLY: &[(&str, &[&str])] = &[
    ("clap", &["runner"]),
    ("console", &["runner"]),
    ("indicatif", &["runner"]),
    ("handlebars", &["runner-engine"]),
    ("cel", &["runner-engine"]),
    ("sled", &["runner-engine"]),
    ("kube", &["runner-host"]),
    ("tokio", &["runner", "runner-engine", "runner-host", "runner-steps"]),
];

/// What the core may depend on, besides nothing.
const CORE: &[&str] = &["serde", "serde_json", "thiserror"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

/// The dependencies of every crate of the workspace, without those of its tests.
fn dependencies() -> BTreeMap<String, BTreeSet<String>> {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["metadata", "--format-version=1", "--no-deps", "--offline"]).current_dir(root());
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).unwrap();
    let packages = metadata["packages"].as_array().unwrap();
    let of = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        let real = all.filter(|dependency| dependency["kind"] != "dev");
        real.map(|dependency| dependency["name"].as_str().unwrap().to_owned()).collect()
    };
    packages.iter().map(|package| (package["name"].as_str().unwrap().to_owned(), of(package))).collect()
}

#[test]
fn crates_depend_on_each_other_as_the_house_is_built() {
    let dependencies = dependencies();
    let known: BTreeSet<_> = EDGES.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(dependencies.keys().cloned().collect::<BTreeSet<_>>(), known, "a crate that the house does not know");
    for (name, allowed) in EDGES {
        for dependency in dependencies[*name].intersection(&known) {
            assert!(allowed.contains(&dependency.as_str()), "`{name}` must not depend on `{dependency}`");
        }
    }
}

#[test]
fn libraries_stay_in_the_crates_that_they_belong_to() {
    let dependencies = dependencies();
    for (library, allowed) in ONLY {
        for (name, of) in &dependencies {
            assert!(
                !of.contains(*library) || allowed.contains(&name.as_str()),
                "`{name}` must not depend on `{library}`"
            );
        }
    }
    let core: Vec<_> = dependencies["runner-core"].iter().filter(|name| !CORE.contains(&name.as_str())).collect();
    assert!(core.is_empty(), "the core depends on {core:?}");
}

/// The lines of every source file.
fn lengths(folder: &Path, found: &mut Vec<(usize, PathBuf)>) {
    for entry in std::fs::read_dir(folder).unwrap().flatten() {
        let path = entry.path();
        if path.is_dir() {
            lengths(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push((std::fs::read_to_string(&path).unwrap().lines().count(), path));
        }
    }
}

/// The source files that hold a text, relative to the tree.
fn holding(text: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for folder in ["runner", "steps", "tests"] {
        lengths(&root().join(folder), &mut found);
    }
    let holds = |file: &PathBuf| std::fs::read_to_string(file).unwrap().contains(text);
    found.into_iter().map(|(_, file)| file).filter(holds).collect()
}

#[test]
fn lints_are_expected_where_they_fire_and_only_what_needs_machines_is_ignored() {
    // Put together, so that this file does not hold them itself.
    let allowed: Vec<_> =
        [["#", "[allow("], ["#!", "[allow("]].iter().flat_map(|parts| holding(&parts.concat())).collect();
    assert!(allowed.is_empty(), "`expect` with its reason, not `allow`: {allowed:?}");
    let lab = ["tests/lab", "tests/cluster"].map(|folder| root().join(folder));
    let elsewhere = holding(&["#", "[ignore"].concat())
        .into_iter()
        .filter(|file| !lab.iter().any(|folder| file.starts_with(folder)));
    assert_eq!(elsewhere.collect::<Vec<_>>(), Vec::<PathBuf>::new(), "a test that never runs");
}

#[test]
fn files_are_short() {
    let mut found = Vec::new();
    for folder in ["runner", "steps", "tests"] {
        lengths(&root().join(folder), &mut found);
    }
    found.sort();
    let at = |share: usize| found[(found.len() - 1) * share / 100].0;
    let (longest, file) = found.last().unwrap();
    eprintln!("{} files: median {} lines, 90 % within {}, longest {longest}", found.len(), at(50), at(90));
    assert!(*longest <= 500, "{} has {longest} lines", file.display());
    assert!(at(90) <= 350, "90 % of the files have up to {} lines", at(90));
}
