//! A simulated shell: carries out effects, and holds the laws after every single fact.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use runner_core::{
    Ahead, AttemptResult, Change, Doing, Effect, End, Event, Found, Input, Machine, Path, Phase, Plan, Purpose, Role,
    Settled, State, Status, TimerId,
};
use serde_json::{Value, json};

use crate::claim_edit::{anew, note};
use crate::script::{Outcome, Script, path_of};

/// An attempt as it is outside.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outside {
    /// The keeper has it, but has not let go of it.
    Queued(Purpose),
    /// A process lives.
    Alive(Purpose),
    /// It is over, and this is what is known about it.
    Gone(AttemptResult),
}

#[derive(Clone)]
pub(crate) struct World {
    /// The plan with which the journal begins.
    origin: Arc<Plan>,
    /// The plan as it is now.
    pub(crate) plan: Arc<Plan>,
    pub(crate) script: Arc<Script>,
    pub(crate) machine: Machine,
    pub(crate) journal: Vec<(Event, u64)>,
    pub(crate) folded: State,
    /// What a checkpoint would hold.
    pieces: std::collections::BTreeMap<String, Vec<u8>>,
    effects: BTreeSet<Effect>,
    pub(crate) now: u64,
    pub(crate) epoch: u32,
    pub(crate) outside: BTreeMap<(Path, u32), Outside>,
    /// Executions of a step's work so far, and how many of them did it.
    pub(crate) executed: BTreeMap<Path, u32>,
    pub(crate) done: BTreeMap<Path, u32>,
    /// Executions of what undoes a step so far, and how many of them did it.
    pub(crate) tried: BTreeMap<Path, u32>,
    pub(crate) undone: BTreeMap<Path, u32>,
    /// The place of what was undone last, by the group that is undone.
    pub(crate) backwards: BTreeMap<Path, u64>,
    pub(crate) undo_to: Option<Path>,
    /// Inputs that come before anything else.
    pub(crate) pending: VecDeque<Input>,
    /// What was told about attempts and timers so far.
    pub(crate) told: Vec<Input>,
    finished: BTreeMap<Path, u32>,
    pub(crate) most_slots: usize,
    pub(crate) parallel: usize,
}

impl World {
    pub(crate) fn new(plan: &Arc<Plan>, script: Script, parallel: usize) -> Self {
        let start = Input::Start { record: Value::Null, seed: 7, parallel };
        Self {
            origin: Arc::clone(plan),
            plan: Arc::clone(plan),
            script: Arc::new(script),
            machine: Machine::new(Arc::clone(plan)),
            journal: Vec::new(),
            folded: State::new(Arc::clone(plan)),
            pieces: std::collections::BTreeMap::new(),
            effects: BTreeSet::new(),
            now: 1000,
            epoch: 1,
            outside: BTreeMap::new(),
            executed: BTreeMap::new(),
            done: BTreeMap::new(),
            tried: BTreeMap::new(),
            undone: BTreeMap::new(),
            backwards: BTreeMap::new(),
            undo_to: None,
            pending: [start, life(1)].into(),
            told: Vec::new(),
            finished: BTreeMap::new(),
            most_slots: 0,
            parallel,
        }
    }

    pub(crate) fn state(&self) -> &State {
        self.machine.state()
    }
    pub(crate) fn phase(&self) -> &Phase {
        self.state().phase()
    }
    pub(crate) fn status(&self, path: &str) -> Status {
        let id = self.state().find(&Path::parse(path)).unwrap_or_else(|| panic!("no step `{path}`"));
        self.state().node(id).status
    }
    pub(crate) fn executions(&self, path: &str) -> u32 {
        self.executed.get(&Path::parse(path)).copied().unwrap_or(0)
    }
    pub(crate) fn is_effect(&self, wanted: &Effect) -> bool {
        self.effects.contains(wanted)
    }
    pub(crate) fn current_effects(&self) -> &BTreeSet<Effect> {
        &self.effects
    }

    /// Gives the machine an input, holds its facts to the laws, and acts on them.
    pub(crate) fn feed(&mut self, input: Input) -> Vec<Event> {
        let events = self.decide(input);
        self.act();
        events
    }

