//! The shell around the core: one loop that makes facts durable and then acts on them.
//!
//! Everything that happens outside arrives as a message in one queue: replies of the keeper, ends of in-process work,
//! timers, a person's words. The loop takes all that are there, lets the core make facts of them, writes the facts in one
//! flush, and only then does what the changed effects ask for. So a fact is durable before anything acts on it, and facts
//! that become ready together share one flush.
//!
//! A process belongs to the keeper ([`link`]); work inside the engine is a task ([`task`]). How an ended process becomes a
//! result stands in [`finish`]; what a new engine life does first in [`recover`].

mod act;
mod admit;
mod ahead;
mod answer;
mod behind;
mod cached;
mod captured;
mod control;
mod decide;
mod differ;
mod double;
mod entry;
pub mod error;
mod finish;
mod flight;
mod inside;
mod lane;
mod link;
mod mend;
mod observe;
mod past;
mod recover;
mod service;
mod settle;
mod share;
mod state;
mod task;
mod world;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::sync::Arc;

use runner_core::{AttemptResult, End, Event, Input, Machine, Path, Phase, TimerId};
use runner_keeper::failpoint::{self, Point};
use tokio::sync::mpsc;

pub use admit::admit;
pub use answer::{Ask, Asker, Said, answer, plain, shown, typed};
pub use captured::captured;
pub use control::{Asked, Command, ask, note_answer, note_cancel, socket_folder};
pub use decide::Decisions;
pub use differ::diff;
pub use double::{Begun, Double, Doubles};
pub use entry::{Entry, LogRange, SealedData};
pub use error::DriveError;
use flight::{Flight, Whereabouts};
pub use inside::Inside;
pub use lane::LaneFile;
pub use mend::{Loss, loss, mend};
pub use observe::{Live, Observer};
pub use past::{Folded, Past};
pub use recover::{Intent, Tally};
pub(crate) use state::Renderer;
pub use world::{Attempt, LogFiles, Mask, Stopper, World};

use crate::evaluate::{Evaluator, Groups, Large, Told};
use crate::ledger::{Blobs, Holder, Journal, Record, RunFolder};
use crate::run::Run;
use crate::seal::{KeyFile, Seals};

/// How much of what a step says is shown as it ends, in bytes; `runner logs` has all of it.
const SAID: u64 = 4 << 10;

/// How the driver reaches what it starts.
#[derive(Clone, Debug)]
pub struct Options {
    /// The command of a keeper; the run's folder is added.
    pub keeper: Vec<OsString>,
    /// The command of a built-in service; the step type's name is added.
    pub service: Vec<OsString>,
    /// The environment of attempts.
    pub environment: Vec<(OsString, OsString)>,
    /// This process, as locks name it.
    pub holder: Holder,
    /// The run's concurrency group, which the caller holds.
    pub group: Option<String>,
    /// The user's state folder, where the locks of groups lie.
    pub locks: Option<std::path::PathBuf>,
    /// Who answers questions as they are asked; nobody: the run pauses for them.
    pub asker: Option<Asker>,
    /// The file with the keys that secret outputs are sealed with; none where there is no place for it.
    pub keys: Option<KeyFile>,
}

/// How a drive ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// How the round ended.
    pub end: End,
    /// The workflow's own exit code.
    pub exit_code: Option<u8>,
    /// Why it failed.
    pub error: Option<runner_core::StepError>,
    /// The steps that wait for a person, with the attempt in doubt.
    pub doubts: Vec<(Path, u32)>,
}

/// A message to the loop.
enum Message {
    Keeper(runner_keeper::protocol::Reply),
    KeeperGone,
    Input(Input, Option<LogRange>),
    Announced {
        path: Path,
        attempt: u32,
        stdout: Vec<u8>,
    },
    /// Of the cache.
    Looked {
        path: Path,
        attempt: u32,
        look: Result<crate::cache::Look, runner_core::StepError>,
    },
    Timer(TimerId),
    Command(Command),
    /// Of a group that is waited for.
    Group(Told),
    /// What came of asking the person at the terminal.
    Answered {
        path: Path,
        answer: Option<runner_core::Answer>,
    },
}

