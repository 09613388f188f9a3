//! What is remembered of a step, in a file of its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Files;
use crate::beside;
use crate::evaluate::fingerprint;

const VERSION: u32 = 1;
/// How many are kept of a step: one may go back and forth between a few versions of its inputs.
const KEPT: usize = 4;

/// What is remembered of a step, the newest first.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Memory {
    v: u32,
    /// The workflow's name.
    pub workflow: String,
    /// The step's path.
    pub step: String,
    /// The times it was done.
    pub entries: Vec<Entry>,
}

/// A time that a step was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// When, in milliseconds since 1970.
    pub at: u64,
    /// The run that did it.
    pub run: String,
    /// What its definition hashed to.
    pub fingerprint: String,
    /// The values under its `cache.inputs`, secrets by reference.
    pub values: Vec<String>,
    /// What it read.
    pub inputs: Files,
    /// What it made.
    pub outputs: Files,
    /// What it gave.
    pub output: Value,
}

impl Memory {
    /// What is remembered of a step; nothing where that cannot be read or is of another version.
    pub fn read(home: &Path, workflow: &str, step: &str) -> Self {
        let known = read(&file(home, workflow, step)).filter(|known| known.workflow == workflow && known.step == step);
        let new = || Self { v: VERSION, workflow: workflow.into(), step: step.into(), entries: Vec::new() };
        known.unwrap_or_else(new)
    }

    /// Remembers one more; whole or not at all.
    pub fn add(home: &Path, workflow: &str, step: &str, entry: Entry) -> io::Result<()> {
        let mut memory = Self::read(home, workflow, step);
        let same = |of: &Entry| {
            (&of.fingerprint, &of.values, &of.inputs) == (&entry.fingerprint, &entry.values, &entry.inputs)
        };
        memory.entries.retain(|of| !same(of));
        memory.entries.insert(0, entry);
        memory.entries.truncate(KEPT);
        beside::write(&file(home, workflow, step), &serde_json::to_vec(&memory)?)
    }
}

/// Everything that is remembered, by workflow and step.
pub fn list(home: &Path) -> io::Result<Vec<Memory>> {
    let mut found: Vec<_> = files(home)?.iter().filter(|path| is_whole(path)).filter_map(|path| read(path)).collect();
    found.sort_by(|a, b| (&a.workflow, &a.step).cmp(&(&b.workflow, &b.step)));
    Ok(found)
}

/// Forgets what is remembered of the steps that `which` names, by workflow and step; how many they are. What cannot be read
/// goes too.
pub fn clear(home: &Path, which: impl Fn(&str, &str) -> bool) -> io::Result<usize> {
    let mut gone = 0;
    for path in files(home)? {
        let known = read(&path);
        if known.as_ref().is_none_or(|known| which(&known.workflow, &known.step)) {
            fs::remove_file(&path)?;
            gone += usize::from(known.is_some() && is_whole(&path));
        }
    }
    Ok(gone)
}

fn read(path: &Path) -> Option<Memory> {
    let text = fs::read(path).ok()?;
    serde_json::from_slice::<Memory>(&text).ok().filter(|memory| memory.v == VERSION)
}

fn files(home: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder(home)) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// Whether it is no beginning of one that a killed process left.
fn is_whole(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "json")
}

fn folder(home: &Path) -> PathBuf {
    home.join("cache")
}

fn file(home: &Path, workflow: &str, step: &str) -> PathBuf {
    let name = fingerprint::of_bytes(format!("{workflow}\0{step}").as_bytes());
    folder(home).join(format!("{name}.json"))
}
