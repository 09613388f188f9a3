//! Playing a test through the driver.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::{Path as File, PathBuf};
use std::rc::Rc;
use std::sync::Arc;

use runner_core::{Event, State};
use serde_json::Value;
use tokio::sync::Notify;

use super::clock::Clock;
use super::file::{Crash, Moment, Test, TestFile};
use super::stage::Stage;
use crate::diagnostic::Diagnostic;
use crate::driver::{DriveError, Driver, Entry, Intent, Observer, Options, Outcome, Past, World};
use crate::evaluate::{Evaluator, Groups, Large};
use crate::language::Document;
use crate::ledger::{self, Blobs, Holder, Key, Record, RunFolder, Runs, StateOp, StateWrite};
use crate::program::{Library, Opened, Registry};
use crate::run::{self, Request, Run};
use crate::seal::{KeyFile, Seals};

/// When every test begins: 2026-01-01 in UTC, in milliseconds since 1970.
const BEGIN: u64 = 1_767_225_600_000;

/// Where tests are played.
pub struct Setting<'a> {
    /// Where workflows are found.
    pub library: &'a dyn Library,
    /// The step types.
    pub registry: &'a Registry,
    /// The project, whose files `load` reads. Nothing is written there.
    pub project: PathBuf,
    /// A folder that nobody else uses: what the run leaves behind lies there.
    pub home: &'a File,
    /// What the types that are done as they stand are given.
    pub world: Arc<dyn World>,
    /// This process.
    pub holder: Holder,
}

/// Why a test could not be played to an end.
#[derive(Debug)]
pub enum Trouble {
    /// The workflow does not start: everything wrong with it, or with what it was given.
    Refused(Vec<Diagnostic>),
    /// The driver cannot go on.
    Driver(DriveError),
    /// The test itself is wrong.
    Test(Vec<String>),
}

/// What came of a test.
pub struct Played {
    /// How its last round ended; why there is none.
    pub outcome: Result<Outcome, Trouble>,
    /// All facts, with the wall time of each.
    pub facts: Vec<(u64, Event)>,
    /// What the facts add up to.
    pub state: Option<State>,
    /// What deployments have left behind.
    pub left: Value,
    /// How much time has passed, in milliseconds.
    pub elapsed: u64,
    /// What texts see at the end.
    pub(super) evaluator: Option<Evaluator>,
}

/// Plays a test of a file. `workflow` is the one that it tests.
pub async fn play(setting: &Setting<'_>, file: &TestFile, test: &Test, inputs: &Document, workflow: Opened) -> Played {
    let mut played = Played {
        outcome: Err(Trouble::Test(Vec::new())),
        facts: Vec::new(),
        state: None,
        left: Value::Null,
        elapsed: 0,
        evaluator: None,
    };
    let clock = Clock::at(BEGIN);
    let parts = [test.doubles.clone(), file.doubles.clone()];
    let stage = Arc::new(Stage::new(
        Arc::clone(&setting.world),
        Arc::clone(&clock),
        parts,
        [test.checks.clone(), test.undo.clone()],
    ));
    let watcher = Watcher::new(test.crash.clone());
    let driven = drive(setting, test, inputs, workflow, &clock, &stage, &watcher, &mut played.evaluator);
    played.outcome = Box::pin(driven).await;
    let trouble = stage.trouble();
    if !trouble.is_empty() {
        played.outcome = Err(Trouble::Test(trouble));
    }
    let watched = watcher.0.take();
    if let (Ok(_), Some(crash)) = (&played.outcome, watched.crashes.get(watched.crashed)) {
        let message = format!("the engine was to die at `{}`, and the run never came to that", crash.at);
        played.outcome = Err(Trouble::Test(vec![message]));
    }
    played.facts = watched.facts.into_values().collect();
    if let Some(evaluator) = &played.evaluator {
        let mut state = State::new(Arc::clone(&evaluator.program().plan));
        for (at, event) in &played.facts {
            state.apply(event, *at);
        }
        played.state = Some(state);
    }
    played.elapsed = clock.now() - BEGIN;
    played.left = ledger::read_state(Runs::of(setting.home).home()).unwrap_or_default();
    played
}

