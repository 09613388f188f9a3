//! What stands in for steps.

use std::borrow::Cow;

use runner_core::{AttemptResult, ErrorKind, StepError};
use runner_sdk::StepType;
use runner_sdk::unit::Duration;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use crate::diagnostic::did_you_mean;
use crate::evaluate::Rendered;
use crate::expression::{CompiledValue, Scope, Status};

/// One attempt's double, or those of one attempt after the other.
#[derive(Clone, Debug, PartialEq)]
pub struct Doubles(Vec<Double>);

/// What stands in for an attempt.
#[derive(Clone, Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Double {
    /// What it gives. A text may speak of `with`, the fields of the step, of `step`, its path, and of `attempt`.
    #[serde(default)]
    outputs: Option<Value>,
    /// Why it fails.
    #[serde(default)]
    error: Option<Failure>,
    /// How long it takes; a service, until it is ready.
    #[serde(default)]
    after: Option<Duration>,
    /// For how many attempts it stands, one after the other.
    #[serde(default = "once")]
    #[schemars(range(min = 1, max = 1_000_000))]
    times: u32,
}

fn once() -> u32 {
    1
}

/// Why an attempt fails: what happened, or that with more.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Failure(StepError);

/// A failure, written out.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Written {
    /// What happened.
    message: String,
    /// Its class; only a transient one is tried again.
    #[serde(default)]
    kind: Class,
    /// The exit code of its process.
    #[serde(default)]
    exit_code: Option<i32>,
}

#[derive(Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Class {
    /// Trying again may help.
    #[default]
    Transient,
    /// Trying again will not help.
    Permanent,
    /// What was written cannot work.
    Input,
    /// It took too long.
    Timeout,
}

/// The schema of something that may be written shorter.
fn shorter(short: &Value, long: Schema) -> Schema {
    let long = long.to_value();
    Schema::try_from(json!({"anyOf": [short, long]})).unwrap_or_default()
}

impl JsonSchema for Doubles {
    fn schema_name() -> Cow<'static, str> {
        "Doubles".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<Double>();
        shorter(&json!({"type": "array", "minItems": 1, "items": one}), one)
    }
}

impl JsonSchema for Failure {
    fn schema_name() -> Cow<'static, str> {
        "Failure".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        shorter(&json!({"type": "string"}), generator.subschema_for::<Written>())
    }
}

impl<'de> Deserialize<'de> for Doubles {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let of = |value| serde_json::from_value(value).map_err(D::Error::custom);
        match Value::deserialize(deserializer)? {
            Value::Array(items) => items.into_iter().map(of).collect::<Result<_, _>>().map(Self),
            one => Ok(Self(vec![of(one)?])),
        }
    }
}

impl<'de> Deserialize<'de> for Failure {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = match Value::deserialize(deserializer)? {
            Value::String(message) => Written { message, kind: Class::Transient, exit_code: None },
            other => serde_json::from_value(other).map_err(D::Error::custom)?,
        };
        let kind = match written.kind {
            Class::Transient => ErrorKind::Transient,
            Class::Permanent => ErrorKind::Permanent,
            Class::Input => ErrorKind::Input,
            Class::Timeout => ErrorKind::Timeout,
        };
        Ok(Self(StepError { exit_code: written.exit_code, ..StepError::new(kind, written.message) }))
    }
}

impl Doubles {
    /// What stands in for the attempt with this number, from 0.
    pub(super) fn nth(&self, number: usize) -> Option<&Double> {
        let mut before = 0;
        let found = self.0.iter().find(|double| {
            before += double.times as usize;
            number < before
        });
        found.or(self.0.last())
    }
}

impl Double {
    /// How long it takes.
    pub(super) fn after(&self) -> std::time::Duration {
        self.after.as_ref().map(|after| after.0).unwrap_or_default()
    }

    /// How the attempt of this definition ends. `Err`: the double itself is wrong.
    pub(super) fn result(&self, path: &str, attempt: u32, rendered: &Rendered) -> Result<AttemptResult, String> {
        if let Some(Failure(error)) = &self.error {
            return Ok(AttemptResult::Failed { error: error.clone() });
        }
        let outputs = self.outputs.clone().unwrap_or_else(|| json!({}));
        let mut wrong = None;
        let compiled = CompiledValue::compile(&outputs, &mut |_, problem| wrong = Some(problem.message));
        if let Some(wrong) = wrong {
            return Err(wrong);
        }
        let scope = Scope::new(Status::default())
            .with("with", rendered.with.clone())
            .with("step", Value::from(path))
            .with("attempt", Value::from(attempt));
        let output = compiled.render(&scope).map_err(|wrong| wrong.problem.message)?;
        fits(rendered.step, &output)?;
        Ok(AttemptResult::Succeeded { output })
    }
}

/// Whether outputs are of a type's own: what is given has to fit, and need not be all.
fn fits(step: &StepType, output: &Value) -> Result<(), String> {
    let mut schema = step.output_schema();
    let known: Vec<String> =
        schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect();
    let given = output.as_object().ok_or("outputs are a mapping")?;
    if let Some(unknown) = given.keys().find(|name| !known.contains(name)) {
        let near = did_you_mean(unknown, known.iter().map(String::as_str));
        let near = near.unwrap_or_else(|| format!("it has {}", known.join(", ")));
        return Err(format!("`{}` has no output `{unknown}`: {near}", step.name));
    }
    required(&mut schema);
    let checker = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
    match checker.iter_errors(output).next() {
        None => Ok(()),
        Some(error) => Err(format!("{error} (`{}`)", error.instance_path().as_str().trim_start_matches('/'))),
    }
}

/// Takes out of a schema what must be there.
fn required(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.remove("required");
            members.values_mut().for_each(required);
        }
        Value::Array(items) => items.iter_mut().for_each(required),
        _ => {}
    }
}
