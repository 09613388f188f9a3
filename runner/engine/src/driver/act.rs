//! Doing what the effects ask for, and hearing what became of it.

use std::ffi::OsString;
use std::sync::Arc;

use runner_core::{AttemptResult, Change, Effect, ErrorKind, Input, Kind, Path, Purpose, StepError};
use runner_keeper::failpoint::{self, Point};
use runner_keeper::lane;
use runner_keeper::protocol::{Bytes, Exited, FailureKind, Reply, Request, Start, Started, Text};
use runner_keeper::seal::{self, Key};
use runner_sdk::{Captured, Command, Place, Program};

use super::finish::{Finishing, unfinished};
use super::task::{Asked, Work};
use super::world::{Attempt, LogFiles};
use super::{DriveError, Driver, Live, LogRange, Message, SealedData, Whereabouts, error, link, service, state, task};
use crate::evaluate::{Rendered, no_key};
use crate::program::Definition;
use crate::seal::KeyFileError;

impl Driver<'_> {
    pub(super) async fn act(&mut self, change: Change) -> Result<(), DriveError> {
        match change {
            Change::Begin(Effect::Execute { path, attempt, purpose }) => self.execute(path, attempt, purpose).await?,
            Change::Begin(Effect::Hold { path, attempt }) => self.hold(&path, attempt).await,
            Change::Begin(Effect::Stop { path, attempt, kill }) => self.stop(&path, attempt, kill).await,
            Change::Begin(Effect::Ask { path }) => self.ask(path),
            Change::Begin(Effect::Timer { timer, at, duration }) => self.set_timer(timer, at, duration),
            Change::Cease(Effect::Timer { timer, .. }) => {
                if let Some(running) = self.timers.remove(&timer) {
                    running.abort();
                }
            }
            // An attempt that is given up while its process runs is stopped; one that ended or became a service is not.
            Change::Cease(Effect::Execute { path, attempt, .. }) => {
                let state = self.machine.state();
                let leaf = state.find(&path).and_then(|id| state.node(id).leaf());
                let held = leaf.is_some_and(|leaf| leaf.service == Some(attempt));
                if !held {
                    self.stop(&path, attempt, false).await;
                }
            }
            Change::Cease(Effect::Hold { .. } | Effect::Stop { .. } | Effect::Ask { .. }) => {}
        }
        Ok(())
    }

    fn set_timer(&mut self, timer: runner_core::TimerId, at: u64, duration: u64) {
        // After a crash, what has passed since it was set counts; a clock that was set back does not make it longer.
        let left = at.saturating_add(duration).saturating_sub(self.world.now()).min(duration);
        let (to, passed) = (self.messages.0.clone(), self.world.sleep(std::time::Duration::from_millis(left)));
        let task = tokio::spawn(async move {
            passed.await;
            drop(to.send(Message::Timer(timer)));
        });
        self.timers.insert(timer, task.abort_handle());
    }

    async fn execute(&mut self, path: Path, attempt: u32, purpose: Purpose) -> Result<(), DriveError> {
        let key = (path.clone(), attempt);
        // One that another life started is under way already.
        if !matches!(self.flights.get(&key).map(|flight| &flight.place), Some(Whereabouts::Nowhere)) {
            return Ok(());
        }
        let Some(rendered) = self.evaluator.rendered(&path, attempt) else {
            return self.fail(path, attempt, StepError::new(ErrorKind::Permanent, "its definition is lost"));
        };
        if let Some(double) = self.double(&path, attempt, purpose, &rendered) {
            self.stand_in(&path, attempt, double);
            return Ok(());
        }
        if self.look_up(&path, attempt, &rendered) {
            return Ok(());
        }
        self.start(path, attempt, purpose, rendered).await
    }

    /// Gives an attempt to the keeper or to a task.
    pub(super) async fn start(
        &mut self,
        path: Path,
        attempt: u32,
        purpose: Purpose,
        rendered: Arc<Rendered>,
    ) -> Result<(), DriveError> {
        let asks_type = self.definition(&path).is_some_and(|step| step.asks_type(purpose));
        if rendered.step.kind == runner_sdk::Kind::Process && !asks_type {
            self.execute_process(path, attempt, &rendered).await
        } else {
            self.execute_task(path, attempt, asks_type.then_some(purpose), rendered)
        }
    }

    pub(super) fn definition(&self, path: &Path) -> Option<&Definition> {
        let state = self.machine.state();
        let node = state.node(state.find(path)?);
        node.step.map(|index| &self.run.program.steps[index])
    }

    pub(super) fn is_service(&self, path: &Path) -> bool {
        let state = self.machine.state();
        let step = state.find(path).and_then(|id| state.step(id));
        matches!(step.map(|step| &step.kind), Some(Kind::Leaf(leaf)) if leaf.service)
    }

    pub(super) fn place(&self, path: &Path, attempt: u32, rendered: &Rendered) -> Place {
        Place {
            project: self.run.facts.project.clone(),
            dir: rendered.dir.clone(),
            source: rendered.source.clone(),
            run: self.run.facts.run.clone(),
            step: path.to_string(),
            attempt,
        }
    }

    /// Reports a failure of an attempt that has nothing under way.
    fn fail(&mut self, path: Path, attempt: u32, error: StepError) -> Result<(), DriveError> {
        self.finished(path, attempt, AttemptResult::Failed { error }, None)
    }

    async fn execute_process(&mut self, path: Path, attempt: u32, rendered: &Arc<Rendered>) -> Result<(), DriveError> {
        let place = self.place(&path, attempt, rendered);
        let command = match rendered.instance.command(&place) {
            Ok(command) => command,
            Err(error) => return self.fail(path, attempt, error::of_step(error)),
        };
        let seal = match self.seal_of(&command) {
            Ok(seal) => seal,
            Err(error) => return self.fail(path, attempt, no_key(&error)),
        };
        let Some(definition) = self.definition(&path) else { return Ok(()) };
        let (timeout, grace) = (definition.timeout, definition.grace);
        let codes = self.evaluator.decided_by(definition, rendered);
        let Some(flight) = self.flights.get_mut(&(path.clone(), attempt)) else { return Ok(()) };
        flight.place = Whereabouts::Keeper;
        flight.publishes = Some(command.publishes.clone());
        flight.coded = codes.is_some();
        let behind = flight.behind.clone();
        let start = Start {
            attempt: flight.seq,
            epoch: u64::from(self.machine.state().epoch()),
            argv: self.argv(&command),
            env: environment(rendered, &command),
            dir: Text::from(rendered.dir.join(command.dir.as_deref().unwrap_or(std::path::Path::new("")))),
            stdin: stdin(&command, rendered),
            capture: command.capture,
            pty: command.pty,
            masked: self.run.program.secretive,
            seal,
            service: self.is_service(&path),
            timeout_ms: timeout.map(|timeout| u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX)),
            grace_ms: u64::try_from(grace.as_millis()).unwrap_or(u64::MAX),
            codes,
            takes_place: self.takes_place(&path),
            behind,
        };
        self.send_start(start).await
    }

    /// The key that what a command prints is sealed with: where it is captured and a secret may be in it.
    fn seal_of(&self, command: &Command) -> Result<Option<Key>, KeyFileError> {
        if self.run.program.secretive && command.capture { self.seals.key().map(Some) } else { Ok(None) }
    }

    fn argv(&self, command: &Command) -> Vec<Text> {
        let program: Vec<OsString> = match &command.program {
            Program::Named(name) => vec![name.into()],
            Program::Builtin(name) => self.options.service.iter().cloned().chain([OsString::from(name)]).collect(),
        };
        program.into_iter().map(Text::from).chain(command.args.iter().cloned().map(Text::from)).collect()
    }

    /// The keeper; started when it is first needed.
    pub(super) async fn keeper(&mut self) -> Result<&mut link::Link, DriveError> {
        if self.link.is_none() {
            let hello = self.hello();
            let mut link = link::start(self.folder.path(), &self.options.keeper, &hello, &self.messages.0)?;
            for path in self.shared_locks() {
                link.send(&Request::Lock { path: Text::from(path) }).await;
            }
            self.link = Some(link);
            self.met_keeper();
        }
        self.link.as_mut().ok_or_else(|| DriveError::Keeper("there is no keeper".to_owned()))
    }

    fn execute_task(
        &mut self,
        path: Path,
        attempt: u32,
        asked: Option<Purpose>,
        rendered: Arc<Rendered>,
    ) -> Result<(), DriveError> {
        let (lane, log) = match self.lanes.open() {
            Ok(opened) => opened,
            Err(wrong) => {
                let message = format!("its log cannot be opened: {wrong}");
                return self.fail(path, attempt, StepError::new(ErrorKind::Transient, message));
            }
        };
        self.observer.live(Live::Writes { path: &path, attempt, log: &log });
        if let Some(flight) = self.flights.get(&(path.clone(), attempt))
            && !rendered.step.instant
        {
            self.inside.note(self.folder.path(), flight.seq, &log);
        }
        let Some(definition) = self.definition(&path) else { return Ok(()) };
        let (timeout, grace) = (definition.timeout, definition.grace);
        // What becomes known while it runs is masked in what it says from then on.
        let known = self.run.facts.known.clone();
        let mask = self.run.program.secretive.then(|| {
            let mask: super::world::Mask = Arc::new(move |text: &str| known.mask(text.to_owned()));
            mask
        });
        let view = state::View {
            store: Arc::clone(&self.state),
            run: self.run.facts.run.clone(),
            step: path.to_string(),
            round: self.machine.state().round(),
            fingerprint: rendered.fingerprint.clone(),
            known: self.run.facts.known.clone(),
        };
        let (context, stopper) = self.world.context(Attempt {
            place: self.place(&path, attempt, &rendered),
            env: rendered.env.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect(),
            state: Arc::new(view),
            render: Arc::new(state::Renderer),
            log: LogFiles { files: lane.files, mask },
        });
        let machine = self.machine.state();
        let asked = asked.and_then(|purpose| match (purpose, machine.find(&path)) {
            (Purpose::Check, _) => Some(Asked::Check),
            (Purpose::Undo, Some(id)) => Some(Asked::Undo(self.evaluator.own_outputs(machine, id))),
            _ => None,
        });
        let watched = self.watched(&path, attempt, &rendered);
        let work = Work { path: path.clone(), attempt, asked, rendered, context, stopper, timeout, grace, watched };
        let running = match task::start(work, lane.number, &mut self.workers, self.messages.0.clone()) {
            Ok(running) => running,
            Err(wrong) => {
                let error = StepError::new(ErrorKind::Transient, format!("it has no thread to run on: {wrong}"));
                return self.fail(path, attempt, error);
            }
        };
        if let Some(flight) = self.flights.get_mut(&(path, attempt)) {
            flight.place = Whereabouts::Task(running);
            flight.log = Some(log);
        }
        Ok(())
    }

    async fn hold(&mut self, path: &Path, attempt: u32) {
        if let Some(flight) = self.flights.get_mut(&(path.clone(), attempt)) {
            flight.held = true;
            if let Some(watch) = self.watches.remove(&(path.clone(), attempt)) {
                watch.abort();
            }
            let request = Request::Ready { attempt: flight.seq };
            if let Some(link) = &mut self.link {
                link.send(&request).await;
            }
        }
    }

    pub(super) async fn stop(&mut self, path: &Path, attempt: u32, kill: bool) {
        let Some(flight) = self.flights.get_mut(&(path.clone(), attempt)) else { return };
        flight.stopped = true;
        let seq = flight.seq;
        match &flight.place {
            Whereabouts::Task(running) => running.stop(kill),
            Whereabouts::Keeper => {
                if let Some(link) = &mut self.link {
                    link.send(&Request::Stop { attempt: seq, kill }).await;
                }
            }
            // Journaled in the same breath as the stop: it never began.
            Whereabouts::Nowhere => {
                let input = Input::Finished { path: path.clone(), attempt, result: AttemptResult::NotStarted };
                drop(self.messages.0.send(Message::Input(input, None)));
            }
            Whereabouts::Orphan(orphan) => {
                let orphan = orphan.clone();
                let grace = self.definition(path).map_or(std::time::Duration::ZERO, |definition| definition.grace);
                let grace = if kill { std::time::Duration::ZERO } else { grace };
                std::thread::spawn(move || orphan.stop(grace));
            }
        }
    }

    /// What the keeper says.
    pub(super) fn hear(&mut self, reply: Reply) -> Result<(), DriveError> {
        failpoint::hit(Point::heard(&reply));
        match reply {
            Reply::Started(started) => self.process_started(&started),
            Reply::Exited(exited) => self.process_ended(&exited)?,
            Reply::SpawnFailed { attempt, failure } => {
                if let Some((path, number)) = self.by_seq.get(&attempt).cloned() {
                    let kind = match failure.kind {
                        FailureKind::Exhausted => ErrorKind::Transient,
                        _ => ErrorKind::Permanent,
                    };
                    let error = spawn_error(kind, &failure.message, failure.kind);
                    self.finished(path, number, AttemptResult::Failed { error }, None)?;
                }
            }
            Reply::Refused { attempt: Some(attempt), reason } => {
                if let Some((path, number)) = self.by_seq.get(&attempt).cloned() {
                    let error =
                        StepError::new(ErrorKind::Permanent, format!("the keeper refused to start it: {reason}"));
                    self.finished(path, number, AttemptResult::Failed { error }, None)?;
                }
            }
            Reply::TakenBack { attempts } => self.taken_back(&attempts)?,
            Reply::Refused { attempt: None, reason } => return Err(DriveError::Busy(reason)),
            Reply::Locked { path, held } if !held => {
                let notice = format!("the keeper could not share the lock `{}`", path.as_path().display());
                self.observer.live(Live::Notice(&notice));
            }
            Reply::Welcome(_) | Reply::Locked { .. } => {}
        }
        Ok(())
    }

    pub(super) fn process_started(&mut self, started: &Started) {
        let Some((path, attempt)) = self.by_seq.get(&started.attempt).cloned() else { return };
        self.permitted.is_gone(started.attempt);
        let at = |mark| runner_keeper::protocol::Range { from: mark, to: mark };
        let log = LogRange {
            lane: started.lane.to_string(),
            out: at(started.begin.out),
            data: at(started.begin.data),
            progress: at(started.begin.progress),
            sealed: None,
        };
        self.observer.live(Live::Writes { path: &path, attempt, log: &log });
        let held = self.flights.get(&(path.clone(), attempt)).is_some_and(|flight| flight.held);
        if self.is_service(&path) && !held {
            let place = seal::Place { lane: started.lane, begin: started.begin.data };
            // A service captures what it says before it is ready, and that is sealed where a secret may be in it.
            let keys = self.run.program.secretive.then(|| self.seals.keys());
            let file = lane::data_path(self.folder.path(), started.lane);
            let watch = service::watch(path.clone(), attempt, file, place, keys, self.messages.0.clone());
            let task = tokio::spawn(watch);
            self.watches.insert((path.clone(), attempt), task.abort_handle());
        }
        if let Some(flight) = self.flights.get_mut(&(path, attempt)) {
            flight.log = Some(log);
        }
    }

    fn process_ended(&mut self, exited: &Exited) -> Result<(), DriveError> {
        let Some((path, attempt)) = self.by_seq.get(&exited.attempt).cloned() else { return Ok(()) };
        for left in &exited.leftovers {
            let notice = format!("`{path}` left the process {} ({}) behind", left.pid, left.name);
            self.observer.live(Live::Notice(&notice));
        }
        let log = self.log_of(&path, exited);
        let Some(finishing) = self.finishing(&path, attempt) else {
            return self.finished(path, attempt, unfinished(exited), Some(log));
        };
        if finishing.is_quick(exited) {
            return self.finished(path, attempt, finishing.finish(exited), Some(log));
        }
        let (exited, to) = (exited.clone(), self.messages.0.clone());
        tokio::task::spawn_blocking(move || {
            let result = finishing.finish(&exited);
            drop(to.send(Message::Input(Input::Finished { path, attempt, result }, Some(log))));
        });
        Ok(())
    }

    /// What finishes an attempt: the same in the life that started it and in any later one.
    pub(super) fn finishing(&self, path: &Path, attempt: u32) -> Option<Finishing> {
        let rendered = self.evaluator.rendered(path, attempt)?;
        let place = self.place(path, attempt, &rendered);
        let known = self.flights.get(&(path.clone(), attempt)).and_then(|flight| flight.publishes.clone());
        let publishes = known
            .unwrap_or_else(|| rendered.instance.command(&place).map(|command| command.publishes).unwrap_or_default());
        Some(Finishing {
            place,
            run: self.folder.path().to_path_buf(),
            files: self.world.files(),
            timeout: self.definition(path).and_then(|definition| definition.timeout),
            publishes,
            watched: self.watched(path, attempt, &rendered),
            rendered,
            seals: self.seals.clone(),
        })
    }

    /// Where the output of an attempt that ended lies, and whether what was captured may be shown.
    pub(super) fn log_of(&self, path: &Path, exited: &Exited) -> LogRange {
        let secrets = exited.data_secrets.clone();
        let shown = secrets.is_empty() && !self.definition(path).is_some_and(Definition::seals);
        let sealed = exited.data_sealed.then_some(SealedData { shown, secrets });
        LogRange { sealed, ..LogRange::from(exited.ranges) }
    }

    /// An attempt ended: its result enters the core, with nothing secret in it.
    pub(super) fn finished(
        &mut self,
        path: Path,
        attempt: u32,
        result: AttemptResult,
        log: Option<LogRange>,
    ) -> Result<(), DriveError> {
        self.feed(Input::Finished { path, attempt, result }, log)
    }

    pub(super) fn announced(&mut self, path: &Path, attempt: u32, stdout: Vec<u8>) -> Result<(), DriveError> {
        let Some(rendered) = self.evaluator.rendered(path, attempt) else { return Ok(()) };
        let captured = Captured { stdout, tail: String::new() };
        let Some(output) = rendered.instance.started(&captured) else { return Ok(()) };
        match self.kept(path, output) {
            Ok(output) => self.feed(Input::Announced { path: path.clone(), attempt, output }, None),
            Err(error) => {
                let result = AttemptResult::Failed { error };
                self.feed(Input::Finished { path: path.clone(), attempt, result }, None)
            }
        }
    }
}

/// The environment that a step adds: the workflow's, then the command's own.
fn environment(rendered: &Rendered, command: &Command) -> Vec<(Text, Option<Text>)> {
    let workflow = rendered.env.iter().map(|(name, value)| (Text::from(name), Some(Text::from(value))));
    let own = command.env.iter().map(|(name, value)| (Text::from(name), value.as_ref().map(Text::from)));
    workflow.chain(own).collect()
}

fn spawn_error(kind: ErrorKind, message: &str, failure: FailureKind) -> StepError {
    let error = StepError::new(kind, message);
    match failure {
        FailureKind::NotFound => {
            error.hint("is it installed, and on PATH? `runner doctor` tells what a workflow needs")
        }
        FailureKind::PermissionDenied => error.hint("is it executable (chmod +x)?"),
        _ => error,
    }
}

/// What a process reads: a built-in service its rendered `with:`.
fn stdin(command: &Command, rendered: &Rendered) -> Option<Bytes> {
    match command.program {
        Program::Builtin(_) => Some(Bytes(rendered.with.to_string().into_bytes())),
        Program::Named(_) if command.stdin.is_empty() => None,
        Program::Named(_) => Some(Bytes(command.stdin.clone())),
    }
}
