//! What the outside does, and what expressions say: all of it known beforehand.

use std::collections::BTreeMap;

use runner_core::{
    AttemptResult, ErrorKind, Evaluate, Event, Item, Needs, NodeId, Path, Purpose, State, Status, StepError,
};
use serde_json::{Value, json};

/// How one execution of a step's work ends.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Outcome {
    Ok,
    Output(Value),
    Transient,
    Permanent,
}

impl Outcome {
    pub(crate) fn result(&self, path: &Path) -> AttemptResult {
        let failed = |kind| AttemptResult::Failed { error: StepError::new(kind, format!("{path} failed")) };
        match self {
            Self::Ok => AttemptResult::Succeeded { output: json!({"of": path.as_str()}) },
            Self::Output(output) => AttemptResult::Succeeded { output: output.clone() },
            Self::Transient => failed(ErrorKind::Transient),
            Self::Permanent => failed(ErrorKind::Permanent),
        }
    }
}

/// What a condition says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Say {
    Yes,
    No,
    Failure,
    Success,
    Broken,
}

/// Everything by path; what is not named is done well at once, is true, and has no items.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    /// The outcomes of a step's executions; the last one repeats.
    pub(crate) outcomes: BTreeMap<String, Vec<Outcome>>,
    pub(crate) says: BTreeMap<String, Say>,
    pub(crate) items: BTreeMap<String, Vec<String>>,
    /// Whether steps are permitted ahead.
    pub(crate) permits: bool,
    /// Those that are not.
    pub(crate) strict: Vec<String>,
    /// What definitions hash to.
    pub(crate) fingerprints: BTreeMap<String, String>,
    /// Steps whose `outputs:`, `ready:`, ... cannot be evaluated, as `outputs:PATH`.
    pub(crate) broken: Vec<String>,
    /// Whether a person wants the run to be undone once it has ended.
    pub(crate) afterwards: bool,
    /// Groups of which only one may be under way.
    pub(crate) alone: Vec<String>,
    /// Steps to which a person does not agree.
    pub(crate) refused: Vec<String>,
}

impl Script {
    pub(crate) fn outcome(mut self, path: &str, outcomes: &[Outcome]) -> Self {
        self.outcomes.insert(path.to_owned(), outcomes.to_vec());
        self
    }
    pub(crate) fn say(mut self, path: &str, say: Say) -> Self {
        self.says.insert(path.to_owned(), say);
        self
    }
    pub(crate) fn items(mut self, path: &str, keys: &[&str]) -> Self {
        self.items.insert(path.to_owned(), keys.iter().map(|key| (*key).to_owned()).collect());
        self
    }
    pub(crate) fn refused(mut self, path: &str) -> Self {
        self.refused.push(path.to_owned());
        self
    }
    pub(crate) fn undone_afterwards(mut self) -> Self {
        self.afterwards = true;
        self
    }
    pub(crate) fn alone(mut self, paths: &[&str]) -> Self {
        self.alone = paths.iter().map(|path| (*path).to_owned()).collect();
        self
    }
    pub(crate) fn permits(mut self) -> Self {
        self.permits = true;
        self
    }
    pub(crate) fn strict(mut self, path: &str) -> Self {
        self.strict.push(path.to_owned());
        self
    }
    /// An edited definition.
    pub(crate) fn edited(mut self, path: &str, fingerprint: &str) -> Self {
        self.fingerprints.insert(path.to_owned(), fingerprint.to_owned());
        self
    }
    /// What the definition at `path` hashes to.
    pub(crate) fn written(&self, path: &Path) -> String {
        look(&self.fingerprints, path).cloned().unwrap_or_else(|| "f".to_owned())
    }
    pub(crate) fn broken(mut self, what: &str) -> Self {
        self.broken.push(what.to_owned());
        self
    }

    /// The outcome of the `nth` execution, from 0, of the step at `path`.
    pub(crate) fn outcome_of(&self, path: &Path, nth: u32) -> Outcome {
        let outcomes = look(&self.outcomes, path).map_or(&[][..], Vec::as_slice);
        outcomes.get(nth as usize).or(outcomes.last()).cloned().unwrap_or(Outcome::Ok)
    }

    /// The outcome of the `nth` execution, from 0, of what undoes the step at `path`.
    pub(crate) fn outcome_of_undo(&self, path: &Path, nth: u32) -> Outcome {
        self.outcome_of(&Path::parse(&format!("undo:{path}")), nth)
    }

