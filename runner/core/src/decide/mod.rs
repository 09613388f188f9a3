//! What follows from what happened.
//!
//! [`Machine::handle`] takes one input, makes facts of it, and follows each fact to the nodes it concerns until nothing
//! more follows. Which nodes are still to be looked at is kept in an agenda that is empty again at the end: it is no state,
//! and a new engine life begins with all nodes on it. So a torn last flush, which cuts the facts of one input short, is
//! made good by the same code.

mod ahead;
mod body;
mod leaf;
mod question;
mod recover;
mod service;
mod start;
mod stop;
mod undo;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use crate::effect::Change;
use crate::evaluate::Evaluate;
use crate::event::{End, Event};
use crate::input::Input;
use crate::plan::{Interrupted, Kind, Plan};
use crate::state::{Answer, Doing, Form, NodeId, Phase, Role, Stage, State, Status};

/// A run that decides.
#[derive(Clone, Debug)]
pub struct Machine {
    state: State,
    agenda: VecDeque<NodeId>,
    on_agenda: BTreeSet<NodeId>,
    /// Steps that could start but for the lack of a slot, first come, first served.
    queue: VecDeque<NodeId>,
    queued: BTreeSet<NodeId>,
    /// The one that is first in line and is being looked at.
    first: Option<NodeId>,
    /// Steps that could be permitted ahead, but for those that are.
    later: BTreeSet<NodeId>,
    /// Items that could start but for their foreach's `max_parallel`.
    waiting: BTreeMap<NodeId, BTreeSet<NodeId>>,
    /// Steps that could go on but for something they need.
    held_back: BTreeSet<NodeId>,
    /// Whether the plan has a service.
    serves: bool,
    /// Groups and callees that could be entered but for what another holds.
    barred: BTreeSet<NodeId>,
    /// Whether somebody answers questions as they are asked, so that the run need not pause for them.
    attended: bool,
    /// Whether it is known what became of the attempts in flight.
    recovered: bool,
    events: Vec<Event>,
    now: u64,
}

impl Machine {
    /// A run of `plan` of which nothing is known yet.
    pub fn new(plan: Arc<Plan>) -> Self {
        Self::of(State::new(plan))
    }

    /// A run in a state that was folded from its journal. Feed it [`Input::Life`] and [`Input::Recovered`] next.
    pub fn of(state: State) -> Self {
        let recovered = is_over(&state);
        Self {
            serves: undo::serves(state.plan()),
            attended: false,
            state,
            queued: BTreeSet::new(),
            first: None,
            later: BTreeSet::new(),
            waiting: BTreeMap::new(),
            held_back: BTreeSet::new(),
            barred: BTreeSet::new(),
            recovered,
            agenda: VecDeque::new(),
            on_agenda: BTreeSet::new(),
            queue: VecDeque::new(),
            events: Vec::new(),
            now: 0,
        }
    }

    /// The state.
    pub fn state(&self) -> &State {
        &self.state
    }

    /// The pieces of the state that changed since this was last asked: see [`State::take_snapshot`].
    pub fn take_snapshot(&mut self) -> Vec<(String, Vec<u8>)> {
        self.state.take_snapshot()
    }

    /// How the set of effects changed since this was last asked. Act on it once the facts are durable.
    pub fn take_changes(&mut self) -> Vec<Change> {
        self.state.take_changes()
    }

    /// Makes facts of an input that arrived at `now` (milliseconds since 1970). They are applied already; make them
    /// durable before acting on the changed effects.
    pub fn handle(&mut self, input: Input, now: u64, evaluate: &dyn Evaluate) -> Vec<Event> {
        self.now = now;
        self.receive(input, evaluate);
        loop {
            while let Some(id) = self.agenda.pop_front() {
                self.on_agenda.remove(&id);
                self.advance(id, evaluate);
            }
            if self.agenda.is_empty() {
                self.call_next(evaluate);
            }
            if self.agenda.is_empty() && !self.stand_still() {
                break;
            }
        }
        std::mem::take(&mut self.events)
    }

