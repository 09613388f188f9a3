//! What a new engine life does first: find out what became of the attempts in flight.
//!
//! | found | becomes |
//! |---|---|
//! | the keeper holds it | adopted: its end will be reported |
//! | a receipt of its end, of this boot or synced | finished from the receipt |
//! | no receipt that it was begun, same boot | not started |
//! | its processes live without a keeper | waited for until its timeout, then stopped: in doubt |
//! | anything else, and all in-process work | in doubt |
//!
//! What finishes an attempt is rendered again to what it was, or was written down. Where neither is to be had (a newer
//! program refuses it, say), the process is followed all the same, and in doubt once it has ended.

use std::sync::Arc;
use std::time::Duration;

use runner_core::{
    AttemptResult, Change, Doing, Effect, Found, Input, Machine, NodeId, Path, Phase, Purpose, Revision, StepError,
};
use runner_keeper::failpoint::{self, Point};
use runner_keeper::lane;
use runner_keeper::orphan::Orphan;
use runner_keeper::protocol::{Request, Running, Text};
use runner_keeper::receipts::Found as Trace;

use super::finish::unfinished;
use super::link::{self, Known};
use super::past::{Begun, Folded, InFlight};
use super::{
    Decisions, DriveError, Driver, Live, LogRange, Message, Observer, Options, SealedData, Whereabouts, World,
};
use crate::evaluate::{Evaluator, Groups, Large, Recorded};
use crate::ledger::{self, Blobs, RunFolder};
use crate::run::Run;

/// How long what lives without a keeper and has no timeout is waited for.
const ORPHAN_PATIENCE: Duration = Duration::from_secs(3600);

/// Why a run is taken up.
#[derive(Debug)]
pub enum Intent {
    /// To go on with it.
    Resume {
        /// What a person decided about steps in doubt.
        decisions: Decisions,
        /// What a person changed, with what the run was made of before.
        revision: Option<Box<(Revision, Run)>>,
    },
    /// To end it for good.
    Cancel {
        /// By whom.
        by: String,
    },
    /// To go on with it, with a person's answer.
    Answer {
        /// The step that asks.
        path: Path,
        /// What they answered.
        answer: runner_core::Answer,
    },
    /// To undo what it did.
    Undo {
        /// By whom.
        by: String,
        /// The step up to which; `None`: all.
        to: Option<Path>,
    },
}

/// How many attempts in flight became what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Still running, followed by this engine.
    pub adopted: usize,
    /// Ended meanwhile, finished from their receipt.
    pub taken: usize,
    /// Never begun.
    pub not_started: usize,
    /// In doubt.
    pub in_doubt: usize,
}

impl<'a> Driver<'a> {
    /// A driver that takes up a run. The run's lock is held by the caller, who has opened its journal.
    pub async fn take_up(
        run: Run,
        folder: RunFolder,
        folded: Folded,
        mut intent: Intent,
        world: Arc<dyn World>,
        observer: &'a mut dyn Observer,
        options: Options,
    ) -> Result<(Self, Tally), DriveError> {
        let Folded { past, state, in_flight, captured, .. } = folded;
        if observer.wants_history() {
            for record in past.earlier()? {
                observer.fact(&record, &state);
            }
        }
        for record in &past.records {
            observer.fact(record, &state);
        }
        observer.durable();
        observer.taken_up(&state);
        let standing: Vec<_> = state.effects().cloned().collect();
        let machine = Machine::of(state);
        let mut driver =
            Self::assemble(run, folder, world, observer, options, (past.journal, past.checkpoint), machine);
        driver.evaluator.remember(driver.machine.state());
        // Of a run that stood still, or was about to (its life died over it), the next round is what is wanted. What ends
        // while it is taken up has ended.
        let stood = matches!(driver.phase(), Phase::Ended(_) | Phase::Interrupting { .. } | Phase::Pausing);
        driver.evaluator.adopt(&captured);
        let revision = match &mut intent {
            Intent::Resume { revision, .. } => revision.take(),
            _ => None,
        };
        let tally = driver.recover(&in_flight, revision).await?;
        driver.take_over(standing).await?;
        failpoint::hit(Point::TakenOver);
        match intent {
            Intent::Resume { decisions, .. } => {
                // What a person has decided may be what it would pause for.
                let stood = stood || !decisions.is_empty();
                driver.take_back(&decisions)?;
                driver.decide(decisions)?;
                driver.again = stood;
                if stood && matches!(driver.phase(), Phase::Ended(_)) {
                    driver.begin_again()?;
                }
            }
            Intent::Answer { path, answer } => {
                driver.feed_quietly(super::answer::input(path, answer))?;
                driver.again = stood;
                if matches!(driver.phase(), Phase::Ended(_)) {
                    driver.begin_again()?;
                }
            }
            Intent::Cancel { by } => driver.end_otherwise(Input::Cancel { by })?,
            Intent::Undo { to: Some(to), .. } if !driver.machine.has_succeeded(&to) => {
                let message = format!("`{to}` has not succeeded, so there is nothing to go back to");
                return Err(DriveError::Refused(message));
            }
            Intent::Undo { by, to } => driver.end_otherwise(Input::Undo { by, to })?,
        }
        Ok((driver, tally))
    }

