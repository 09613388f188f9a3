//! Attempts that are permitted ahead of their turn: the keeper has them, and lets go of them by itself.
//!
//! It does so on what it sees: exit codes, and the places that it was told there are. Where only the engine knows how
//! something ended it is told so, and where something failed it is told to take back what it has not let go.

use std::collections::BTreeSet;

use runner_core::{Ahead, AttemptResult, Event, Kind, Path, Status};
use runner_keeper::protocol::{PERMITS, Request, Start};

use super::{DriveError, Driver, Whereabouts};

/// What the keeper may have that it has not let go, and what it is to be told about it.
#[derive(Debug, Default)]
pub(super) struct Permitted {
    /// Attempts that it may still hold.
    held: BTreeSet<u64>,
    /// The places that it was told last.
    places: Option<u64>,
    /// Whether something ended as the keeper cannot know: well, or not.
    ended: Option<Ended>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Ended {
    Well,
    Otherwise,
}

impl Permitted {
    /// A keeper was met that has been told nothing yet, and has nothing.
    pub(super) fn begin(&mut self) {
        *self = Self::default();
    }

    /// An attempt runs, or is over.
    pub(super) fn is_gone(&mut self, seq: u64) {
        self.held.remove(&seq);
    }

    /// Follows the facts. `coded`: whether the exit code of the attempt that it is about tells the keeper what it needs.
    pub(super) fn note(&mut self, event: &Event, coded: bool) {
        let ended = match event {
            Event::AttemptEnded { result: AttemptResult::NotStarted, .. }
            | Event::StepFinished { status: Status::Succeeded, .. } => return,
            Event::AttemptEnded { result: AttemptResult::Succeeded { .. }, .. } if coded => return,
            Event::AttemptEnded { result: AttemptResult::Succeeded { .. }, .. } => Ended::Well,
            Event::AttemptEnded { .. } | Event::StepFinished { .. } | Event::ServiceLost { .. } => Ended::Otherwise,
            _ => return,
        };
        self.ended = self.ended.max(Some(ended));
    }
}

impl Driver<'_> {
    /// Follows the facts, for what the keeper cannot know of them.
    pub(super) fn note_end(&mut self, event: &Event) {
        let coded = if let Event::AttemptEnded { path, attempt, .. } = event {
            self.flights.get(&(path.clone(), *attempt)).is_some_and(|flight| flight.coded)
        } else {
            false
        };
        self.permitted.note(event, coded);
    }

    /// What an attempt that was permitted ahead is to follow; `None` where it starts at once. Asked when it becomes a fact:
    /// by the time it is acted on, what it follows may have ended either way.
    pub(super) fn behind(&self, path: &Path) -> Option<Vec<u64>> {
        let state = self.machine.state();
        let id = state.find(path)?;
        if state.node(id).leaf()?.ahead == Ahead::No {
            return None;
        }
        let open = state.needs_of(id).map(|need| state.node(need)).filter(|need| !need.status.is_end());
        Some(open.filter_map(|need| Some(self.flights.get(&(need.path.clone(), need.attempts()))?.seq)).collect())
    }

    /// Whether an attempt of a step counts against the run's parallelism.
    pub(super) fn takes_place(&self, path: &Path) -> bool {
        let state = self.machine.state();
        let step = state.find(path).and_then(|id| state.step(id));
        matches!(step.map(|step| &step.kind), Some(Kind::Leaf(leaf)) if !leaf.waits && !leaf.service)
    }

    /// Sends a start, and before one that waits for a place how many there are.
    pub(super) async fn send_start(&mut self, start: Start) -> Result<(), DriveError> {
        if start.behind.is_some() {
            self.tell_places(false).await?;
            self.permitted.held.insert(start.attempt);
        }
        self.keeper().await?.send(&Request::Start(Box::new(start))).await;
        Ok(())
    }

    /// Places that processes may have: what work inside the engine does not take.
    async fn tell_places(&mut self, again: bool) -> Result<(), DriveError> {
        let inside = self.flights.iter().filter(|(_, flight)| matches!(flight.place, Whereabouts::Task(_)));
        let inside = inside.filter(|((path, _), _)| self.takes_place(path)).count();
        let most = self.machine.state().parallel().saturating_sub(inside) as u64;
        if again || self.permitted.places != Some(most) {
            self.keeper().await?.send(&Request::Places { most }).await;
            self.permitted.places = Some(most);
        }
        Ok(())
    }

    /// Tells the keeper what follows from the facts that were just acted on for what it holds back.
    pub(super) async fn tell_of_ends(&mut self) -> Result<(), DriveError> {
        let ended = self.permitted.ended.take();
        if self.permitted.held.is_empty() || self.link.is_none() {
            return Ok(());
        }
        match ended {
            Some(Ended::Otherwise) => self.keeper().await?.send(&Request::Recall).await,
            Some(Ended::Well) => self.tell_places(true).await?,
            None => {}
        }
        Ok(())
    }

    /// The keeper has taken back what it had not let go.
    pub(super) fn taken_back(&mut self, attempts: &[u64]) -> Result<(), DriveError> {
        for seq in attempts {
            self.permitted.is_gone(*seq);
            if let Some((path, attempt)) = self.by_seq.get(seq).cloned() {
                self.finished(path, attempt, AttemptResult::NotStarted, None)?;
            }
        }
        Ok(())
    }

    /// A keeper was met: whether it can hold attempts back depends on its age.
    pub(super) fn met_keeper(&mut self) {
        self.permitted.begin();
        if let Some(link) = &self.link {
            self.evaluator.permit(link.protocol >= PERMITS);
        }
    }
}
