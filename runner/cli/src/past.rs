//! A run as its folder tells it: read without its lock, whether it is under way or over.

use std::path::Path;
use std::sync::Arc;

use runner_core::{End, Event, Phase, Plan, State};
use runner_engine::driver::Entry;
use runner_engine::ledger::{self, Follower, Holder, Lock, RunFolder, Runs};
use runner_engine::program::Program;
use runner_engine::run::{self, Record};
use serde::Deserialize;
use serde_json::Value;

use crate::drive::{self, Refusal};
use crate::exit::Exit;

/// Facts of a journal.
pub(crate) type Facts = Vec<ledger::Record<Entry>>;

/// A run that is being looked at.
pub(crate) struct Past {
    pub(crate) folder: RunFolder,
    pub(crate) record: Record,
    pub(crate) program: Program,
    /// The plan with which the journal begins, if the workflow was edited since.
    pub(crate) origin: Option<Arc<Plan>>,
    pub(crate) state: State,
    pub(crate) facts: Facts,
    follower: Follower<Entry>,
}

/// The run that a person means: by its id or a unique prefix, else the newest that has begun.
pub(crate) fn choose(project: &Path, run: Option<&str>) -> Result<RunFolder, Refusal> {
    let runs = Runs::of(project);
    if let Some(prefix) = run {
        return Ok(runs.find(prefix)?);
    }
    let newest = runs.list()?.into_iter().find(RunFolder::has_begun);
    newest.ok_or_else(|| Refusal::new(Exit::Usage, "there are no runs yet").hint("`runner run NAME` starts one"))
}

/// The project that a run's folder lies in: `.runner/runs/<id>` of it.
pub(crate) fn project_of(folder: &RunFolder) -> &Path {
    folder.path().ancestors().nth(3).unwrap_or(folder.path())
}

impl Past {
    /// Reads a run as far as it is written.
    pub(crate) fn open(folder: RunFolder) -> Result<Self, Refusal> {
        let blank = || {
            let message = format!("the run `{}` was killed before it began; it has done nothing", folder.id());
            Refusal::new(Exit::Usage, message).hint("start it anew with `runner run`")
        };
        if !folder.has_begun() {
            return Err(blank());
        }
        let mut follower: Follower<Entry> = Follower::new(folder.path());
        let mut facts = follower.poll()?;
        // That it is damaged is said only once everything before was given; nobody is told half of a run for the whole.
        facts.extend(follower.poll()?);
        let (first, last) = records(&facts);
        let first = first.ok_or_else(blank)?;
        let program = Self::program(&folder, last.unwrap_or(first))?;
        let origin = match last {
            Some(_) => Some(Self::program(&folder, first)?.1.plan),
            None => None,
        };
        let (record, program) = program;
        let mut state = State::new(Arc::clone(origin.as_ref().unwrap_or(&program.plan)));
        for fact in &facts {
            state.apply(&fact.event.event, fact.at);
        }
        drop(state.take_changes());
        Ok(Self { folder, record, program, origin, state, facts, follower })
    }

    /// What a record is of.
    fn program(folder: &RunFolder, record: &Value) -> Result<(Record, Program), Refusal> {
        let record: Record = serde_json::from_value(record.clone()).map_err(|error| {
            Refusal::new(Exit::Ledger, format!("the record of the run `{}` does not decode: {error}", folder.id()))
        })?;
        let record = record.moved(project_of(folder));
        let program = run::program(&record, &drive::registry(project_of(folder))).map_err(|diagnostics| {
            drive::show(&diagnostics);
            let message = format!("the workflow of the run `{}` is not understood any more", folder.id());
            Refusal::new(Exit::Ledger, message).hint("it was made by another version of `runner`")
        })?;
        Ok((record, program))
    }

    /// The facts that were added since the last look, which are folded in.
    pub(crate) fn poll(&mut self) -> Result<Facts, Refusal> {
        let more = self.follower.poll()?;
        for fact in &more {
            self.state.apply(&fact.event.event, fact.at);
        }
        drop(self.state.take_changes());
        if let (_, Some(revised)) = records(&more) {
            self.origin = self.origin.take().or_else(|| Some(Arc::clone(&self.program.plan)));
            (self.record, self.program) = Self::program(&self.folder, revised)?;
        }
        self.facts.extend_from_slice(&more);
        Ok(more)
    }

