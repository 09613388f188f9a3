//! What is expected of a test, and what of it did not come true.

use std::collections::BTreeMap;

use runner_core::{Doing, Event, Node, Path, State};
use runner_sdk::unit::Duration;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::play::Played;
use crate::evaluate::status;
use crate::expression::Expression;

/// What is expected.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Expect {
    /// The exit code of `runner run`, or of the last `runner resume`: 0 where nothing is said.
    #[serde(default)]
    pub exit: u8,
    /// Steps by their paths.
    #[serde(default)]
    pub steps: BTreeMap<String, Step>,
    /// Paths of steps that began in this order; others may have begun in between.
    #[serde(default)]
    pub order: Vec<String>,
    /// Paths of steps of which no attempt began.
    #[serde(default)]
    pub not_run: Vec<String>,
    /// Paths of steps that wait for a person's word, since nobody knows whether they were done.
    #[serde(default)]
    pub in_doubt: Vec<String>,
    /// Expressions (CEL) that hold at the end, over `steps`, `inputs`, `state`, `output` (what the workflow gives) and
    /// `elapsed` (milliseconds).
    #[serde(default)]
    pub that: Vec<String>,
    /// What deployments have left behind then; keys that are not said are not looked at.
    #[serde(default)]
    pub state: Map<String, Value>,
    /// How long it takes at most.
    #[serde(default)]
    pub within: Option<Duration>,
    /// What is told of a workflow that is not even started: a part of it.
    #[serde(default)]
    pub refused: Option<String>,
}

/// What is expected of a step.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// How it stands at the end.
    #[serde(default)]
    pub status: Option<Status>,
    /// How many attempts it took, over all lives.
    #[serde(default)]
    pub attempts: Option<u32>,
    /// Its outputs; those that are not said are not looked at.
    #[serde(default)]
    pub outputs: Option<Value>,
    /// A part of what its error says.
    #[serde(default)]
    pub error: Option<String>,
}

/// How a step stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has not begun.
    Pending,
    /// It is under way, or in doubt.
    Running,
    /// It ended well.
    Succeeded,
    /// It failed.
    Failed,
    /// It did not run.
    Skipped,
    /// It was stopped for good.
    Cancelled,
    /// What it did was taken back.
    Undone,
}

impl Status {
    fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
            Self::Cancelled => "cancelled",
            Self::Undone => "undone",
        }
    }
}

/// Something that did not come true.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unmet {
    /// Where it is expected: steps from `expect` on.
    pub at: Vec<String>,
    /// What is there in its place.
    pub message: String,
}

/// What did not come true. `exit` is the exit code that the outcome has.
pub fn unmet(expect: &Expect, played: &Played, exit: u8) -> Vec<Unmet> {
    let mut unmet = Vec::new();
    let mut miss = |at: &[&str], message: String| {
        unmet.push(Unmet { at: at.iter().map(|step| (*step).to_owned()).collect(), message });
    };
    if exit != expect.exit {
        let why = played.outcome.as_ref().ok().and_then(|outcome| outcome.error.as_ref());
        let why = why.map_or_else(String::new, |error| format!(": {}", error.message));
        miss(&["exit"], format!("it ends with exit code {exit}, not {}{why}", expect.exit));
    }
    if let Some(within) = &expect.within
        && u128::from(played.elapsed) > within.0.as_millis()
    {
        let took = Duration(std::time::Duration::from_millis(played.elapsed));
        miss(&["within"], format!("it took {took}, longer than {within}"));
    }
    if let Some(difference) = differs(&Value::Object(expect.state.clone()), &played.left) {
        miss(&["state"], difference);
    }
    let Some(state) = &played.state else { return unmet };
    for (path, step) in &expect.steps {
        let miss = |at: &str, message| miss(&["steps", path, at], message);
        of_step(path, step, state, miss);
    }
    let begun: Vec<&str> = played.facts.iter().filter_map(|(_, event)| begins(event)).collect();
    let mut from = 0;
    for (at, path) in expect.order.iter().enumerate() {
        if let Some(found) = begun[from..].iter().position(|begun| begun == path) {
            from += found + 1;
            continue;
        }
        let before = at.checked_sub(1).map_or("", |before| &expect.order[before]);
        let message = if begun.contains(&path.as_str()) {
            format!("`{path}` began before `{before}`")
        } else {
            format!("`{path}` did not begin")
        };
        miss(&["order", &at.to_string()], message);
    }
    for (at, path) in expect.not_run.iter().enumerate().filter(|(_, path)| begun.contains(&path.as_str())) {
        miss(&["not_run", &at.to_string()], format!("`{path}` was run"));
    }
    let mut doubts: Vec<&str> =
        state.nodes().filter(|(_, node)| is_in_doubt(node)).map(|(_, node)| node.path.as_str()).collect();
    doubts.sort_unstable();
    let mut expected: Vec<&str> = expect.in_doubt.iter().map(String::as_str).collect();
    expected.sort_unstable();
    if doubts != expected {
        miss(&["in_doubt"], format!("in doubt are {doubts:?}, not {expected:?}"));
    }
    for (at, text) in expect.that.iter().enumerate() {
        if let Err(message) = holds(text, played, state) {
            miss(&["that", &at.to_string()], message);
        }
    }
    unmet
}

