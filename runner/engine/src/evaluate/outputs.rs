//! Outputs as they are written down, and as they are seen.
//!
//! What is secret in them is sealed, field by field; what is then too large for the journal goes into a blob. A field is
//! secret when its step type says so, or when a secret that is known from elsewhere occurs in it.

use std::sync::Arc;

use runner_core::{AttemptResult, Doing, ErrorKind, Path, State, StepError};
use runner_keeper::mask::Masker;
use runner_keeper::protocol::Mask;
use serde_json::Value;

use super::Evaluator;
use super::facts::Sight;
use crate::seal::{KeyFileError, Sealed};

/// The shortest text inside a list or an object that counts as a secret of its own, in bytes: shorter ones are words such
/// as `default`, which would be masked everywhere.
const SHORTEST_INSIDE: usize = 8;

impl Evaluator {
    /// Outputs of the step at `path` as they are written down. `secret` are the names of those that its type says are.
    pub fn kept<'n>(
        &self,
        path: &Path,
        outputs: Value,
        secret: impl IntoIterator<Item = &'n str>,
    ) -> Result<Value, StepError> {
        let outputs = if self.program.secretive { self.sealed(path, outputs, secret)? } else { outputs };
        self.large
            .keep(outputs)
            .map_err(|error| StepError::new(ErrorKind::Permanent, format!("its output cannot be kept: {error}")))
    }

    fn sealed<'n>(
        &self,
        path: &Path,
        mut outputs: Value,
        secret: impl IntoIterator<Item = &'n str>,
    ) -> Result<Value, StepError> {
        let Some(fields) = outputs.as_object_mut() else { return Ok(outputs) };
        let secret: Vec<_> = secret.into_iter().collect();
        // What is secret as a whole is known before the others are looked through for it.
        for (name, value) in
            fields.iter_mut().filter(|(name, value)| secret.contains(&name.as_str()) && !value.is_null())
        {
            self.facts.known.learn(masks(&called(path, name), value));
            *value = self.boxed(path, name, true, value)?;
        }
        for (name, value) in fields.iter_mut().filter(|(name, _)| !secret.contains(&name.as_str())) {
            // What only looks sealed would be taken for it, and opens to itself when it is.
            if Sealed::looks(value) || self.secret_in(value).is_some() {
                *value = self.boxed(path, name, false, value)?;
            }
        }
        Ok(outputs)
    }

    fn boxed(&self, path: &Path, name: &str, whole: bool, value: &Value) -> Result<Value, StepError> {
        let key = self.seals.key().map_err(|error| no_key(&error))?;
        Sealed::seal(&key, &called(path, name), whole, value).map_err(|error| {
            StepError::new(ErrorKind::Permanent, format!("its output `{name}` cannot be sealed: {error}"))
        })
    }

    /// The outputs that a value of the journal stands for: sealed ones by what they are or by what they are called. One
    /// that does not open is null, which fails whoever reads it.
    pub(super) fn seen(&self, value: &Arc<Value>, sight: Sight) -> Arc<Value> {
        let value = self.large.resolve(value);
        let is_sealed = self.program.secretive && fields(&value).any(|(_, field)| Sealed::looks(field));
        if !is_sealed {
            return value;
        }
        let keys = self.seals.keys();
        let field = |field: &Value| match (Sealed::of(field), sight) {
            (Some(sealed), Sight::Reference) => self.reference(&sealed, sealed.open(&keys).unwrap_or_default()),
            (Some(sealed), Sight::Value) => sealed.open(&keys).unwrap_or_default(),
            (None, _) if Sealed::looks(field) => Value::Null,
            (None, _) => field.clone(),
        };
        Arc::new(fields(&value).map(|(name, value)| (name.clone(), field(value))).collect())
    }

    /// A sealed value where values are compared: it has the same shape, and what is secret in it is told by where it
    /// stands.
    fn reference(&self, sealed: &Sealed, value: Value) -> Value {
        if sealed.whole {
            return by_place(&format!("sealed:{}", sealed.name), value);
        }
        masked(&self.facts.known.masker(), value)
    }

    /// What steps of earlier lives have made is as secret now as it was then.
    pub fn remember(&self, state: &State) {
        if !self.program.secretive {
            return;
        }
        let keys = self.seals.keys();
        for (_, node) in state.nodes() {
            let ended = node.leaf().and_then(|leaf| match &leaf.doing {
                Doing::Ended { result: AttemptResult::Succeeded { output }, .. } => Some(Arc::new(output.clone())),
                _ => None,
            });
            let outputs = if node.outputs.is_null() { ended } else { Some(Arc::clone(&node.outputs)) };
            let Some(outputs) = outputs.map(|outputs| self.large.resolve(&outputs)) else { continue };
            for sealed in fields(&outputs).filter_map(|(_, value)| Sealed::of(value)).filter(|sealed| sealed.whole) {
                if let Ok(value) = sealed.open(&keys) {
                    self.facts.known.learn(masks(&sealed.name, &value));
                }
            }
        }
    }
}

/// The outputs by name.
pub(super) fn fields(outputs: &Value) -> impl Iterator<Item = (&String, &Value)> {
    outputs.as_object().into_iter().flatten()
}

/// What a sealed output is called.
fn called(path: &Path, name: &str) -> String {
    if *path == Path::root() { format!("outputs.{name}") } else { format!("{path}.{name}") }
}

/// A value in which every plain one is told by where it stands.
fn by_place(place: &str, value: Value) -> Value {
    match value {
        Value::Null => Value::Null,
        Value::Array(items) => {
            items.into_iter().enumerate().map(|(at, item)| by_place(&format!("{place}[{at}]"), item)).collect()
        }
        Value::Object(fields) => {
            let field = |(name, value): (String, Value)| {
                let value = by_place(&format!("{place}.{name}"), value);
                (name, value)
            };
            fields.into_iter().map(field).collect()
        }
        _ => Value::from(place),
    }
}

/// A value in which every secret is masked.
fn masked(masker: &Masker, value: Value) -> Value {
    match value {
        Value::String(text) => Value::from(masker.mask(&text)),
        Value::Array(items) => items.into_iter().map(|item| masked(masker, item)).collect(),
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (masker.mask(&name), masked(masker, value))).collect()
        }
        Value::Number(number) => match masker.mask(&number.to_string()) {
            text if text == number.to_string() => Value::Number(number),
            text => Value::from(text),
        },
        plain => plain,
    }
}

/// What must not be seen of a value that is secret as a whole.
fn masks(name: &str, value: &Value) -> Vec<Mask> {
    match value {
        Value::String(text) => vec![Mask::new(name, text.as_bytes())],
        Value::Number(number) => inside(name, &Value::from(number.to_string())),
        value => inside(name, value),
    }
}

fn inside(name: &str, value: &Value) -> Vec<Mask> {
    match value {
        Value::String(text) if text.len() >= SHORTEST_INSIDE => vec![Mask::new(name, text.as_bytes())],
        Value::Number(number) => inside(name, &Value::from(number.to_string())),
        Value::Array(items) => items.iter().flat_map(|item| inside(name, item)).collect(),
        Value::Object(fields) => fields.values().flat_map(|field| inside(name, field)).collect(),
        _ => Vec::new(),
    }
}

/// That there is no key to seal with.
pub(crate) fn no_key(error: &KeyFileError) -> StepError {
    let wrong = StepError::new(ErrorKind::Permanent, format!("what is secret in its output cannot be sealed: {error}"));
    match error.hint() {
        Some(hint) => wrong.hint(hint),
        None => wrong,
    }
}
