//! What earlier releases have written is read by this one. `tests/frozen/<version>/` holds what that release wrote: a
//! project with its runs and its state, an exported run, the exported state, and every message between engine and keeper.
//!
//! `UPDATE=1 cargo test -p runner --test frozen` adds the set of this release where there is none yet; a set that is there is
//! never written again. When a format changes before its first release, the set of that release is removed by hand.

#![expect(clippy::unwrap_used, reason = "a panic of a test's helper is a failed test")]

#[expect(dead_code, reason = "each test program needs a part of it")]
#[path = "../support/mod.rs"]
mod support;

mod make;
mod message;
mod read;

use std::path::{Path, PathBuf};

/// The folder of all sets.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/frozen")
}

/// The set of this release; made where it is to be and is not there.
fn own() -> PathBuf {
    static MADE: std::sync::Once = std::sync::Once::new();
    let folder = root().join(env!("CARGO_PKG_VERSION"));
    MADE.call_once(|| {
        if !folder.exists() && std::env::var_os("UPDATE").is_some() {
            make::make(&folder);
        }
    });
    assert!(
        folder.exists(),
        "what this release writes is not frozen yet: `UPDATE=1 cargo test -p runner --test frozen`"
    );
    folder
}

/// The sets there are, by their versions.
fn sets() -> Vec<(String, PathBuf)> {
    own();
    let entries = std::fs::read_dir(root()).unwrap().map(|entry| entry.unwrap());
    let folders = entries.filter(|entry| entry.path().is_dir());
    let mut sets: Vec<_> = folders.map(|entry| (entry.file_name().into_string().unwrap(), entry.path())).collect();
    sets.sort();
    sets
}

/// Packs a folder.
fn pack(folder: &Path, to: &Path) {
    let mut archive = tar::Builder::new(zstd::Encoder::new(Vec::new(), 19).unwrap());
    archive.mode(tar::HeaderMode::Deterministic);
    append(&mut archive, folder, Path::new(""));
    std::fs::write(to, archive.into_inner().unwrap().finish().unwrap()).unwrap();
}

/// What says who holds a run; nobody does, where it is read.
const LOCKS: [&str; 3] = ["lock", "keeper.lock", "keeper.log"];

/// What is in a folder, in order; of pipes and locks nothing.
fn append(archive: &mut tar::Builder<zstd::Encoder<'_, Vec<u8>>>, folder: &Path, inside: &Path) {
    let mut names: Vec<_> = std::fs::read_dir(folder.join(inside)).unwrap().map(|entry| entry.unwrap()).collect();
    names.sort_by_key(std::fs::DirEntry::file_name);
    for entry in names {
        let path = inside.join(entry.file_name());
        if entry.path().is_dir() {
            archive.append_dir(&path, entry.path()).unwrap();
            append(archive, folder, &path);
        } else if entry.path().is_file() && !LOCKS.iter().any(|lock| entry.file_name() == *lock) {
            archive.append_path_with_name(entry.path(), &path).unwrap();
        }
    }
}

/// Unpacks what [`pack`] has packed.
fn unpack(archive: &Path, to: &Path) {
    let file = std::fs::File::open(archive).unwrap();
    tar::Archive::new(zstd::Decoder::new(file).unwrap()).unpack(to).unwrap();
}
