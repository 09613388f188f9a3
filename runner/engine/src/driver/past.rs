//! What is left of earlier lives of a run: the checkpoint if it can be believed, and the journal behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use runner_core::{End, Event, Path, Plan, State};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::entry::Entry;
use crate::evaluate::Recorded;
use crate::ledger::{self, Checkpoint, Journal, LedgerError, Mark, Opening, Record, RunFolder};

/// The key under which a checkpoint holds an attempt in flight, before its sequence.
const FLIGHT: &str = "flight/";

/// What is left of earlier lives of a run.
#[derive(Debug)]
pub struct Past {
    /// The journal, ready to append.
    pub(super) journal: Journal,
    /// Its records behind the checkpoint, or all.
    pub(super) records: Vec<Record<Entry>>,
    /// The checkpoint, with what it holds.
    pub(super) checkpoint: Option<Kept>,
    folder: RunFolder,
}

/// A checkpoint that adds up.
#[derive(Debug)]
pub(super) struct Kept {
    pub(super) checkpoint: Checkpoint,
    pub(super) entries: BTreeMap<String, Vec<u8>>,
    pub(super) mark: Mark,
}

/// The attempts in flight.
#[derive(Clone, Debug, Default)]
pub(super) struct InFlight {
    pub(super) known: BTreeMap<(Path, u32), Begun>,
    boot: String,
}

/// What is known of an attempt in flight.
#[derive(Clone, Debug)]
pub(super) struct Begun {
    /// Its number towards the keeper.
    pub(super) seq: u64,
    /// The boot it began in.
    pub(super) boot: String,
    /// What finishes it, where that was written down.
    pub(super) definition: Option<Box<Recorded>>,
}

/// An attempt in flight, as a checkpoint holds it.
#[derive(Serialize, Deserialize)]
struct FlightEntry {
    path: Path,
    attempt: u32,
    boot: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    definition: Option<Box<Recorded>>,
}

impl Past {
    /// Opens what is left. The run's lock is held by the caller.
    pub fn open(folder: &RunFolder) -> Result<Self, LedgerError> {
        let checkpoint = match folder.checkpoint().exists().then(|| Checkpoint::open(&folder.checkpoint())) {
            // A damaged database may open as an empty one.
            Some(Ok(Opening::Ready { checkpoint, entries })) if entries.contains_key("record") => {
                let mark = checkpoint.mark();
                Some(Kept { checkpoint, entries, mark })
            }
            // One that cannot be believed is made anew behind the journal, which is the truth.
            Some(Ok(_) | Err(_)) | None => None,
        };
        let mark = checkpoint.as_ref().map_or(Mark::BEGIN, |kept| kept.mark);
        let opened = Journal::open_from(folder.path(), mark)?;
        Ok(Self { journal: opened.journal, records: opened.records, checkpoint, folder: folder.clone() })
    }

    /// What was written down of the run when it began; `None` where it was killed before that.
    pub fn record(&self) -> Option<Value> {
        if let Some(kept) = &self.checkpoint {
            return kept.entries.get("record").and_then(|bytes| serde_json::from_slice(bytes).ok());
        }
        self.records.iter().take(2).find_map(|record| match &record.event.event {
            Event::RunStarted { record, .. } => Some(record.clone()),
            _ => None,
        })
    }

    /// How the last round ended; `None` where it did not.
    pub fn end(&self) -> Option<End> {
        let told = self.records.iter().rev().find_map(|record| match &record.event.event {
            Event::RoundEnded { end, .. } => Some(Some(*end)),
            Event::RoundStarted { .. } => Some(None),
            _ => None,
        });
        match (told, &self.checkpoint) {
            (Some(end), _) => end,
            (None, Some(kept)) => {
                let whole: Option<Value> =
                    kept.entries.get("state").and_then(|bytes| serde_json::from_slice(bytes).ok());
                let end = whole.and_then(|whole| whole["phase"].get("Ended").cloned());
                end.and_then(|end| serde_json::from_value(end).ok())
            }
            (None, None) => None,
        }
    }

    /// The records before those behind the checkpoint, for who wants to see all.
    pub(super) fn earlier(&self) -> Result<Vec<Record<Entry>>, LedgerError> {
        let Some(kept) = &self.checkpoint else { return Ok(Vec::new()) };
        let mut records = ledger::read::<Entry>(self.folder.path())?;
        records.retain(|record| record.seq <= kept.mark.seq);
        Ok(records)
    }

    /// The state up to the checkpoint, and what was in flight then. A checkpoint that does not fit the plan is not used.
    pub(super) fn begin(&mut self, plan: &Arc<Plan>) -> Result<(State, InFlight), LedgerError> {
        let Some(kept) = &self.checkpoint else { return Ok((State::new(Arc::clone(plan)), InFlight::default())) };
        if let Some(state) = State::restore(Arc::clone(plan), &kept.entries) {
            return Ok((state, InFlight::of(&kept.entries)));
        }
        self.checkpoint = None;
        self.records = ledger::read::<Entry>(self.folder.path())?;
        Ok((State::new(Arc::clone(plan)), InFlight::default()))
    }
}

impl InFlight {
    fn of(entries: &BTreeMap<String, Vec<u8>>) -> Self {
        let mut in_flight = Self::default();
        for (key, bytes) in entries.range(FLIGHT.to_owned()..).take_while(|(key, _)| key.starts_with(FLIGHT)) {
            let seq = key[FLIGHT.len()..].parse().ok();
            if let (Some(seq), Ok(flight)) = (seq, serde_json::from_slice::<FlightEntry>(bytes)) {
                in_flight.boot.clone_from(&flight.boot);
                let FlightEntry { path, attempt, boot, definition } = flight;
                in_flight.known.insert((path, attempt), Begun { seq, boot, definition });
            }
        }
        if let Some(boot) = entries.get("boot") {
            in_flight.boot = String::from_utf8_lossy(boot).into_owned();
        }
        in_flight
    }

    /// Follows the journal.
    pub(super) fn note(&mut self, record: &Record<Entry>) {
        match &record.event.event {
            Event::LifeStarted { boot, .. } => self.boot.clone_from(boot),
            Event::AttemptStarted { path, attempt, .. } => {
                let definition = record.event.definition.clone();
                let begun = Begun { seq: record.seq, boot: self.boot.clone(), definition };
                self.known.insert((path.clone(), *attempt), begun);
            }
            Event::AttemptEnded { path, attempt, .. } => {
                self.known.remove(&(path.clone(), *attempt));
            }
            _ => {}
        }
    }
}

/// A flight as a checkpoint holds it.
pub(super) fn flight_entry(begun: Begun, path: &Path, attempt: u32) -> (String, Vec<u8>) {
    let Begun { seq, boot, definition } = begun;
    let entry = FlightEntry { path: path.clone(), attempt, boot, definition };
    (flight_key(seq), serde_json::to_vec(&entry).unwrap_or_default())
}

/// The key of a flight.
pub(super) fn flight_key(seq: u64) -> String {
    format!("{FLIGHT}{seq:020}")
}