/// Drives one run, in one engine life.
pub struct Driver<'a> {
    machine: Machine,
    evaluator: Evaluator,
    journal: Journal,
    folder: RunFolder,
    run: Run,
    options: Options,
    world: Arc<dyn World>,
    observer: &'a mut dyn Observer,
    messages: (mpsc::UnboundedSender<Message>, mpsc::UnboundedReceiver<Message>),
    link: Option<link::Link>,
    flights: BTreeMap<(Path, u32), Flight>,
    by_seq: BTreeMap<u64, (Path, u32)>,
    /// What looks at the output of services that are not ready yet.
    watches: BTreeMap<(Path, u32), tokio::task::AbortHandle>,
    timers: BTreeMap<TimerId, tokio::task::AbortHandle>,
    permitted: ahead::Permitted,
    lanes: lane::Lanes,
    inside: inside::Notes,
    workers: task::Workers,
    state: Arc<state::Store>,
    seals: Seals,
    /// Where the output of attempts lies that another life started, until that is a fact.
    logs: BTreeMap<(Path, u32), LogRange>,
    behind: behind::Behind,
    /// Callees that were entered (true) or have ended, whose groups the keeper does not know of yet.
    entered: Vec<(Path, bool)>,
    ended: Option<Outcome>,
    /// How many questions are being asked at the terminal.
    asking: usize,
    /// Whether one was not answered there.
    unanswered: bool,
    /// Whether a round that ends standing still is not what this life was started for, so that the next one begins.
    again: bool,
}

impl<'a> Driver<'a> {
    /// A driver of a run that has not begun. The run's lock is held by the caller.
    pub fn begin(
        run: Run,
        folder: RunFolder,
        world: Arc<dyn World>,
        observer: &'a mut dyn Observer,
        options: Options,
    ) -> Result<Self, DriveError> {
        let journal = Journal::create(folder.path())?;
        let machine = Machine::new(Arc::clone(&run.program.plan));
        let mut driver = Self::assemble(run, folder, world, observer, options, (journal, None), machine);
        let record = serde_json::to_value(&driver.run.record).map_err(|error| DriveError::encode(&error))?;
        let seed = driver.run.record.started ^ u64::from(std::process::id()) << 32;
        let parallel = driver.run.record.parallel;
        // The run and its first life begin in one flush.
        let (pid, boot) = (std::process::id(), crate::ledger::machine::boot_id().to_owned());
        driver.feed_quietly(Input::Life { epoch: 1, pid, boot })?;
        driver.feed_quietly(Input::Start { record, seed, parallel })?;
        Ok(driver)
    }

    fn assemble(
        run: Run,
        folder: RunFolder,
        world: Arc<dyn World>,
        observer: &'a mut dyn Observer,
        options: Options,
        (journal, kept): (Journal, Option<past::Kept>),
        mut machine: Machine,
    ) -> Self {
        machine.attend(options.asker.is_some());
        let behind = behind::Behind::new(folder.checkpoint(), kept);
        let large = Large::new(Blobs::of(folder.path()));
        let seals = Seals::new(options.keys.clone(), folder.path());
        let messages = mpsc::unbounded_channel();
        let evaluator = {
            let (locks, group) = (options.locks.clone(), options.group.clone());
            let to: mpsc::UnboundedSender<Message> = messages.0.clone();
            let tell = Arc::new(move |told| drop(to.send(Message::Group(told))));
            let groups = Groups::new(locks, folder.path().to_path_buf(), options.holder.clone(), group, tell);
            Evaluator::new(Arc::clone(&run.program), Arc::clone(&run.facts), large, seals.clone(), groups)
        };
        // No keeper holds back what doubles stand in for.
        evaluator.permit(world.doubles().is_none());
        let state = Arc::new(state::Store::new(folder.path(), options.holder.clone()));
        Self {
            machine,
            evaluator,
            journal,
            lanes: lane::Lanes::new(folder.path()),
            inside: inside::Notes::default(),
            workers: if world.doubles().is_some() { task::Workers::here() } else { task::Workers::default() },
            folder,
            run,
            options,
            world,
            observer,
            messages,
            link: None,
            flights: BTreeMap::new(),
            by_seq: BTreeMap::new(),
            watches: BTreeMap::new(),
            timers: BTreeMap::new(),
            permitted: ahead::Permitted::default(),
            state,
            seals,
            logs: BTreeMap::new(),
            behind,
            entered: Vec::new(),
            ended: None,
            asking: 0,
            unanswered: false,
            again: false,
        }
    }

