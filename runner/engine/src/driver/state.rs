//! What deployments leave behind, as steps see it; and templates that steps render.

use std::path::{Path, PathBuf};
use std::time::Duration;

use runner_sdk::world::Render;
use runner_sdk::{Error, Result};
use serde_json::Value;

use crate::evaluate::Known;
use crate::expression::{Scope, Status, Template};
use crate::ledger::{Holder, Key, LedgerError, Origin, State, StateOp, StateWrite};
use crate::when;

/// How long a write waits for another's.
const BOUND: Duration = Duration::from_secs(10);

/// The project's state.
pub(super) struct Store {
    home: PathBuf,
    holder: Holder,
}

/// The state as one attempt sees it: its writes carry where they come from, so that repeating them changes nothing.
pub(super) struct View {
    pub(super) store: std::sync::Arc<Store>,
    pub(super) run: String,
    pub(super) step: String,
    pub(super) round: u32,
    pub(super) fingerprint: String,
    /// Finds secrets, which must not be written down.
    pub(super) known: Known,
}

impl Store {
    /// The state of the project that a run's folder belongs to.
    pub(super) fn new(run_folder: &Path, holder: Holder) -> Self {
        let home = run_folder.parent().and_then(Path::parent).unwrap_or(run_folder).to_path_buf();
        Self { home, holder }
    }
}

impl View {
    fn open(&self) -> Result<State> {
        State::open(&self.store.home, &self.store.holder, BOUND).map_err(|error| failed(&error))
    }

    fn write(&self, op: StateOp) -> Result<State> {
        let masker = self.known.masker();
        for op in op.single() {
            let (key, value) = match op {
                StateOp::Set { key, value } | StateOp::Append { key, value } => (key, Some(value)),
                StateOp::Remove { key } => (key, None),
                StateOp::All { .. } => continue,
            };
            for (what, text) in [("key", Some(key.to_string())), ("value", value.map(Value::to_string))] {
                if let Some(name) = masker.names_in(text.unwrap_or_default().as_bytes()).first() {
                    let message = format!("the {what} holds the secret `{name}`, which must not be written down");
                    return Err(Error::permanent(message));
                }
            }
        }
        let mut state = self.open()?;
        let origin = Origin {
            run: self.run.clone(),
            step: self.step.clone(),
            round: u64::from(self.round),
            fingerprint: self.fingerprint.clone(),
        };
        let write = StateWrite { op, origin: Some(origin) };
        state.write(when::now(), &self.store.holder, write).map_err(|error| failed(&error))?;
        Ok(state)
    }
}

impl runner_sdk::world::State for View {
    fn get(&self, key: &str) -> Result<Option<Value>> {
        Ok(self.open()?.get(&parse(key)?).cloned())
    }

    fn set(&self, key: &str, value: Value) -> Result<Option<Value>> {
        let before = self.get(key)?;
        self.write(StateOp::Set { key: parse(key)?, value })?;
        Ok(before)
    }

    fn append(&self, key: &str, value: Value) -> Result<u64> {
        let key = parse(key)?;
        let state = self.write(StateOp::Append { key: key.clone(), value })?;
        Ok(state.get(&key).and_then(Value::as_array).map_or(0, |items| items.len() as u64))
    }

    fn remove(&self, key: &str) -> Result<Option<Value>> {
        let before = self.get(key)?;
        self.write(StateOp::Remove { key: parse(key)? })?;
        Ok(before)
    }
}

fn parse(key: &str) -> Result<Key> {
    Key::parse(key).map_err(|error| Error::input(error.to_string()))
}

fn failed(error: &LedgerError) -> Error {
    Error::transient(error.to_string())
}

/// Strict Handlebars for steps.
pub(crate) struct Renderer;

impl Render for Renderer {
    fn render(&self, name: &str, text: &str, data: &Value) -> Result<String> {
        let at = |problem: crate::expression::Problem| {
            let before = &text[..problem.offset.min(text.len())];
            let line = before.matches('\n').count() + 1;
            let column = before.rsplit('\n').next().map_or(0, |last| last.chars().count()) + 1;
            let error = Error::input(format!("{name}:{line}:{column}: {}", problem.message));
            match problem.hint {
                Some(hint) => error.hint(hint),
                None => error,
            }
        };
        let template = Template::parse(text).map_err(at)?;
        let mut scope = Scope::new(Status::default());
        for (key, value) in data.as_object().into_iter().flatten() {
            scope.set(key.clone(), value.clone());
        }
        Ok(match template.render(&scope).map_err(at)? {
            Value::String(text) => text,
            other => other.to_string(),
        })
    }
}