    /// Makes facts durable, not yet acting on them.
    pub(crate) fn decide(&mut self, input: Input) -> Vec<Event> {
        if matches!(input, Input::Finished { .. } | Input::TimerFired { .. } | Input::Announced { .. }) {
            self.told.push(input.clone());
        }
        let events = self.machine.handle(input, self.now, &*self.script);
        for event in &events {
            self.hold_laws(event);
            self.folded.apply(event, self.now);
            if let Event::Revised { revision } = event {
                self.plan = Arc::clone(&revision.plan);
            }
            if matches!(event, Event::Revised { .. } | Event::StepReopened { .. }) {
                self.note_finished(event);
            }
            let kept: BTreeSet<_> = self.folded.effects().cloned().collect();
            let afresh: BTreeSet<_> = self.folded.effects_afresh().into_iter().collect();
            assert_eq!(kept, afresh, "effects after {event:?}");
            self.journal.push((event.clone(), self.now));
        }
        assert!(*self.state() == self.folded, "memory is not the fold of the journal after {events:#?}");
        self.pieces.extend(self.folded.take_snapshot());
        if !self.journal.len().is_multiple_of(3) {
            return events;
        }
        let restored = State::restore(Arc::clone(&self.plan), &self.pieces).expect("the pieces make a state");
        assert!(restored == self.folded, "the checkpoint is not the fold of the journal after {events:#?}");
        events
    }

    /// What must be so at the instant of a fact.
    fn hold_laws(&mut self, event: &Event) {
        if matches!(event, Event::RoundStarted { .. } | Event::UndoRequested { .. }) {
            self.note_finished(event);
        }
        let state = &self.folded;
        let Some(id) = path_of(event).and_then(|path| state.find(path)) else { return };
        if matches!(event, Event::AttemptStarted { purpose: Purpose::Undo, .. })
            || matches!(event, Event::StepUndone { .. } | Event::UndoStarted { .. } | Event::UndoEnded { .. })
        {
            return self.hold_undo(event, id);
        }
        let node = state.node(id);
        if matches!(event, Event::AttemptStarted { .. } | Event::StepEntered { .. } | Event::StepExpanded { .. }) {
            let mut at = Some(id);
            while let Some(inner) = at {
                let ahead = inner == id && matches!(event, Event::AttemptStarted { permitted: true, .. });
                for need in state.needs_of(inner) {
                    // What is to begin anew together ends before that, in any order.
                    if anew(state, inner).is_some() && anew(state, need) == anew(state, inner) {
                        continue;
                    }
                    let need = state.node(need);
                    let runs = || need.leaf().is_some_and(|leaf| matches!(leaf.doing, Doing::Running { .. }));
                    let may_follow = need.status.is_end() || ahead && runs();
                    assert!(may_follow, "{event:?} began before `{}` had ended", need.path);
                }
                at = state.node(inner).parent;
            }
            if let Role::Step { finally: true, .. } = node.role
                && let Some(body) = node.parent.and_then(|parent| state.node(parent).body())
            {
                let over = |step: &_| state.node(*step).status.is_end() || state.node(*step).outdated;
                assert!(body.steps.iter().all(over), "{event:?} began before its list had ended: {}", self.story());
            }
            assert!(!node.status.is_end(), "{event:?}, but it had ended");
        }
        match event {
            Event::AttemptStarted { path, attempt, .. } => {
                assert_eq!(*attempt, node.attempts() + 1, "{event:?}");
                let confirmed = |answer: &runner_core::Answer| answer.approved;
                let answer = node.question.as_ref().and_then(|question| question.answer.as_ref());
                let asks = state.step(id).is_some_and(|step| step.confirm) && node.item().is_none();
                assert!(!asks || answer.is_some_and(confirmed), "{event:?}, but nobody has agreed");
                assert!(!self.finished.contains_key(path), "{event:?}, though it finished in this round");
            }
            Event::StepFinished { path, .. } => {
                assert!(!self.finished.contains_key(path), "{event:?} twice in a round");
            }
            _ => {}
        }
        if let Some(each) = node.parent.and_then(|parent| state.node(parent).each()) {
            let most = state.step(id).and_then(|step| step.foreach).and_then(|foreach| foreach.max_parallel);
            let begins = matches!(event, Event::AttemptStarted { .. } | Event::StepEntered { .. });
            let full = node.status == Status::Pending && most.is_some_and(|most| each.active >= most);
            assert!(!begins || !full, "{event:?} exceeds max_parallel");
        }
        let halted = node.parent.and_then(|parent| state.node(parent).body()).is_some_and(|body| body.halted);
        let begins = matches!(event, Event::AttemptStarted { .. } | Event::StepEntered { .. });
        let looks = state.step(id).is_some_and(|step| step.when == runner_core::When::Status);
        assert!(!begins || !halted || looks || node.status != Status::Pending, "{event:?} in a list that was stopped");
        self.note_finished(event);
    }