    /// Where a person's words are sent to.
    pub fn commands(&self) -> impl Fn(Command) + Send + Sync + Clone + 'static {
        let sender = self.messages.0.clone();
        move |command| drop(sender.send(Message::Command(command)))
    }

    /// Drives the run until its round ends.
    pub async fn drive(mut self) -> Result<Outcome, DriveError> {
        let _control = control::listen(self.folder.path(), self.messages.0.clone())?;
        self.flush_and_act().await?;
        while !self.is_over().await? {
            let Some(message) = self.messages.1.recv().await else { break };
            self.receive(message).await?;
            // Whatever has arrived meanwhile shares the flush.
            while let Ok(message) = self.messages.1.try_recv() {
                self.receive(message).await?;
            }
            self.flush_and_act().await?;
        }
        self.leave().await
    }

    /// Whether the round has ended, and no other is to begin.
    async fn is_over(&mut self) -> Result<bool, DriveError> {
        let stands = self.ended.as_ref().is_some_and(|ended| matches!(ended.end, End::Interrupted | End::Paused));
        if stands && self.again {
            self.begin_again()?;
            self.flush_and_act().await?;
        }
        Ok(self.ended.is_some())
    }

    /// Begins the next round of a run that stands still and has its answer.
    fn begin_again(&mut self) -> Result<(), DriveError> {
        self.again = false;
        self.ended = None;
        self.feed_quietly(Input::GoOn)
    }

    async fn receive(&mut self, message: Message) -> Result<(), DriveError> {
        match message {
            Message::Input(input, log) => {
                let log = log.or_else(|| self.close_lane(&input));
                self.speak(&input, log.as_ref());
                self.feed(input, log)?;
            }
            Message::Timer(timer) => self.feed(Input::TimerFired { timer }, None)?,
            Message::Command(Command::Interrupt { kill, by }) => self.feed(Input::Interrupt { kill, by }, None)?,
            Message::Command(Command::Cancel { by }) => self.feed(Input::Cancel { by }, None)?,
            Message::Command(Command::Answer { path, answer }) => {
                // One that comes while the run is about to pause for it is what the next round begins with.
                self.again |= matches!(self.phase(), Phase::Pausing);
                self.feed(answer::input(path, answer), None)?;
            }
            Message::Answered { path, answer } => self.answered(path, answer)?,
            Message::Command(Command::Undo { by, to }) => self.feed(Input::Undo { by, to }, None)?,
            Message::Looked { path, attempt, look } => self.looked(path, attempt, look).await?,
            Message::Announced { path, attempt, stdout } => self.announced(&path, attempt, stdout)?,
            Message::Group(Told::Notice(text)) => self.observer.live(Live::Notice(&text)),
            Message::Group(Told::Over) => {
                self.feed(Input::Free, None)?;
                self.evaluator.groups().give_back();
            }
            Message::Keeper(reply) => self.hear(reply)?,
            Message::KeeperGone => self.keeper_gone()?,
        }
        Ok(())
    }

    /// Lets the core make facts of an input and puts them into the journal's next flush.
    fn feed(&mut self, input: Input, log: Option<LogRange>) -> Result<(), DriveError> {
        let input = self.settled(input);
        let ended = match &input {
            Input::Finished { path, attempt, .. } => Some((path.clone(), *attempt)),
            _ => None,
        };
        let events = self.machine.handle(input, self.world.now(), &self.evaluator);
        self.append(events, log)?;
        if let Some(key) = ended {
            self.forget(&key);
        }
        Ok(())
    }

    /// Shows what a step of a type that speaks has said.
    fn speak(&mut self, input: &Input, log: Option<&LogRange>) {
        let (Input::Finished { path, attempt, result: AttemptResult::Succeeded { .. } }, Some(log)) = (input, log)
        else {
            return;
        };
        let speaks = self.evaluator.rendered(path, *attempt).is_some_and(|rendered| rendered.step.speaks);
        if !speaks || log.out.length() == 0 {
            return;
        }
        let file = self.folder.path().join("lanes").join(format!("{}.out", log.lane));
        let said = service::read(&file, log.out.from, log.out.to.min(log.out.from + SAID)).unwrap_or_default();
        self.observer.live(Live::Said { path, text: &String::from_utf8_lossy(&said) });
    }

    /// Frees the lane of an in-process attempt that ended; where its output lies.
    fn close_lane(&mut self, input: &Input) -> Option<LogRange> {
        let Input::Finished { path, attempt, .. } = input else { return None };
        let flight = self.flights.get(&(path.clone(), *attempt))?;
        let log = flight.log.clone()?;
        match &flight.place {
            Whereabouts::Task(running) => Some(self.lanes.close(running.lane, log)),
            _ => Some(log),
        }
    }

    fn feed_quietly(&mut self, input: Input) -> Result<(), DriveError> {
        let events = self.machine.handle(input, self.world.now(), &self.evaluator);
        self.append(events, None)
    }

    fn append(&mut self, events: Vec<Event>, mut log: Option<LogRange>) -> Result<(), DriveError> {
        let at = self.world.now();
        for event in events {
            let mut entry = Entry::from(event);
            if let Event::AttemptEnded { path, attempt, result } = &entry.event {
                entry.log = log.take().or_else(|| self.logs.remove(&(path.clone(), *attempt)));
                entry.command = self.command_of(path, *attempt, result);
                entry.cache = self.flights.get(&(path.clone(), *attempt)).and_then(|flight| flight.word.clone());
            }
            if let Event::AttemptStarted { path, attempt, .. } = &entry.event {
                entry.definition = self.evaluator.recorded(self.machine.state(), path, *attempt).map(Box::new);
            }
            let seq = self.journal.append(at, &entry)?;
            self.note_end(&entry.event);
            if let Event::AttemptStarted { path, attempt, .. } = &entry.event {
                self.take_off(path.clone(), *attempt, seq);
            }
            match &entry.event {
                Event::StepEntered { path, .. } => self.entered.push((path.clone(), true)),
                Event::StepFinished { path, .. } => self.entered.push((path.clone(), false)),
                _ => {}
            }
            if let Event::RoundEnded { end, error, exit_code, .. } = &entry.event {
                let (end, error, exit_code) = (*end, error.clone(), *exit_code);
                self.ended = Some(Outcome { end, exit_code, error, doubts: self.machine.doubts() });
            }
            self.observer.fact(&Record { seq, flush: 0, at, event: entry }, self.machine.state());
        }
        Ok(())
    }

    fn take_off(&mut self, path: Path, attempt: u32, seq: u64) {
        let flight = Flight::new(seq, self.behind(&path));
        self.by_seq.insert(seq, (path.clone(), attempt));
        self.flights.insert((path, attempt), flight);
    }

    fn forget(&mut self, key: &(Path, u32)) {
        if let Some(flight) = self.flights.remove(key) {
            self.by_seq.remove(&flight.seq);
            self.permitted.is_gone(flight.seq);
        }
        if let Some(watch) = self.watches.remove(key) {
            watch.abort();
        }
        self.evaluator.forget(&key.0, key.1);
    }

    /// Makes the facts durable and does what they ask for.
    async fn flush_and_act(&mut self) -> Result<(), DriveError> {
        loop {
            let durable = self.journal.flush()?;
            self.observer.durable();
            self.checkpoint(durable);
            self.share_groups().await;
            self.share_secrets().await;
            let changes = self.machine.take_changes();
            if changes.is_empty() {
                return Ok(());
            }
            for change in changes {
                failpoint::hit(Point::Acting);
                self.act(change).await?;
                failpoint::hit(Point::Acted);
            }
            self.tell_of_ends().await?;
        }
    }

    /// Leaves a run whose round has ended: nothing of it lives on.
    async fn leave(mut self) -> Result<Outcome, DriveError> {
        failpoint::hit(Point::Leaving);
        if let Some(link) = self.link.take() {
            link.end().await;
        }
        failpoint::peer_of(None);
        failpoint::hit(Point::KeeperLeft);
        let durable = self.journal.flush()?;
        self.last_checkpoint(durable);
        self.journal.finish()?;
        self.behind.finish();
        Ok(self.ended.unwrap_or(Outcome { end: End::Interrupted, exit_code: None, error: None, doubts: Vec::new() }))
    }

    /// Tells what became of the attempts in flight.
    pub fn tell(&mut self, tally: &Tally) {
        if *tally != Tally::default() {
            let Tally { adopted, taken, not_started, in_doubt } = tally;
            let notice = format!(
                "taken up again: {adopted} still running, {taken} ended meanwhile, {not_started} not begun, {in_doubt} in doubt"
            );
            self.observer.live(Live::Notice(&notice));
        }
    }

    /// How far the run is.
    pub fn phase(&self) -> &Phase {
        self.machine.state().phase()
    }

    /// The state, for whoever shows it.
    pub fn run_state(&self) -> &runner_core::State {
        self.machine.state()
    }
}
