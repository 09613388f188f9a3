//! What the steps left outside of the engine: `effects`, a line for each thing that happened, in order.

use std::collections::BTreeMap;
use std::path::Path;

/// What one step left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Trace {
    /// Attempts that began: process number, and the place in the file.
    pub(crate) begun: Vec<(String, usize)>,
    /// Attempts whose effect is there.
    pub(crate) done: Vec<(String, usize)>,
    /// How often an attempt found another one alive.
    pub(crate) beside: usize,
}

/// The traces of all steps, by name.
pub(crate) type Traces = BTreeMap<String, Trace>;

/// Reads what the steps left.
pub(crate) fn read(project: &Path) -> Traces {
    let mut traces = Traces::new();
    let text = std::fs::read_to_string(project.join("effects")).unwrap_or_default();
    for (place, line) in text.lines().enumerate() {
        let words: Vec<&str> = line.split(' ').collect();
        let [what, name, pid] = words[..] else { panic!("not a trace: {line}") };
        let trace = traces.entry(name.to_owned()).or_default();
        match what {
            "begin" => trace.begun.push((pid.to_owned(), place)),
            "end" => trace.done.push((pid.to_owned(), place)),
            _ => trace.beside += 1,
        }
    }
    traces
}
