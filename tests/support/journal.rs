//! A run's journal, as it stands in the file: read without the code that wrote it.

use std::path::Path;

use serde_json::Value;

/// The facts of a journal.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// In order.
    pub records: Vec<Record>,
}

/// A fact.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its number.
    pub seq: u64,
    /// When it was written, in milliseconds since 1970.
    pub at: u64,
    /// What happened.
    pub event: Value,
}

impl Record {
    /// What kind of fact it is, such as `attempt_started`.
    pub fn kind(&self) -> &str {
        self.event["event"].as_str().unwrap_or_default()
    }

    /// The step it is about.
    pub fn path(&self) -> &str {
        self.event["path"].as_str().unwrap_or_default()
    }
}

impl Journal {
    /// Reads the whole lines of a run's journal.
    pub fn read(run: &Path) -> Self {
        let bytes = std::fs::read(run.join("journal")).unwrap_or_default();
        let lines = bytes.split(|byte| *byte == b'\n');
        let records = lines.filter_map(|line| {
            let line: Value = serde_json::from_slice(line).ok()?;
            Some(Record { seq: line["seq"].as_u64()?, at: line["at"].as_u64()?, event: line["event"].clone() })
        });
        Self { records: records.collect() }
    }

    /// The facts of a kind.
    pub fn of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Record> {
        self.records.iter().filter(move |record| record.kind() == kind)
    }

    /// The facts of a kind about a step.
    pub fn about<'a>(&'a self, kind: &'a str, path: &'a str) -> impl Iterator<Item = &'a Record> {
        self.of(kind).filter(move |record| record.path() == path)
    }

    /// How many attempts a step had.
    pub fn attempts(&self, path: &str) -> usize {
        self.about("attempt_started", path).count()
    }

    /// How a step ended last: `succeeded`, `failed`, `cancelled` or `skipped`; empty where it has not.
    pub fn status(&self, path: &str) -> &str {
        let mut ends = self.records.iter().rev().filter(|record| record.path() == path);
        let last = ends.find(|record| matches!(record.kind(), "step_finished" | "step_skipped"));
        last.map_or("", |record| record.event["status"].as_str().unwrap_or("skipped"))
    }

    /// How the last round ended; empty while it has not.
    pub fn end(&self) -> &str {
        self.of("round_ended").last().and_then(|record| record.event["end"].as_str()).unwrap_or_default()
    }

    /// The outputs of the workflow.
    pub fn outputs(&self) -> Value {
        self.of("round_ended").last().map(|record| record.event["outputs"].clone()).unwrap_or_default()
    }

    /// The outputs of a step that ended.
    pub fn outputs_of(&self, path: &str) -> Value {
        let named = self.about("step_finished", path).last().map(|record| record.event["outputs"].clone());
        named.filter(|outputs| !outputs.is_null()).unwrap_or_else(|| {
            let last = self.about("attempt_ended", path).last();
            last.map(|record| record.event["result"]["succeeded"]["output"].clone()).unwrap_or_default()
        })
    }

    /// The message with which a step failed last.
    pub fn error_of(&self, path: &str) -> String {
        let last = self.about("step_finished", path).last();
        last.map(|record| record.event["error"]["message"].as_str().unwrap_or_default().to_owned()).unwrap_or_default()
    }

    /// The steps whose attempts were in doubt, once for each time.
    pub fn doubts(&self) -> Vec<String> {
        let ended = self.of("attempt_ended").filter(|record| record.event["result"].get("in_doubt").is_some());
        ended.map(|record| record.path().to_owned()).collect()
    }
}