    /// Gives the run another end than the one it has or was going to have.
    fn end_otherwise(&mut self, input: Input) -> Result<(), DriveError> {
        let ended = self.ended.take();
        self.feed_quietly(input)?;
        if matches!(self.phase(), Phase::Ended(_)) {
            self.ended = self.ended.take().or(ended);
        }
        Ok(())
    }

    /// Begins a life and settles what was in flight.
    async fn recover(
        &mut self,
        in_flight: &InFlight,
        revision: Option<Box<(Revision, Run)>>,
    ) -> Result<Tally, DriveError> {
        let epoch = self.machine.state().epoch() + 1;
        let (pid, boot) = (std::process::id(), ledger::machine::boot_id().to_owned());
        self.feed_quietly(Input::Life { epoch, pid, boot })?;
        if let Some(revision) = revision {
            let (revision, before) = *revision;
            // What is under way ends as what it was when it began.
            let (program, facts) = (Arc::clone(&before.program), Arc::clone(&before.facts));
            let (large, seals) = (Large::new(Blobs::of(self.folder.path())), self.seals.clone());
            let evaluator = Evaluator::new(program, facts, large, seals, Groups::default());
            evaluator.adopt(&self.evaluator.known());
            self.evaluator.adopt(&evaluator.capture(self.machine.state()));
            self.feed_quietly(Input::Revise { revision })?;
        }
        failpoint::hit(Point::LifeBegins);
        // The epoch is durable before the keeper hears of it.
        self.journal.flush()?;
        failpoint::hit(Point::LifeDurable);
        let hello = self.hello();
        let (link, known) = link::meet(self.folder.path(), &hello, &self.messages.0)?;
        failpoint::hit(Point::KeeperMet);
        self.link = link;
        self.met_keeper();
        let mut tally = Tally::default();
        let found = self.classify(in_flight, &known, &mut tally);
        let ended = found.iter().filter(|(_, _, became)| matches!(became, Found::Ended(_)));
        let ended: Vec<_> = ended.map(|(path, attempt, _)| (path.clone(), *attempt)).collect();
        // Before anything is decided: what may begin now must find them held.
        self.take_groups()?;
        self.feed_quietly(Input::Recovered { found })?;
        failpoint::hit(Point::Recovered);
        for key in ended {
            self.forget(&key);
        }
        self.share_lock().await?;
        self.sweep(&known).await;
        Ok(tally)
    }

    /// What an earlier life had under way besides attempts goes on: timers run, what was asked to stop is asked again, and
    /// the keeper is told again which services are ready. That life may have died before it did any of it.
    async fn take_over(&mut self, standing: Vec<Effect>) -> Result<(), DriveError> {
        for effect in standing {
            let stands = self.machine.state().effects().any(|current| *current == effect);
            if stands && !matches!(effect, Effect::Execute { .. }) {
                self.act(Change::Begin(effect)).await?;
            }
        }
        Ok(())
    }

    /// Takes the groups of callees under way again.
    fn take_groups(&mut self) -> Result<(), DriveError> {
        let state = self.machine.state();
        for (id, node) in state.nodes() {
            if node.status == runner_core::Status::Active && node.body().is_some() {
                self.evaluator.take_group(state, id)?;
            }
        }
        Ok(())
    }

    /// Has the keeper share the groups that the run holds.
    async fn share_lock(&mut self) -> Result<(), DriveError> {
        let locks = self.shared_locks();
        if let Some(link) = &mut self.link {
            for lock in locks {
                link.send(&Request::Lock { path: Text::from(lock) }).await;
            }
        }
        Ok(())
    }

    /// Stops what the keeper holds that no fact wants to run.
    async fn sweep(&mut self, known: &Known) {
        for running in known.welcome.iter().flat_map(|welcome| &welcome.running) {
            let attempt = running.started.attempt;
            if !self.by_seq.contains_key(&attempt)
                && let Some(link) = &mut self.link
            {
                link.send(&Request::Stop { attempt, kill: false }).await;
            }
        }
    }

