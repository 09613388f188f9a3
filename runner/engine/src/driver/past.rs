//! What is left of earlier lives of a run: the checkpoint if it can be believed, and the journal behind it.

use std::collections::BTreeMap;
use std::sync::Arc;

use runner_core::{Comparison, End, Event, Path, Plan, State, compare};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::DriveError;
use super::entry::Entry;
use crate::evaluate::{self, Captured, Evaluator, Groups, Large, Recorded};
use crate::ledger::{self, Blobs, Checkpoint, Journal, LedgerError, Mark, Opening, Record, RunFolder};
use crate::run::{Record as RunRecord, Run};
use crate::seal::Seals;

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

    pub(super) fn folder(&self) -> &std::path::Path {
        self.folder.path()
    }

    /// What is written down of what the run is made of, as it stands now; `None` where it was killed before it began.
    pub fn record(&self) -> Option<Value> {
        let revised = self.records.iter().rev().find_map(|record| match &record.event.event {
            Event::Revised { revision } => Some(revision.record.clone()),
            _ => None,
        });
        revised.or_else(|| self.origin())
    }

    /// The same, as it stood when the records that are there begin.
    fn origin(&self) -> Option<Value> {
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
    fn begin(&mut self, plan: &Arc<Plan>) -> Result<(State, InFlight), LedgerError> {
        let Some(kept) = &self.checkpoint else { return Ok((State::new(Arc::clone(plan)), InFlight::default())) };
        if let Some(state) = State::restore(Arc::clone(plan), &kept.entries) {
            return Ok((state, InFlight::of(&kept.entries)));
        }
        self.forget_checkpoint()?;
        Ok((State::new(Arc::clone(plan)), InFlight::default()))
    }

    fn forget_checkpoint(&mut self) -> Result<(), LedgerError> {
        self.checkpoint = None;
        self.records = ledger::read::<Entry>(self.folder.path())?;
        Ok(())
    }

    fn is_revised(&self) -> bool {
        self.records.iter().any(|record| matches!(record.event.event, Event::Revised { .. }))
    }

    /// Folds what is left to the run's state. `run` is made of the record as it stands now; `of` makes one of an earlier
    /// record, for attempts that began before an edit and are still under way, or in doubt.
    pub fn fold(
        mut self,
        run: &Run,
        seals: Seals,
        of: &dyn Fn(RunRecord) -> Option<Run>,
    ) -> Result<Folded, DriveError> {
        if run.record.revision > 0 && self.checkpoint.is_some() {
            let probe = State::restore(
                Arc::clone(&run.program.plan),
                self.checkpoint.as_ref().map_or(&BTreeMap::new(), |kept| &kept.entries),
            );
            // What the checkpoint's attempts were made of stands in the journal before it.
            if self.is_revised() || probe.is_none_or(|state| !evaluate::open(&state).is_empty()) {
                self.forget_checkpoint()?;
            }
        }
        let mut made_of = if self.is_revised() {
            self.origin().and_then(|origin| serde_json::from_value(origin).ok()).and_then(of)
        } else {
            None
        };
        let origin = made_of.as_ref().map(|made: &Run| Arc::clone(&made.program.plan));
        let (mut state, mut in_flight) = self.begin(origin.as_ref().unwrap_or(&run.program.plan))?;
        let (large, mut captured) = (Large::new(Blobs::of(self.folder.path())), Captured::new());
        for record in &self.records {
            in_flight.note(record);
            if let Event::Revised { revision } = &record.event.event {
                if let Some(made) = &made_of {
                    captured = capture(made, &state, &large, &seals, &captured);
                }
                made_of = serde_json::from_value(revision.record.clone()).ok().and_then(of);
            }
            state.apply(&record.event.event, record.at);
        }
        drop(state.take_changes());
        let still: std::collections::BTreeSet<_> =
            evaluate::open(&state).into_iter().map(|(id, attempt, _)| (state.node(id).path.clone(), attempt)).collect();
        captured.retain(|key, _| still.contains(key));
        Ok(Folded { past: self, state, in_flight, captured, seals, origin })
    }
}

/// What an earlier program makes of the attempts that are under way or in doubt, besides what is known of them.
fn capture(run: &Run, state: &State, large: &Large, seals: &Seals, known: &Captured) -> Captured {
    let evaluator = Evaluator::new(
        Arc::clone(&run.program),
        Arc::clone(&run.facts),
        large.clone(),
        seals.clone(),
        Groups::default(),
    );
    evaluator.adopt(known);
    evaluator.capture(state)
}

/// A run as its earlier lives left it.
pub struct Folded {
    pub(super) past: Past,
    pub(super) state: State,
    pub(super) in_flight: InFlight,
    /// The definitions of attempts that began before the workflow was edited.
    pub(super) captured: Captured,
    pub(super) seals: Seals,
    /// The plan with which the records begin, if that is not the plan as it stands now.
    pub origin: Option<Arc<Plan>>,
}

impl Folded {
    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// Whether the run is to end, or to be undone: then it does so as what it was recorded as.
    pub fn is_ending(&self) -> bool {
        self.state.is_ending()
    }

    /// What becomes of the run if it goes on as another: `recorded` is what it was made of, `run` what it is to be made of.
    pub fn compare(
        &self,
        recorded: &Run,
        run: &Run,
        (renamed, again): (&[(Path, Path)], &[Path]),
    ) -> Result<Comparison, DriveError> {
        let large = Large::new(Blobs::of(self.past.folder()));
        let same = run.record.is_as(&recorded.record);
        let (program, facts) = (Arc::clone(&run.program), Arc::clone(&run.facts));
        let evaluator =
            Evaluator::new(program, facts, large, self.seals.clone(), Groups::default()).comparing(renamed, same);
        let record = serde_json::to_value(&run.record).map_err(|error| DriveError::encode(&error))?;
        Ok(compare(&self.state, &run.program.plan, record, (renamed, again), &evaluator))
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