    /// The steps that have finished in this round, and were not reopened, by the journal.
    fn finished_of_round(&self) -> BTreeMap<Path, u32> {
        let mut state = State::new(Arc::clone(&self.origin));
        let mut finished = BTreeMap::new();
        for (event, at) in &self.journal {
            state.apply(event, *at);
            note(&mut finished, &state, event);
        }
        finished
    }

    /// Keeps which steps finished in this round.
    fn note_finished(&mut self, event: &Event) {
        match event {
            Event::UndoStarted { path } => {
                self.backwards.insert(path.clone(), u64::MAX);
            }
            Event::UndoRequested { to, .. } => self.undo_to.clone_from(to),
            _ => {}
        }
        note(&mut self.finished, &self.folded, event);
    }

    fn is_service(&self, id: runner_core::NodeId) -> bool {
        let kind = self.folded.step(id).map(|step| &step.kind);
        matches!(kind, Some(runner_core::Kind::Leaf(leaf)) if leaf.service)
    }

    /// Whether a step is being undone by an attempt that runs.
    pub(crate) fn undoes(&self, path: &str) -> bool {
        let node = self.state().find(&Path::parse(path)).map(|id| self.state().node(id));
        let doing = node.and_then(|node| node.leaf()).map(|leaf| &leaf.doing);
        matches!(doing, Some(runner_core::Doing::Running { purpose: Purpose::Undo, .. }))
    }

    /// Acts on the effects as they are now.
    pub(crate) fn act(&mut self) {
        for change in self.machine.take_changes() {
            let known = match &change {
                Change::Begin(effect) => self.effects.insert(effect.clone()),
                Change::Cease(effect) => self.effects.remove(effect),
            };
            assert!(known, "{change:?} changes nothing");
        }
        self.see_effects();
    }

    fn see_effects(&mut self) {
        let now: BTreeSet<_> = self.state().effects().cloned().collect();
        assert_eq!(self.effects, now, "the changes do not add up to the effects");
        let mut wanted = BTreeSet::new();
        for effect in &now {
            match effect {
                Effect::Execute { path, attempt, purpose } => {
                    let key = (path.clone(), *attempt);
                    wanted.insert(key.clone());
                    if !self.outside.contains_key(&key) {
                        let other = self.outside.iter().find(|((of, _), how)| of == path && is_alive(how));
                        assert_eq!(other, None, "two attempts of `{path}` at once");
                        let ahead = self.ahead(path) != Ahead::No;
                        let how = if ahead { Outside::Queued(*purpose) } else { Outside::Alive(*purpose) };
                        self.outside.insert(key, how);
                    }
                }
                Effect::Hold { path, attempt } => {
                    wanted.insert((path.clone(), *attempt));
                }
                Effect::Stop { .. } | Effect::Timer { .. } | Effect::Ask { .. } => {}
            }
        }
        self.let_go();
        for (key, how) in &self.outside {
            assert!(!is_alive(how) || wanted.contains(key), "nobody follows {key:?}, which lives {}", self.story());
        }
        let slots = self.slots();
        self.most_slots = self.most_slots.max(slots);
    }

    pub(crate) fn takes_slot(&self, path: &Path) -> bool {
        let step = self.state().find(path).and_then(|id| self.state().step(id));
        matches!(step.map(|step| &step.kind), Some(runner_core::Kind::Leaf(leaf)) if !leaf.waits && !leaf.service)
    }