    fn classify(&mut self, in_flight: &InFlight, known: &Known, tally: &mut Tally) -> Vec<(Path, u32, Found)> {
        let state = self.machine.state();
        let mut open = Vec::new();
        for (id, node) in state.nodes() {
            let Some(leaf) = node.leaf() else { continue };
            let (attempt, purpose, held) = match (&leaf.doing, leaf.service) {
                (Doing::Running { attempt, purpose }, _) => (*attempt, *purpose, false),
                (_, Some(attempt)) => (attempt, Purpose::Run, true),
                _ => continue,
            };
            open.push((id, node.path.clone(), attempt, purpose, held));
        }
        let running = known.welcome.as_ref().map(|welcome| welcome.running.clone()).unwrap_or_default();
        let mut found = Vec::new();
        let flights = open.iter().filter_map(|(_, path, attempt, ..)| {
            let begun = in_flight.known.get(&(path.clone(), *attempt))?;
            Some((path, begun.seq, begun.boot.as_str()))
        });
        self.stop_strays(flights, known, &running);
        for (id, path, attempt, purpose, held) in open {
            let key = (path.clone(), attempt);
            let Some(Begun { seq, boot, definition }) = in_flight.known.get(&key).cloned() else { continue };
            let unmade = self.define_again(id, attempt, purpose, definition).err();
            self.take_off(path.clone(), attempt, seq);
            if let Some(flight) = self.flights.get_mut(&key) {
                flight.held = held;
            }
            let became = match &unmade {
                _ if !self.is_process(id, &path, attempt, purpose) => doubt("its engine died"),
                // Nobody could tell whether it is ready.
                Some(error) if !held && self.is_service(&path) => {
                    doubt(&format!("its definition cannot be made again: {}", error.message))
                }
                _ => match self.doubled(&path, attempt) {
                    Some(found) => found,
                    None => self.trace(&path, attempt, seq, &boot, known, &running),
                },
            };
            if let (Some(error), Found::Running) = (&unmade, &became) {
                let notice = format!(
                    "`{path}` goes on, but nobody will know what it did: its definition cannot be made again: {}",
                    error.message
                );
                self.observer.live(Live::Notice(&notice));
            }
            match &became {
                Found::Running => tally.adopted += 1,
                Found::Ended(AttemptResult::NotStarted) => tally.not_started += 1,
                Found::Ended(AttemptResult::InDoubt { .. }) => tally.in_doubt += 1,
                Found::Ended(_) => tally.taken += 1,
            }
            let became = match became {
                Found::Running => became,
                Found::Ended(result) => {
                    if let Some(log) = self.traced_log(&path, seq, known) {
                        self.logs.insert(key.clone(), log);
                    }
                    Found::Ended(self.settled_result(&path, self.own_output(&path, attempt, result)))
                }
            };
            found.push((path, attempt, became));
        }
        found
    }

    /// Where the output of an attempt lies of which a receipt tells: of one in doubt, up to what its lane holds now.
    fn traced_log(&self, path: &Path, seq: u64, known: &Known) -> Option<LogRange> {
        let spawning = known.receipts.spawning(seq)?;
        let run = self.folder.path();
        let range = |path: std::path::PathBuf, from: u64| {
            let to = std::fs::metadata(path).map_or(from, |data| data.len().max(from));
            runner_keeper::protocol::Range { from, to }
        };
        let ended = known.receipts.ended(seq);
        Some(ended.map_or_else(
            || LogRange {
                lane: spawning.lane.to_string(),
                out: range(lane::out_path(run, spawning.lane), spawning.begin.out),
                data: range(lane::data_path(run, spawning.lane), spawning.begin.data),
                progress: range(lane::progress_file(run, spawning.lane), spawning.begin.progress),
                // Nobody has said whether a secret is in it.
                sealed: spawning.sealed.then(SealedData::default),
            },
            |ended| self.log_of(path, &ended.exited),
        ))
    }

    /// Makes the definition of an attempt as the life that started it made it; it is what finishes the attempt.
    fn define_again(
        &self,
        id: NodeId,
        attempt: u32,
        purpose: Purpose,
        recorded: Option<Box<Recorded>>,
    ) -> Result<(), StepError> {
        let state = self.machine.state();
        // It began before the workflow was edited: what it was made of then was kept.
        if self.evaluator.rendered(&state.node(id).path, attempt).is_some() {
            return Ok(());
        }
        if recorded.is_some_and(|recorded| self.evaluator.restore(state, id, attempt, purpose, *recorded)) {
            return Ok(());
        }
        runner_core::Evaluate::render(&self.evaluator, state, id, attempt, purpose).map(drop)
    }

    fn is_process(&self, id: NodeId, path: &Path, attempt: u32, purpose: Purpose) -> bool {
        let asks_type = self.definition(path).is_some_and(|step| step.asks_type(purpose));
        let kept = self.evaluator.rendered(path, attempt).map(|rendered| rendered.step.kind);
        let kind = kept.or_else(|| self.evaluator.kind(self.machine.state(), id, purpose));
        kind == Some(runner_sdk::Kind::Process) && !asks_type
    }