    fn receive(&mut self, input: Input, evaluate: &dyn Evaluate) {
        let under_way = !matches!(self.state.phase(), Phase::Blank | Phase::Ended(_));
        match input {
            Input::Start { record, seed, parallel } if *self.state.phase() == Phase::Blank => {
                self.emit(Event::RunStarted { record, seed, parallel });
                self.touch_all();
            }
            Input::Life { epoch, pid, boot } if epoch > self.state.epoch() => {
                self.emit(Event::LifeStarted { epoch, pid, boot });
            }
            // What ends for good, or is undone, does so as it was.
            Input::Revise { revision } if !matches!(self.state.phase(), Phase::Blank) && !self.state.is_ending() => {
                self.emit(Event::Revised { revision });
            }
            Input::Recovered { found } => self.recovered(found, evaluate),
            Input::Resume => self.resume(false, evaluate),
            Input::GoOn => self.resume(true, evaluate),
            Input::Announced { path, attempt, output } if under_way => {
                self.announced(&path, attempt, output, evaluate);
            }
            Input::Finished { path, attempt, result } if under_way => self.finished(&path, attempt, result),
            Input::TimerFired { timer } if under_way => {
                if let Some(owner) = self.state.timer_owner(timer) {
                    let path = self.state.node(owner).path.clone();
                    self.emit(Event::TimerFired { timer, path });
                    self.touch_within(owner);
                }
            }
            Input::Free if under_way => self.touch_barred(),
            Input::Settle { path, settled } => self.settle(&path, settled),
            Input::Answer { path, by, approved, comment, output } => {
                self.answer(path, Answer { by, approved, comment, output });
            }
            Input::Interrupt { kill, by } if under_way => {
                let (same, killing) = (Phase::Interrupting { kill }, Phase::Interrupting { kill: true });
                if *self.state.phase() != same && *self.state.phase() != killing {
                    self.emit(Event::InterruptRequested { kill, by });
                }
            }
            Input::Cancel { by } => self.cancel(by, evaluate),
            Input::Undo { by, to } => self.undo(by, to, evaluate),
            _ => {}
        }
    }

    /// Applies a fact and puts the nodes it concerns on the agenda.
    fn emit(&mut self, event: Event) {
        let halted = match &event {
            Event::StepFinished { path, .. } | Event::StepSkipped { path, .. } => {
                self.state.find(path).is_some_and(|id| self.is_halted(id))
            }
            _ => false,
        };
        self.state.apply(&event, self.now);
        let path = match &event {
            Event::StepFinished { path, .. } | Event::StepSkipped { path, .. } => {
                if let Some(id) = self.state.find(path) {
                    self.touch_followers(id, halted);
                }
                None
            }
            Event::StepExpanded { path, .. } | Event::StepEntered { path, .. } | Event::FinallyStarted { path } => {
                if let Some(id) = self.state.find(path) {
                    let children: Vec<_> = self.state.node(id).children().collect();
                    self.touch(id);
                    for child in children {
                        self.touch(child);
                    }
                }
                None
            }
            Event::AttemptStarted { path, .. } => {
                if let Some(id) = self.state.find(path) {
                    self.touch_permissible(id);
                }
                Some(path.clone())
            }
            Event::AttemptDoomed { path, .. }
            | Event::AttemptEnded { path, .. }
            | Event::TimerSet { path, .. }
            | Event::Closing { path }
            | Event::ServiceLost { path, .. }
            | Event::OutputsLost { path, .. }
            | Event::UndoStarted { path }
            | Event::StepUndone { path }
            | Event::StepStands { path, .. }
            | Event::UndoFailed { path, .. }
            | Event::UndoEnded { path }
            | Event::QuestionAsked { path, .. }
            | Event::QuestionAnswered { path, .. }
            | Event::DoubtSettled { path, .. } => Some(path.clone()),
            Event::StepReopened { .. } => {
                self.touch_all();
                None
            }
            _ => None,
        };
        if let Some(id) = path.and_then(|path| self.state.find(&path)) {
            self.touch(id);
        }
        self.events.push(event);
    }

    /// How many facts were made so far of the present input.
    fn facts(&self) -> usize {
        self.events.len()
    }

    fn touch(&mut self, id: NodeId) {
        if self.on_agenda.insert(id) {
            self.agenda.push_back(id);
        }
    }

    fn touch_all(&mut self) {
        let all: Vec<_> = self.state.nodes().map(|(id, _)| id).collect();
        for id in all {
            self.touch(id);
        }
    }

    /// A node and all in it.
    fn touch_within(&mut self, id: NodeId) {
        self.touch(id);
        let children: Vec<_> = self.state.node(id).children().collect();
        for child in children {
            self.touch_within(child);
        }
    }

    /// Whether a failure has stopped what a node stands in.
    fn is_halted(&self, id: NodeId) -> bool {
        match self.state.node(id).parent.map(|parent| &self.state.node(parent).form) {
            Some(Form::Body(body)) => body.halted,
            Some(Form::Each(each)) => each.halted,
            Some(Form::Leaf(_)) | None => false,
        }
    }

    /// Whoever waits for the end of a node. `halted`: whether what it stands in was stopped before it ended.
    fn touch_followers(&mut self, id: NodeId, halted: bool) {
        for held_back in std::mem::take(&mut self.held_back) {
            self.touch(held_back);
        }
        self.touch_barred();
        let Some(parent) = self.state.node(id).parent else { return };
        self.touch(parent);
        if !halted && self.is_halted(id) {
            let members: Vec<_> = self.state.node(parent).children().collect();
            for member in members {
                self.touch(member);
            }
        } else if matches!(self.state.node(id).role, Role::Step { .. }) {
            let list = self.state.list_of(id);
            let later: Vec<_> = self.state.dependents(id).iter().filter_map(|&at| list.get(at).copied()).collect();
            for later in later {
                self.touch(later);
            }
        } else {
            self.touch_waiting(parent);
        }
    }