    pub(crate) fn story(&self) -> String {
        let story = self.journal.iter().fold(String::new(), |story, (event, _)| format!("{story}\n{event:?}"));
        let open = self.state().nodes().filter(|(_, node)| !node.status.is_end() || node.outdated);
        open.fold(story, |story, (_, node)| format!("{story}\n{:?} {} {}", node.status, node.path, node.outdated))
    }

    /// Everything that may happen next without anybody's will.
    pub(crate) fn possible(&self) -> Vec<Input> {
        let mut possible = Vec::new();
        let mut timers: Vec<(u64, TimerId)> = Vec::new();
        for effect in &self.effects {
            match effect {
                Effect::Execute { path, attempt, purpose } => {
                    if !matches!(self.outside.get(&(path.clone(), *attempt)), Some(Outside::Queued(_))) {
                        possible.push(self.end_of(path, *attempt, *purpose));
                    }
                }
                Effect::Stop { path, attempt, .. } => {
                    let (path, attempt) = (path.clone(), *attempt);
                    let result = match self.outside.get(&(path.clone(), attempt)) {
                        Some(Outside::Queued(_) | Outside::Gone(AttemptResult::NotStarted)) => {
                            AttemptResult::NotStarted
                        }
                        _ => AttemptResult::Stopped,
                    };
                    possible.push(Input::Finished { path, attempt, result });
                }
                Effect::Timer { timer, at, duration } => timers.push((at + duration, *timer)),
                Effect::Hold { .. } | Effect::Ask { .. } => {}
            }
        }
        timers.sort_unstable();
        possible.extend(timers.into_iter().map(|(_, timer)| Input::TimerFired { timer }));
        possible
    }

    fn end_of(&self, path: &Path, attempt: u32, purpose: Purpose) -> Input {
        let path = path.clone();
        if let Some(Outside::Gone(result)) = self.outside.get(&(path.clone(), attempt)) {
            return Input::Finished { path, attempt, result: result.clone() };
        }
        if purpose == Purpose::Undo {
            let nth = self.tried.get(&path).copied().unwrap_or(0);
            let result = self.script.outcome_of_undo(&path, nth).result(&path);
            return Input::Finished { path, attempt, result };
        }
        let outcome = self.script.outcome_of(&path, self.executions(path.as_str()));
        let is_service = self.state().find(&path).is_some_and(|id| self.is_service(id));
        if purpose == Purpose::Check {
            let result =
                if self.is_there(&path) { Outcome::Ok.result(&path) } else { Outcome::Permanent.result(&path) };
            return Input::Finished { path, attempt, result };
        }
        if is_service && outcome == Outcome::Ok {
            return Input::Announced { path, attempt, output: json!("ready") };
        }
        let result = outcome.result(&path);
        Input::Finished { path, attempt, result }
    }

    /// Makes what an input tells true outside, before it is told.
    pub(crate) fn happen(&mut self, input: &Input) {
        match input {
            Input::Finished { path, attempt, result } => {
                let was = self.outside.insert((path.clone(), *attempt), Outside::Gone(result.clone()));
                if let Some(Outside::Alive(purpose)) = was {
                    self.execute(path, purpose, result);
                }
                if matches!(result, AttemptResult::Succeeded { .. }) { self.let_go() } else { self.take_back() }
            }
            Input::TimerFired { timer } => {
                for effect in &self.effects {
                    if let Effect::Timer { timer: of, at, duration } = effect
                        && of == timer
                    {
                        self.now = self.now.max(at + duration);
                    }
                }
            }
            _ => {}
        }
    }

    /// Counts an execution of a step's work, or of what undoes it, that ended so.
    pub(crate) fn execute(&mut self, path: &Path, purpose: Purpose, result: &AttemptResult) {
        let (executed, done) = match purpose {
            Purpose::Run => (&mut self.executed, &mut self.done),
            Purpose::Undo => (&mut self.tried, &mut self.undone),
            Purpose::Check => return,
        };
        if matches!(result, AttemptResult::Succeeded { .. } | AttemptResult::Failed { .. }) {
            *executed.entry(path.clone()).or_default() += 1;
        }
        if did_its_work(result) {
            *done.entry(path.clone()).or_default() += 1;
        }
    }

