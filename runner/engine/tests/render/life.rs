//! A run without a world: its attempts end when and as chance has it.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use runner_core::{
    AttemptResult, ErrorKind, Evaluate, Event, Input, Machine, Path, Phase, Purpose, State, StepError, TimerId,
};
use runner_engine::diagnostic::{Sink, Source, render};
use runner_engine::evaluate::{Evaluator, Facts, Groups, Known, Large, Secrets};
use runner_engine::ledger::Blobs;
use runner_engine::program::{Library, LibraryError, Opened, Program, Registry, compile};
use runner_engine::seal::Seals;
use runner_sdk::{Context, Example, InProcess, Result, Step, StepType};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::text::Dice;

/// Says something.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Say {
    /// What.
    #[serde(rename = "text")]
    _text: String,
}

/// What was said.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
struct Said {
    n: u32,
}

impl Step for Say {
    type Output = Said;
    const NAME: &'static str = "test.say";
    const IDEMPOTENT: bool = true;
    const EXAMPLES: &'static [Example] = &[];
}

impl InProcess for Say {
    async fn run(&self, _: &Context) -> Result<Said> {
        Ok(Said { n: 0 })
    }
}

static SAY: StepType = StepType::in_process::<Say>();

struct Nothing;

impl Library for Nothing {
    fn open(&self, reference: &str, _: Option<&std::path::Path>) -> std::result::Result<Opened, LibraryError> {
        Err(LibraryError { message: format!("there is no `{reference}`"), hint: None })
    }
}

/// The program of a text, or what is said of it.
pub(crate) fn compiled(text: &str) -> std::result::Result<Arc<Program>, String> {
    let mut sink = Sink::new();
    let main =
        Opened { key: "w.yaml".to_owned(), name: "w".to_owned(), folder: None, source: Source::new("w.yaml", text) };
    let program = compile(main, &Nothing, &Registry::new([&SAY]), &mut sink);
    let wrong = sink.has_errors();
    let said = render(&sink.finish(), 200, false);
    program.filter(|_| !wrong).map(Arc::new).ok_or(said)
}

fn evaluator(program: &Arc<Program>) -> Evaluator {
    let facts = Facts {
        project: PathBuf::from("/project"),
        run: "r".to_owned(),
        started: 0,
        inputs: serde_json::Map::default(),
        load: serde_json::Map::default(),
        env: serde_json::Map::default(),
        state: Arc::new(json!({})),
        secrets: Secrets::default(),
        known: Known::default(),
    };
    let nowhere = std::path::Path::new("/nowhere");
    let (large, seals) = (Large::new(Blobs::of(nowhere)), Seals::new(None, nowhere));
    Evaluator::new(Arc::clone(program), Arc::new(facts), large, seals, Groups::default())
}

/// What a definition is, in bytes.
type Bytes = String;

/// An engine life.
pub(crate) struct Life {
    program: Arc<Program>,
    evaluator: Evaluator,
    machine: Machine,
    journal: Vec<(Event, u64)>,
    /// The attempts in flight, with how their definition was rendered first and when.
    flights: BTreeMap<(Path, u32), (Bytes, usize)>,
    timers: Vec<TimerId>,
    begun: usize,
    now: u64,
}

impl Life {
    pub(crate) fn begin(program: Arc<Program>) -> Self {
        let (evaluator, machine) = (evaluator(&program), Machine::new(Arc::clone(&program.plan)));
        let (journal, flights, timers) = (Vec::new(), BTreeMap::new(), Vec::new());
        Self { program, evaluator, machine, journal, flights, timers, begun: 0, now: 1000 }
    }

    /// Something that may happen next.
    pub(crate) fn next(&mut self, dice: &mut Dice) -> Option<Input> {
        self.begun += 1;
        match self.begun {
            1 => return Some(Input::Life { epoch: 1, pid: 1, boot: "b".to_owned() }),
            2 => return Some(Input::Start { record: Value::Null, seed: 1, parallel: 8 }),
            3 => return Some(Input::Recovered { found: Vec::new() }),
            _ => {}
        }
        if let Some(timer) = self.timers.pop() {
            return Some(Input::TimerFired { timer });
        }
        let keys: Vec<_> = self.flights.keys().cloned().collect();
        let (path, attempt) = keys.get(dice.roll(keys.len().max(1)))?.clone();
        let result = match dice.roll(4) {
            0 => AttemptResult::Failed { error: StepError::new(ErrorKind::Permanent, "it failed") },
            n => AttemptResult::Succeeded { output: json!({"n": n}) },
        };
        Some(Input::Finished { path, attempt, result })
    }

    pub(crate) fn feed(&mut self, input: Input) {
        self.now += 7;
        let events = self.machine.handle(input, self.now, &self.evaluator);
        drop(self.machine.take_changes());
        for event in events {
            match &event {
                Event::AttemptStarted { path, attempt, fingerprint, .. } => {
                    let bytes = bytes(&self.evaluator, path, *attempt, fingerprint);
                    self.flights.insert((path.clone(), *attempt), (bytes, self.begun));
                }
                Event::AttemptEnded { path, attempt, .. } => drop(self.flights.remove(&(path.clone(), *attempt))),
                Event::TimerSet { timer, .. } => self.timers.push(*timer),
                _ => {}
            }
            self.journal.push((event, self.now));
        }
    }

    pub(crate) fn in_flight(&self) -> Vec<(Path, u32)> {
        self.flights.keys().cloned().collect()
    }

    /// How an attempt was rendered when it began.
    pub(crate) fn first(&self, path: &Path, attempt: u32) -> Bytes {
        self.flights[&(path.clone(), attempt)].0.clone()
    }

    /// Whether something has happened since an attempt began.
    pub(crate) fn has_moved_since(&self, path: &Path, attempt: u32) -> bool {
        self.flights[&(path.clone(), attempt)].1 < self.begun
    }

    /// How a life renders it that knows only the journal.
    pub(crate) fn render_in_another(&self, path: &Path, attempt: u32) -> Bytes {
        let mut state = State::new(Arc::clone(&self.program.plan));
        for (event, at) in &self.journal {
            state.apply(event, *at);
        }
        let evaluator = evaluator(&self.program);
        let node = state.find(path).expect("a step");
        match evaluator.render(&state, node, attempt, Purpose::Run) {
            Ok(fingerprint) => bytes(&evaluator, path, attempt, &fingerprint),
            Err(error) => error.message,
        }
    }

    pub(crate) fn is_over(&self) -> bool {
        matches!(self.machine.state().phase(), Phase::Ended(_))
    }
}

fn bytes(evaluator: &Evaluator, path: &Path, attempt: u32, fingerprint: &str) -> Bytes {
    let rendered = evaluator.rendered(path, attempt).expect("it was rendered");
    format!("{fingerprint} {} {:?} {} {:?}", rendered.with, rendered.env, rendered.dir.display(), rendered.publishes)
}