    /// Places under a foreach's `max_parallel` are free: the next items in line may start.
    fn touch_waiting(&mut self, id: NodeId) {
        let Some(each) = self.state.node(id).each() else { return };
        let most = self.state.step(id).and_then(|step| step.foreach).and_then(|foreach| foreach.max_parallel);
        let mut room = most.map_or(usize::MAX, |most| most.max(1).saturating_sub(each.active));
        while room > 0 {
            let Some(next) = self.waiting.get_mut(&id).and_then(BTreeSet::pop_first) else { break };
            if self.state.node(next).status == Status::Pending {
                self.touch(next);
                room -= 1;
            }
        }
    }

    fn advance(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        if matches!(self.state.phase(), Phase::Blank | Phase::Ended(_)) {
            return;
        }
        // What has ended and is undone is gone through by the group that is undone.
        let undoing = self.state.undoing_around(id);
        if let Some(group) = undoing
            && self.state.is_undone_next(group, id)
        {
            return self.advance_undo(group, evaluate);
        }
        let serves_undo = undoing.is_some() && self.state.is_lost(id);
        if !serves_undo && !self.is_current(id) {
            return;
        }
        // What an edit has added meanwhile begins in a round that goes forwards.
        if undoing.is_some() && !serves_undo && self.state.node(id).status == Status::Pending {
            return;
        }
        if let Some(outdated) = self.state.outdated(id) {
            return self.advance_outdated(id, outdated, evaluate);
        }
        self.advance_as_it_was(id, evaluate);
    }

    fn advance_as_it_was(&mut self, id: NodeId, evaluate: &dyn Evaluate) {
        let node = self.state.node(id);
        match (node.status, &node.form) {
            (Status::Pending, _) => self.start(id, evaluate),
            (Status::Active, Form::Leaf(_)) => self.advance_leaf(id, evaluate),
            (Status::Active, Form::Body(_)) => self.advance_body(id, evaluate),
            (Status::Active, Form::Each(_)) => self.advance_each(id, evaluate),
            // A torn last flush may have kept the run's end and lost the round's.
            (_, Form::Body(_)) if node.role == Role::Root => self.end_round(id, evaluate),
            _ => {}
        }
    }

    /// Whether a node is part of what is under way: all around it is active, and it is no remnant of an earlier round.
    fn is_current(&self, id: NodeId) -> bool {
        let mut at = id;
        if self.state.node(id).detached {
            return false;
        }
        while let Some(parent) = self.state.node(at).parent {
            if self.state.node(parent).status != Status::Active {
                return false;
            }
            at = parent;
        }
        true
    }

    /// With nothing left to decide: whether the run now stands still. `true` if that made facts.
    fn stand_still(&mut self) -> bool {
        if !self.recovered {
            return false;
        }
        let idle = self.state.running() == 0;
        let end = match self.state.phase() {
            Phase::Running | Phase::Undoing
                if idle && self.queue.is_empty() && self.awaits_only_people() && !self.is_answered() =>
            {
                self.emit(Event::Pausing);
                return true;
            }
            Phase::Pausing if idle && self.state.services() == 0 => End::Paused,
            Phase::Interrupting { .. } if idle && self.state.services() == 0 => End::Interrupted,
            _ => return false,
        };
        self.emit(Event::RoundEnded { end, outputs: serde_json::Value::Null, error: None, exit_code: None });
        false
    }

    /// Whether some step waits for a person and nothing else is going to happen.
    fn awaits_only_people(&self) -> bool {
        let mut waits = false;
        for (_, node) in self.state.nodes() {
            waits |= node.asks();
            if node.status != Status::Active {
                continue;
            }
            match &node.form {
                Form::Leaf(leaf) if leaf.timer.is_some() => return false,
                Form::Leaf(leaf) => waits |= matches!(leaf.doing, Doing::InDoubt { .. }),
                Form::Body(body) if body.stage == Stage::Closing => return false,
                Form::Body(body) if body.stage == Stage::Undo => match self.undo_awaits_a_person(body) {
                    None => return false,
                    Some(awaits) => waits |= awaits,
                },
                _ => {}
            }
        }
        waits
    }

    /// The rule for attempts in doubt of a step.
    fn interrupted_rule(&self, id: NodeId) -> Interrupted {
        match self.state.step(id).map(|step| &step.kind) {
            Some(Kind::Leaf(leaf)) if leaf.may_repeat() => Interrupted::Repeat,
            Some(Kind::Leaf(leaf)) => leaf.interrupted,
            _ => Interrupted::Stop,
        }
    }
}

/// Whether nothing of a run can be in flight.
fn is_over(state: &State) -> bool {
    matches!(state.phase(), Phase::Blank | Phase::Ended(_))
}
