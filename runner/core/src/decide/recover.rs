//! A new engine life, a new round, and what a person decides.

use super::Machine;
use crate::evaluate::Evaluate;
use crate::event::{AttemptResult, End, Event, Settled};
use crate::input::Found;
use crate::path::Path;
use crate::plan::Interrupted;
use crate::state::{Doing, Node, NodeId, Phase, Status};

impl Machine {
    /// What became of the attempts in flight is known.
    pub(super) fn recovered(&mut self, mut found: Vec<(Path, u32, Found)>, evaluate: &dyn Evaluate) {
        if std::mem::replace(&mut self.recovered, true) {
            return;
        }
        let in_flight: Vec<_> = self.state.in_flight().collect();
        let mut ended = Vec::new();
        for (id, attempt) in in_flight {
            let path = self.state.node(id).path.clone();
            let known = found.iter().position(|(of, number, _)| (of, *number) == (&path, attempt));
            let result = match known.map(|at| found.swap_remove(at).2) {
                Some(Found::Running) => continue,
                Some(Found::Ended(result)) if self.state.node(id).leaf().is_some_and(|leaf| leaf.service.is_some()) => {
                    result
                }
                Some(Found::Ended(result)) => self.told(id, result),
                None => AttemptResult::InDoubt { why: "its engine died".to_owned() },
            };
            ended.push((id, path, attempt, result));
        }
        self.doubt_what_ran_too_early(&mut ended);
        for (_, path, attempt, result) in ended {
            self.emit(Event::AttemptEnded { path, attempt, result });
        }
        self.take_up(evaluate);
    }

    /// A person wants a run to go on that stands still; `answered`: what it waited for was answered.
    pub(super) fn resume(&mut self, answered: bool, evaluate: &dyn Evaluate) {
        let resumable = [End::Failed, End::TimedOut, End::Paused, End::Interrupted, End::Undone];
        // One that had succeeded goes on where an edit has opened it again.
        let opened = self.state.root().is_some_and(|root| !self.state.node(root).status.is_end());
        let goes_on = |end: &End| resumable.contains(end) || *end == End::Succeeded && opened;
        let Phase::Ended(end) = *self.state.phase() else { return };
        if goes_on(&end) {
            let goes_on = answered && end == End::Paused;
            self.emit(Event::RoundStarted { round: self.state.round() + 1, goes_on });
            self.take_up(evaluate);
        }
    }

    /// Looks at every node, and first at services that are gone, for nothing that needs them goes on without them.
    pub(super) fn take_up(&mut self, evaluate: &dyn Evaluate) {
        self.find_lost(evaluate);
        self.wake_services();
        self.touch_all();
    }

    /// Finds outputs that are lost and still needed. To have some again, others may be needed that are lost, too.
    fn find_lost(&mut self, evaluate: &dyn Evaluate) {
        while *self.state.phase() == Phase::Running {
            let lost = evaluate.lost(&self.state);
            if lost.is_empty() {
                break;
            }
            for (path, why) in lost {
                self.emit(Event::OutputsLost { path, why });
            }
        }
    }

    /// A person decided about an attempt in doubt.
    pub(super) fn settle(&mut self, path: &Path, settled: Settled) {
        let Some(id) = self.state.find(path) else { return };
        if let Some(attempt) = self.in_doubt(id).or_else(|| self.stuck(id)) {
            self.emit(Event::DoubtSettled { path: path.clone(), attempt, settled });
            // What waited for this person may go on, and with it what needs a service that nothing needed meanwhile.
            self.wake_services();
        }
    }

    fn in_doubt(&self, id: NodeId) -> Option<u32> {
        match self.state.node(id).leaf()?.doing {
            Doing::InDoubt { attempt, .. }
                if self.state.node(id).status == Status::Active || self.state.is_being_undone(id) =>
            {
                Some(attempt)
            }
            _ => None,
        }
    }

    /// Ends the run for good: also one that stands still.
    pub(super) fn cancel(&mut self, by: String, evaluate: &dyn Evaluate) {
        let over = [End::Succeeded, End::Cancelled];
        let standing = match self.state.phase() {
            Phase::Blank | Phase::Cancelling => return,
            Phase::Ended(end) if over.contains(end) => return,
            Phase::Ended(_) => true,
            _ => false,
        };
        // In this order: should only the first become durable, the next round ends the run all the same.
        self.emit(Event::CancelRequested { by });
        if standing {
            self.emit(Event::RoundStarted { round: self.state.round() + 1, goes_on: false });
        }
        self.take_up(evaluate);
    }
}

impl Machine {
    /// The steps that wait for a person, with the attempt in doubt.
    pub fn doubts(&self) -> Vec<(Path, u32)> {
        let in_doubt = |(id, node): (NodeId, &Node)| {
            let waits = !matches!(node.leaf()?.doing, Doing::InDoubt { repeat: true, .. });
            let asks = match node.status {
                Status::Active => self.interrupted_rule(id) == Interrupted::Stop,
                _ => !self.undo_repeats(id),
            };
            (waits && asks).then(|| Some((node.path.clone(), self.in_doubt(id)?))).flatten()
        };
        self.state.nodes().filter_map(in_doubt).collect()
    }
}