    /// What became of a process attempt.
    fn trace(&mut self, path: &Path, attempt: u32, seq: u64, boot: &str, known: &Known, running: &[Running]) -> Found {
        match known.receipts.classify(self.folder.path(), seq, boot, running) {
            Trace::NotStarted => Found::Ended(AttemptResult::NotStarted),
            Trace::Running(running) => {
                self.adopt(path, attempt, Whereabouts::Keeper);
                self.process_started(&running.started);
                Found::Running
            }
            Trace::Ended(ended) => {
                let finishing = self.finishing(path, attempt);
                Found::Ended(finishing.map_or_else(|| unfinished(&ended.exited), |made| made.finish(&ended.exited)))
            }
            Trace::Failed(failed) => {
                let error = StepError::new(runner_core::ErrorKind::Permanent, failed.failure.message);
                Found::Ended(AttemptResult::Failed { error })
            }
            Trace::Orphaned(orphan) => {
                self.adopt(path, attempt, Whereabouts::Orphan(orphan.clone()));
                self.await_orphan(path.clone(), attempt, orphan);
                Found::Running
            }
            Trace::InDoubt(why) => doubt(&why.to_string()),
        }
    }

    fn adopt(&mut self, path: &Path, attempt: u32, place: Whereabouts) {
        if let Some(flight) = self.flights.get_mut(&(path.clone(), attempt)) {
            flight.place = place;
        }
    }

    /// Stops what nobody will hear of any more and that must not be waited for: services, and what writes into pipes that
    /// nobody reads. Nothing is decided before they are gone: what needs a service is not to meet one that is ending.
    fn stop_strays<'f>(
        &self,
        flights: impl Iterator<Item = (&'f Path, u64, &'f str)>,
        known: &Known,
        running: &[Running],
    ) {
        let strays = flights.filter_map(|(path, seq, boot)| {
            let Trace::Orphaned(orphan) = known.receipts.classify(self.folder.path(), seq, boot, running) else {
                return None;
            };
            (orphan.piped || self.is_service(path)).then(|| (orphan, self.grace(path)))
        });
        let stopping: Vec<_> = strays.map(|(orphan, grace)| std::thread::spawn(move || orphan.stop(grace))).collect();
        for thread in stopping {
            // One that cannot be stopped is found again, and waited for.
            let _ = thread.join();
        }
    }

    fn grace(&self, path: &Path) -> Duration {
        self.definition(path).map_or(Duration::from_secs(10), |definition| definition.grace)
    }

    /// Processes without a keeper: their end is waited for, but nobody will know how they ended.
    fn await_orphan(&self, path: Path, attempt: u32, orphan: Orphan) {
        let grace = self.grace(&path);
        let patience = self.definition(&path).and_then(|definition| definition.timeout).unwrap_or(ORPHAN_PATIENCE);
        let at_once = orphan.piped || self.is_service(&path);
        let to = self.messages.0.clone();
        std::thread::spawn(move || {
            if at_once || !orphan.await_end(patience) {
                orphan.stop(grace);
            }
            let result = AttemptResult::InDoubt { why: "its keeper died, and it ended unseen".to_owned() };
            drop(to.send(Message::Input(Input::Finished { path, attempt, result }, None)));
        });
    }

    /// The keeper died while this engine lives: what it held is settled as a new life would settle it.
    pub(super) fn keeper_gone(&mut self) -> Result<(), DriveError> {
        if self.ended.is_some() || self.link.is_none() {
            return Ok(());
        }
        failpoint::peer_of(None);
        failpoint::hit(Point::KeeperLost);
        self.link = None;
        let (link, known) = link::meet(self.folder.path(), &self.hello(), &self.messages.0)?;
        self.link = link;
        self.met_keeper();
        let boot = ledger::machine::boot_id();
        let held: Vec<_> = self
            .flights
            .iter()
            .filter(|(_, flight)| matches!(flight.place, Whereabouts::Keeper))
            .map(|((path, attempt), flight)| (path.clone(), *attempt, flight.seq))
            .collect();
        let running = known.welcome.as_ref().map(|welcome| welcome.running.clone()).unwrap_or_default();
        self.stop_strays(held.iter().map(|(path, _, seq)| (path, *seq, boot)), &known, &running);
        for (path, attempt, seq) in held {
            if let Found::Ended(result) = self.trace(&path, attempt, seq, boot, &known, &running) {
                let log: Option<LogRange> =
                    self.flights.get(&(path.clone(), attempt)).and_then(|flight| flight.log.clone());
                self.finished(path, attempt, result, log)?;
            }
        }
        Ok(())
    }
}

fn doubt(why: &str) -> Found {
    Found::Ended(AttemptResult::InDoubt { why: why.to_owned() })
}