    /// What becomes of it.
    pub(crate) fn standing(&self) -> Result<Standing, Refusal> {
        let holder = Lock::holder(&self.folder.lock())?;
        Ok(match (self.state.phase(), &holder) {
            (Phase::Ended(end), None) => Standing::Ended(*end),
            (Phase::Interrupting { .. }, Some(_)) => Standing::Stopping,
            (Phase::Cancelling, Some(_)) => Standing::Cancelling,
            (Phase::Undoing, Some(_)) => Standing::Undoing,
            (_, Some(_)) => Standing::Running,
            (_, None) => Standing::Killed,
        })
    }

    /// Its live engine.
    pub(crate) fn engine(&self) -> Result<Option<Holder>, Refusal> {
        Ok(Lock::holder(&self.folder.lock())?)
    }
}

/// What was written down when the run began, and what took its place last.
fn records(facts: &[ledger::Record<Entry>]) -> (Option<&Value>, Option<&Value>) {
    let first = facts.iter().find_map(|fact| match &fact.event.event {
        Event::RunStarted { record, .. } => Some(record),
        _ => None,
    });
    let last = facts.iter().rev().find_map(|fact| match &fact.event.event {
        Event::Revised { revision } => Some(&revision.record),
        _ => None,
    });
    (first, last)
}

/// How a run stands, in one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// An engine lives.
    Running,
    /// An engine lives and stops it, to be resumed.
    Stopping,
    /// An engine lives and ends it for good.
    Cancelling,
    /// An engine lives and undoes it.
    Undoing,
    /// No engine lives and no end was written down.
    Killed,
    /// No engine lives.
    Ended(End),
}

impl Standing {
    /// The word for it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Cancelling => "cancelling",
            Self::Undoing => "undoing",
            Self::Killed => "killed",
            Self::Ended(End::Succeeded) => "succeeded",
            Self::Ended(End::Failed) => "failed",
            Self::Ended(End::TimedOut) => "timed out",
            Self::Ended(End::Paused) => "paused",
            Self::Ended(End::Interrupted) => "interrupted",
            Self::Ended(End::Cancelled) => "cancelled",
            Self::Ended(End::Undone) => "undone",
        }
    }

    /// Whether there is anything to go on with.
    pub(crate) fn is_over(self) -> bool {
        matches!(self, Self::Ended(End::Succeeded | End::Cancelled | End::Undone))
    }

    /// Whether an engine is at it.
    pub(crate) fn is_live(self) -> bool {
        matches!(self, Self::Running | Self::Stopping | Self::Cancelling | Self::Undoing)
    }
}

/// What a list says of a run.
pub(crate) struct Glimpse {
    pub(crate) id: String,
    pub(crate) workflow: String,
    pub(crate) standing: Standing,
    /// When it began, in milliseconds since 1970.
    pub(crate) started: u64,
    /// The last thing that happened to it.
    pub(crate) last: u64,
}

/// As much of a fact as a list needs: decoding no more keeps long lists of long runs quick.
#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    event: String,
    #[serde(default)]
    end: Option<End>,
    #[serde(default)]
    record: Option<Name>,
}

#[derive(Deserialize)]
struct Name {
    #[serde(default)]
    workflow: String,
}

/// What a list says of a run; nothing of one that never began.
pub(crate) fn glimpse(folder: &RunFolder) -> Result<Option<Glimpse>, Refusal> {
    if !folder.has_begun() {
        return Ok(None);
    }
    // The life and the run stand first. Where both ends do not read well, the whole says what is wrong.
    let (head, tail) = match ledger::ends::<Line>(folder.path(), 2, |tail| telling(tail).is_some())? {
        Some(ends) => (ends.head, ends.tail),
        None => (ledger::read::<Line>(folder.path())?, Vec::new()),
    };
    let tail = if tail.is_empty() { &head } else { &tail };
    let Some(first) = head.iter().find(|line| line.event.event == "run_started") else { return Ok(None) };
    let end = telling(tail).filter(|line| line.event.event == "round_ended").and_then(|line| line.event.end);
    let standing = match (Lock::holder(&folder.lock())?, end) {
        (Some(_), _) => Standing::Running,
        (None, Some(end)) => Standing::Ended(end),
        (None, None) => Standing::Killed,
    };
    Ok(Some(Glimpse {
        id: folder.id().to_owned(),
        workflow: first.event.record.as_ref().map(|name| name.workflow.clone()).unwrap_or_default(),
        standing,
        started: first.at,
        last: tail.last().map_or(first.at, |line| line.at),
    }))
}

/// The last of these records that tells whether a round is under way.
fn telling(lines: &[ledger::Record<Line>]) -> Option<&ledger::Record<Line>> {
    // What may be written down of a run that stands still does not.
    lines.iter().rev().find(|line| !matches!(line.event.event.as_str(), "life_started" | "doubt_settled"))
}
