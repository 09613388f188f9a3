//! A line of a run's journal: a fact, and of an attempt what is needed to finish it, where its output lies and what was
//! executed.

use runner_core::Event;
use runner_keeper::protocol::{Range, Ranges};
use serde::{Deserialize, Serialize};

use crate::cache::Word;
use crate::evaluate::Recorded;

/// What one record of the journal holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// The fact.
    #[serde(flatten)]
    pub event: Event,
    /// Of an attempt that ended: where its output lies.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogRange>,
    /// Of a process attempt that failed or is in doubt: its command as a person would type it, secrets masked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub command: Option<String>,
    /// Of an attempt at a step with `cache:` that ended: whether the cache had it, or why not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache: Option<Word>,
    /// Of an attempt that began: what finishes it, where a later life might not be able to make that again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub definition: Option<Box<Recorded>>,
}

impl From<Event> for Entry {
    fn from(event: Event) -> Self {
        Self { event, log: None, command: None, cache: None, definition: None }
    }
}

/// Where the output of an attempt lies: ranges of a lane's files in the run's `lanes` folder.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogRange {
    /// The lane: what the files are named by.
    pub lane: String,
    /// Of `LANE.out`; not written down where there is nothing.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub out: Range,
    /// Of `LANE.data`; not written down where there is nothing.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub data: Range,
    /// Of `LANE.progress`; not written down where there is nothing.
    #[serde(default, skip_serializing_if = "is_empty")]
    pub progress: Range,
    /// Where what was captured is sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed: Option<SealedData>,
}

/// What is known of sealed output.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedData {
    /// Whether it may be shown: all of it was looked through, there is no secret in it, and its step makes none.
    pub shown: bool,
    /// The secrets of others that are in it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
}

impl From<Ranges> for LogRange {
    fn from(ranges: Ranges) -> Self {
        let lane = ranges.lane.to_string();
        Self { lane, out: ranges.out, data: ranges.data, progress: ranges.progress, sealed: None }
    }
}

fn is_empty(range: &Range) -> bool {
    range.length() == 0
}