/// The step that begins with a fact.
fn begins(event: &Event) -> Option<&str> {
    match event {
        Event::AttemptStarted { path, .. } | Event::StepEntered { path, .. } | Event::StepExpanded { path, .. } => {
            Some(path.as_str())
        }
        _ => None,
    }
}

fn is_in_doubt(node: &Node) -> bool {
    node.leaf().is_some_and(|leaf| matches!(leaf.doing, Doing::InDoubt { .. }))
}

fn of_step(path: &str, expected: &Step, state: &State, mut miss: impl FnMut(&str, String)) {
    let Some(id) = state.find(&Path::parse(path)) else {
        // What was never reached is not there yet.
        if expected.status != Some(Status::Pending) {
            miss("status", format!("the run never came to a step `{path}`"));
        }
        return;
    };
    let node = state.node(id);
    if let Some(wanted) = expected.status
        && status(node.status) != wanted.word()
    {
        let why = node.error.as_ref().map_or_else(String::new, |error| format!(": {}", error.message));
        miss("status", format!("`{path}` is {}, not {}{why}", status(node.status), wanted.word()));
    }
    if let Some(wanted) = expected.attempts.filter(|wanted| *wanted != node.attempts()) {
        miss("attempts", format!("`{path}` took {} attempts, not {wanted}", node.attempts()));
    }
    if let Some(difference) = expected.outputs.as_ref().and_then(|wanted| differs(wanted, &node.outputs)) {
        miss("outputs", difference);
    }
    if let Some(wanted) = &expected.error {
        let said = node.error.as_ref().map_or("", |error| &error.message);
        if !said.contains(wanted.as_str()) {
            miss("error", format!("the error of `{path}` is `{said}`"));
        }
    }
}

/// How a value differs from what is wanted; of objects, only what is wanted is looked at.
fn differs(wanted: &Value, found: &Value) -> Option<String> {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) => wanted.iter().find_map(|(name, wanted)| {
            let Some(found) = found.get(name) else { return Some(format!("`{name}` is not there")) };
            differs(wanted, found).map(|difference| format!("`{name}`: {difference}"))
        }),
        (wanted, found) if wanted == found => None,
        (Value::Object(wanted), Value::Null) if wanted.is_empty() => None,
        (wanted, found) => Some(format!("it is {found}, not {wanted}")),
    }
}

fn holds(text: &str, played: &Played, state: &State) -> Result<(), String> {
    let expression = Expression::compile(text).map_err(|problem| problem.message)?;
    let evaluator = played.evaluator.as_ref().ok_or("there is no run")?;
    let outputs = played.facts.iter().rev().find_map(|(_, event)| match event {
        Event::RoundEnded { outputs, .. } => Some(outputs.clone()),
        _ => None,
    });
    let scope = evaluator
        .at_end(state, outputs.unwrap_or_default())
        .with("state", played.left.clone())
        .with("elapsed", json!(played.elapsed));
    match expression.evaluate(&scope).map_err(|problem| problem.message)? {
        Value::Bool(true) => Ok(()),
        Value::Bool(false) => Err(format!("`{text}` does not hold")),
        other => Err(format!("`{text}` is {other}, and neither true nor false")),
    }
}