    /// Whether what a step did is there: it was done once more than it was undone.
    pub(crate) fn is_there(&self, path: &Path) -> bool {
        let count = |of: &BTreeMap<Path, u32>| of.get(path).copied().unwrap_or(0);
        count(&self.done) > count(&self.undone)
    }

    /// What a person who tells the truth says to a run that waits for one.
    pub(crate) fn person(&self) -> Option<Input> {
        let over = matches!(self.phase(), Phase::Ended(end) if *end != End::Undone && *end != End::Paused);
        if over && self.script.afterwards {
            return Some(Input::Undo { by: "a person".to_owned(), to: None });
        }
        if *self.phase() != Phase::Ended(End::Paused) {
            return None;
        }
        if let Some(path) = self.machine.questions().into_iter().next() {
            return Some(self.answer(path));
        }
        let settle = self.machine.doubts().into_iter().next();
        Some(settle.map_or(self.go_on(), |(path, _)| {
            let outputs = json!({"of": path.as_str()});
            let undoes = self.state().find(&path).is_some_and(|id| self.state().is_being_undone(id));
            let settled = if self.is_there(&path) == undoes { Settled::Repeat } else { Settled::Done { outputs } };
            Input::Settle { path, settled }
        }))
    }

    /// What a person says who is asked.
    pub(crate) fn answer(&self, path: Path) -> Input {
        let approved = !self.script.refused.iter().any(|refused| *refused == path.as_str());
        let output = json!({"of": path.as_str()});
        Input::Answer { path, by: "a person".to_owned(), approved, comment: None, output }
    }

    /// One step of a driver without choice. `false`: nothing is left to happen.
    pub(crate) fn tick(&mut self) -> bool {
        let Some(input) = self.next_input() else { return false };
        self.happen(&input);
        self.feed(input);
        true
    }

    pub(crate) fn next_input(&mut self) -> Option<Input> {
        self.pending.pop_front().or_else(|| self.possible().into_iter().next()).or_else(|| self.person())
    }

    /// Runs until nothing is left to happen, and tells how the run ended.
    pub(crate) fn run(&mut self) -> End {
        for _ in 0..20_000 {
            if !self.tick() {
                return self.ended();
            }
        }
        panic!("the run does not end");
    }

    pub(crate) fn ended(&self) -> End {
        let Phase::Ended(end) = self.phase() else { panic!("stuck in {:?}: {}", self.phase(), self.story()) };
        *end
    }

    /// Runs until `stop` holds.
    pub(crate) fn run_until(&mut self, stop: impl Fn(&Self) -> bool) {
        while !stop(self) {
            assert!(self.tick(), "it never held");
        }
    }

    /// Engine and keeper die, and nobody knows what the attempts in flight did.
    pub(crate) fn lose_machine(&mut self) {
        for how in self.outside.values_mut().filter(|how| is_alive(how)) {
            *how = Outside::Gone(AttemptResult::InDoubt { why: "the machine died".to_owned() });
        }
        self.crash(Vec::new());
    }

    /// A new engine life that knows only the journal; `found` is what it finds.
    pub(crate) fn crash(&mut self, found: Vec<(Path, u32, Found)>) {
        self.folded = State::new(Arc::clone(&self.origin));
        self.pieces.clear();
        for (event, at) in &self.journal {
            self.folded.apply(event, *at);
        }
        self.plan = Arc::new(self.folded.plan().clone());
        let mut state = self.folded.clone();
        state.take_changes();
        self.folded.take_changes();
        self.effects = state.effects().cloned().collect();
        self.machine = Machine::of(state);
        for (event, _) in self.journal.clone() {
            self.note_finished(&event);
        }
        self.finished = self.finished_of_round();
        self.epoch += 1;
        self.pending = [life(self.epoch), Input::Recovered { found }].into();
    }
}

pub(crate) fn life(epoch: u32) -> Input {
    Input::Life { epoch, pid: 1, boot: "b".to_owned() }
}

pub(crate) fn is_alive(how: &Outside) -> bool {
    matches!(how, Outside::Alive(_) | Outside::Queued(_))
}

/// Whether an execution did its step's work; `false` is the output of a poll that has to be repeated.
pub(crate) fn did_its_work(result: &AttemptResult) -> bool {
    matches!(result, AttemptResult::Succeeded { output } if *output != json!(false))
}
