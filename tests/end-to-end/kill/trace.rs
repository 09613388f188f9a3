//! What the steps left outside of the engine: `effects/NAME`, a line for each thing that happened.

use std::collections::BTreeMap;
use std::path::Path;

/// What one step left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trace {
    /// Attempts that began, by process number.
    pub(super) begun: Vec<String>,
    /// Attempts whose effect is there.
    pub(super) done: Vec<String>,
    /// How often an attempt found another one alive.
    pub(super) beside: usize,
}

/// The traces of all steps, by name.
pub(super) type Traces = BTreeMap<String, Trace>;

/// Reads what the steps left.
pub(super) fn read(project: &Path) -> Traces {
    let entries = std::fs::read_dir(project.join("effects")).unwrap().flatten();
    entries.map(|entry| (entry.file_name().into_string().unwrap(), trace(&entry.path()))).collect()
}

/// What one step left; nothing where it never began.
pub(super) fn trace(file: &Path) -> Trace {
    let mut trace = Trace::default();
    for line in std::fs::read_to_string(file).unwrap_or_default().lines() {
        match line.split_once(' ') {
            Some(("begin", pid)) => trace.begun.push(pid.to_owned()),
            Some(("end", pid)) => trace.done.push(pid.to_owned()),
            _ => trace.beside += 1,
        }
    }
    trace
}