#[expect(clippy::too_many_arguments, reason = "one call, for the sake of `?`")]
async fn drive(
    setting: &Setting<'_>,
    test: &Test,
    inputs: &Document,
    workflow: Opened,
    clock: &Arc<Clock>,
    stage: &Arc<Stage>,
    watcher: &Watcher,
    evaluator: &mut Option<Evaluator>,
) -> Result<Outcome, Trouble> {
    let runs = Runs::of(setting.home);
    leave(&runs, test, &setting.holder).map_err(|error| Trouble::Driver(DriveError::Ledger(error)))?;
    let request = Request {
        main: workflow,
        library: setting.library,
        registry: setting.registry,
        project: setting.project.clone(),
        working_directory: setting.project.clone(),
        inputs: &[],
        inputs_file: Some(inputs),
        env: test.env.clone(),
        parallel: 64,
        state: Value::Object(test.state.clone()),
        now: BEGIN,
        before: None,
    };
    let prepared = run::prepare_with(&request, Some(&test.secrets)).map_err(Trouble::Refused)?;
    let folder = runs.create(BEGIN, &prepared.record.workflow).map_err(|error| Trouble::Driver(error.into()))?;
    let run = prepared.named(folder.id());
    *evaluator = Some(seen(&run, &folder, setting));
    let options = || Options {
        keeper: Vec::new(),
        service: Vec::new(),
        environment: Vec::new(),
        holder: setting.holder.clone(),
        group: None,
        locks: Some(setting.home.join("locks")),
        asker: None,
        keys: keys(setting.home),
    };
    let world: Arc<dyn World> = stage.clone();
    let crashes = watcher.0.borrow().crashes.clone();
    // Every life has the run as it was read when it began.
    let again = run.clone();
    let mut eyes = watcher.clone();
    let begun =
        Driver::begin(run, folder.clone(), Arc::clone(&world), &mut eyes, options()).map_err(Trouble::Driver)?;
    let mut ended = life(begun, watcher, clock).await?;
    for crash in crashes {
        if ended.is_some() {
            break;
        }
        stage.crash(crash.of);
        let past = Past::open(&folder).map_err(|error| Trouble::Driver(error.into()))?;
        let (run, mut eyes) = (again.clone(), watcher.clone());
        let intent = Intent::Resume { decisions: Vec::new(), revision: None };
        let seals = Seals::new(keys(setting.home), folder.path());
        let past = past.fold(&run, seals, &|_| None).map_err(Trouble::Driver)?;
        let taken = Driver::take_up(run, folder.clone(), past, intent, Arc::clone(&world), &mut eyes, options()).await;
        let (taken, _) = taken.map_err(Trouble::Driver)?;
        ended = life(taken, watcher, clock).await?;
    }
    ended.ok_or_else(|| Trouble::Test(vec!["the engine died, and nobody took the run up again".to_owned()]))
}

/// One life of the engine: until the round ends, or nothing where it dies before.
async fn life(driver: Driver<'_>, watcher: &Watcher, clock: &Clock) -> Result<Option<Outcome>, Trouble> {
    let dies = watcher.dies();
    tokio::select! {
        biased;
        ended = driver.drive() => ended.map(Some).map_err(Trouble::Driver),
        () = dies.notified() => Ok(None),
        () = clock.run() => Err(Trouble::Test(vec!["the run waits for something that never comes".to_owned()])),
    }
}

/// What deployments have left behind before the test.
fn leave(runs: &Runs, test: &Test, holder: &Holder) -> Result<(), ledger::LedgerError> {
    if test.state.is_empty() {
        return Ok(());
    }
    let mut state = ledger::State::open(runs.home(), holder, std::time::Duration::from_secs(10))?;
    for (name, value) in &test.state {
        let op = StateOp::Set { key: Key::of([name.clone()]), value: value.clone() };
        state.write(BEGIN, holder, StateWrite { op, origin: None })?;
    }
    Ok(())
}

/// The file with the keys of secret outputs: one of the test's own.
fn keys(home: &File) -> Option<KeyFile> {
    KeyFile::of(None, Some(home), None)
}

/// Who answers what is asked of the run at its end.
fn seen(run: &Run, folder: &RunFolder, setting: &Setting<'_>) -> Evaluator {
    // It only looks at what has ended: nobody waits for a group, so nobody has to be told.
    let tell = Arc::new(|_| {});
    let groups = Groups::new(None, folder.path().to_path_buf(), setting.holder.clone(), None, tell);
    let (large, seals) = (Large::new(Blobs::of(folder.path())), Seals::new(keys(setting.home), folder.path()));
    Evaluator::new(Arc::clone(&run.program), Arc::clone(&run.facts), large, seals, groups)
}

/// Watches all lives of a run, and tells when one is to end.
#[derive(Clone)]
struct Watcher(Rc<RefCell<Watched>>);

#[derive(Default)]
struct Watched {
    /// By their sequence: every life tells of those before it.
    facts: BTreeMap<u64, (u64, Event)>,
    crashes: Vec<Crash>,
    /// How many of them have come.
    crashed: usize,
    now: Arc<Notify>,
}

impl Watcher {
    fn new(crashes: Vec<Crash>) -> Self {
        Self(Rc::new(RefCell::new(Watched { crashes, ..Watched::default() })))
    }

    fn dies(&self) -> Arc<Notify> {
        Arc::clone(&self.0.borrow().now)
    }
}

impl Observer for Watcher {
    fn fact(&mut self, record: &Record<Entry>, _: &State) {
        let mut watched = self.0.borrow_mut();
        let event = &record.event.event;
        if watched.facts.insert(record.seq, (record.at, event.clone())).is_some() {
            return;
        }
        let moment = match event {
            Event::AttemptStarted { path, .. } => Some((path, Moment::Started)),
            Event::StepFinished { path, .. } => Some((path, Moment::Finished)),
            _ => None,
        };
        let next = watched.crashes.get(watched.crashed);
        if let (Some((path, moment)), Some(crash)) = (moment, next)
            && crash.at == path.as_str()
            && crash.when == moment
        {
            watched.crashed += 1;
            watched.now.notify_one();
        }
    }
}