    fn check(&self, what: &str, state: &State, node: NodeId) -> Result<(), StepError> {
        let name = format!("{what}:{}", state.node(node).path);
        if self.broken.contains(&name) { Err(StepError::new(ErrorKind::Input, name)) } else { Ok(()) }
    }
}

impl Evaluate for Script {
    fn when(&self, state: &State, node: NodeId, needs: Needs) -> Result<bool, StepError> {
        match look(&self.says, &state.node(node).path).unwrap_or(&Say::Yes) {
            Say::Yes => Ok(true),
            Say::No => Ok(false),
            Say::Failure => Ok(needs.failure),
            Say::Success => Ok(needs.success),
            Say::Broken => Err(StepError::new(ErrorKind::Input, "no such name")),
        }
    }
    fn items(&self, state: &State, node: NodeId) -> Result<Vec<Item>, StepError> {
        self.check("items", state, node)?;
        let path = &state.node(node).path;
        // Items that change from round to round stand under `PATH@ROUND`.
        let keys = self.items.get(&format!("{path}@{}", state.round())).or_else(|| look(&self.items, path));
        let item = |key: &String| Item { key: key.clone(), value: json!(key) };
        Ok(keys.into_iter().flatten().map(item).collect())
    }
    fn question(&self, state: &State, node: NodeId) -> Result<Value, StepError> {
        self.check("question", state, node).map(|()| json!("really?"))
    }
    fn enter(&self, state: &State, node: NodeId) -> Result<Option<Value>, StepError> {
        self.check("enter", state, node)?;
        let path = state.node(node).path.as_str();
        let held = |other: &String| {
            other != path
                && state.find(&Path::parse(other)).is_some_and(|other| state.node(other).status == Status::Active)
        };
        let barred = self.alone.iter().any(|other| other == path) && self.alone.iter().any(held);
        Ok((!barred).then(|| json!({"round": state.round()})))
    }
    fn render(&self, state: &State, node: NodeId, _: u32, purpose: Purpose) -> Result<String, StepError> {
        let what = if purpose == Purpose::Undo { "undo" } else { "render" };
        self.check(what, state, node).map(|()| self.written(&state.node(node).path))
    }
    fn ahead(&self, state: &State, node: NodeId) -> bool {
        let node = state.node(node);
        self.permits && !look_all(&self.strict, &node.path)
    }
    fn until(&self, state: &State, node: NodeId, output: &Value) -> Result<bool, StepError> {
        self.check("until", state, node).map(|()| *output != json!(false))
    }
    fn ready(&self, state: &State, node: NodeId, output: &Value) -> Result<bool, StepError> {
        self.check("ready", state, node).map(|()| *output == json!("ready"))
    }
    fn retry(&self, state: &State, node: NodeId, _: &StepError) -> Result<bool, StepError> {
        self.check("retry", state, node).map(|()| true)
    }
    fn outputs(&self, state: &State, node: NodeId, _: &Value) -> Result<Option<Value>, StepError> {
        self.check("outputs", state, node).map(|()| None)
    }
    fn exit_code(&self, _: &State, _: &Value) -> Result<Option<u8>, StepError> {
        Ok(None)
    }
}

/// What is said of a path, or else of its last id.
fn look<'a, T>(map: &'a BTreeMap<String, T>, path: &Path) -> Option<&'a T> {
    let last =
        |path: &str| path.rsplit('/').next().and_then(|last| last.split('[').next()).unwrap_or_default().to_owned();
    let id = match path.as_str().strip_prefix("undo:") {
        Some(path) => format!("undo:{}", last(path)),
        None => last(path.as_str()),
    };
    map.get(path.as_str()).or_else(|| map.get(&id))
}

/// Whether a path, or its last id, is among these.
fn look_all(these: &[String], path: &Path) -> bool {
    let id = path.as_str().rsplit('/').next().and_then(|last| last.split('[').next()).unwrap_or_default();
    these.iter().any(|one| one == id || one == path.as_str())
}

/// The step that a fact is about.
pub(crate) fn path_of(event: &Event) -> Option<&Path> {
    match event {
        Event::AttemptStarted { path, .. }
        | Event::StepEntered { path, .. }
        | Event::StepExpanded { path, .. }
        | Event::StepSkipped { path, .. }
        | Event::StepFinished { path, .. }
        | Event::StepUndone { path }
        | Event::UndoStarted { path }
        | Event::UndoEnded { path } => Some(path),
        _ => None,
    }
}
