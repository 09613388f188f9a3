//! A step type with its Rust type erased: what the engine, the manual and the tests work with.

use std::path::PathBuf;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::Future;
use crate::command::{Captured, Command, Exit, Finished};
use crate::contain;
use crate::context::{Context, Place};
use crate::error::{Error, Result};
use crate::example::Example;
use crate::step::{Ability, Change, InProcess, Need, Process, Serve, Step};

/// Which of the two kinds a step type is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// One process, owned by the keeper.
    Process,
    /// Work inside the engine.
    InProcess,
}

/// A step type.
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, as the type's author declares it")]
pub struct StepType {
    /// `namespace.verb`.
    pub name: &'static str,
    /// Its kind.
    pub kind: Kind,
    /// Whether twice is the same as once.
    pub idempotent: bool,
    /// Part of the fingerprint.
    pub behaviour: u32,
    /// Whether it takes no parallel slot.
    pub waits: bool,
    /// Whether it only computes.
    pub instant: bool,
    /// Whether its log is for the person who watches.
    pub speaks: bool,
    /// Whether files' contents may count as part of its definition.
    pub reads: bool,
    /// What it can do beyond running.
    pub abilities: &'static [Ability],
    /// Programs it needs.
    pub needs: &'static [Need],
    /// Its examples.
    pub examples: &'static [Example],
    types: Types,
}

/// Where the types of `with:` and of the outputs are from.
enum Types {
    /// Rust's own.
    Rust {
        with: fn() -> Value,
        output: fn() -> Value,
        decode: fn(Value) -> Result<Box<dyn Instance>, DecodeError>,
        encode_check: fn(Value) -> Result<Value, DecodeError>,
    },
    /// Another program's, which tells them.
    Told(&'static dyn Told),
}

/// The types of a step that is written in another language.
pub trait Told: Send + Sync {
    /// See [`StepType::with_schema`].
    fn with_schema(&self) -> Value;
    /// See [`StepType::output_schema`].
    fn output_schema(&self) -> Value;
    /// See [`StepType::decode`].
    fn decode(&self, with: Value) -> Result<Box<dyn Instance>, DecodeError>;
    /// See [`StepType::decode_output`].
    fn decode_output(&self, output: Value) -> Result<Value, DecodeError>;
}

/// What a program tells of a step besides its types.
#[derive(Clone, Copy, Debug)]
pub struct Facts {
    /// `namespace.verb`.
    pub name: &'static str,
    /// Whether twice is the same as once.
    pub idempotent: bool,
    /// Part of the fingerprint.
    pub behaviour: u32,
    /// Programs it needs.
    pub needs: &'static [Need],
    /// Its examples.
    pub examples: &'static [Example],
}

/// A value that does not decode: where, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct DecodeError {
    /// The path in the value, such as `headers.accept` or `argv[0]`; `.` is the whole.
    pub path: String,
    /// Why.
    pub message: String,
}

impl StepType {
    /// A process step.
    pub const fn process<T: Process>() -> Self {
        Self::of::<T>(Kind::Process, |value| Ok(Box::new(OfProcess(decode::<T>(value)?))))
    }

    /// A process step whose program is this binary.
    pub const fn serving<T: Serve>() -> Self {
        Self::of::<T>(Kind::Process, |value| Ok(Box::new(OfServe(decode::<T>(value)?))))
    }

    /// A step inside the engine.
    pub const fn in_process<T: InProcess>() -> Self {
        Self::of::<T>(Kind::InProcess, |value| Ok(Box::new(OfInProcess(decode::<T>(value)?))))
    }

    const fn of<T: Step>(kind: Kind, instance: fn(Value) -> Result<Box<dyn Instance>, DecodeError>) -> Self {
        Self {
            name: T::NAME,
            kind,
            idempotent: T::IDEMPOTENT,
            behaviour: T::BEHAVIOUR,
            waits: T::WAITS,
            instant: T::INSTANT,
            speaks: T::SPEAKS,
            reads: T::READS,
            abilities: T::ABILITIES,
            needs: T::NEEDS,
            examples: T::EXAMPLES,
            types: Types::Rust {
                with: schema::<T>,
                output: schema::<T::Output>,
                decode: instance,
                encode_check: |value| {
                    let output: T::Output = decode(value)?;
                    serde_json::to_value(output).map_err(|e| DecodeError { path: ".".into(), message: e.to_string() })
                },
            },
        }
    }

    /// A process step whose types another program tells.
    pub fn told(facts: Facts, types: &'static dyn Told) -> Self {
        Self {
            name: facts.name,
            kind: Kind::Process,
            idempotent: facts.idempotent,
            behaviour: facts.behaviour,
            waits: false,
            instant: false,
            speaks: false,
            reads: false,
            abilities: &[],
            needs: facts.needs,
            examples: facts.examples,
            types: Types::Told(types),
        }
    }

    /// The part of the name before the dot.
    pub fn namespace(&self) -> &'static str {
        self.name.split('.').next().unwrap_or(self.name)
    }

    /// The JSON Schema (draft-07, definitions inlined) of `with:`. Its description is the manual's text.
    pub fn with_schema(&self) -> Value {
        match &self.types {
            Types::Rust { with, .. } => with(),
            Types::Told(types) => types.with_schema(),
        }
    }

    /// The JSON Schema of the outputs.
    pub fn output_schema(&self) -> Value {
        match &self.types {
            Types::Rust { output, .. } => output(),
            Types::Told(types) => types.output_schema(),
        }
    }

    /// The first line of the manual.
    pub fn summary(&self) -> String {
        let schema = self.with_schema();
        schema["description"].as_str().and_then(|text| text.lines().next()).unwrap_or_default().to_owned()
    }

    /// Decodes a rendered `with:`.
    pub fn decode(&self, with: Value) -> Result<Box<dyn Instance>, DecodeError> {
        match &self.types {
            Types::Rust { decode, .. } => decode(with),
            Types::Told(types) => types.decode(with),
        }
    }

    /// Decodes outputs given by a person or a `check:`, and gives them back in full.
    pub fn decode_output(&self, output: Value) -> Result<Value, DecodeError> {
        match &self.types {
            Types::Rust { encode_check, .. } => encode_check(output),
            Types::Told(types) => types.decode_output(output),
        }
    }

    /// Whether the type has an ability.
    pub fn can(&self, ability: Ability) -> bool {
        self.abilities.contains(&ability)
    }
}

/// A decoded step, ready to run.
pub trait Instance: Send + Sync {
    /// See [`Step::validate`].
    fn validate(&self) -> Result<()>;
    /// See [`Step::reads`].
    fn reads(&self) -> Vec<PathBuf>;
    /// See [`Step::plan`].
    fn plan<'a>(&'a self, context: &'a Context) -> Future<'a, Result<Option<Change>>>;
    /// See [`Step::check`].
    fn check<'a>(&'a self, context: &'a Context) -> Future<'a, Result<Option<Value>>>;
    /// See [`Step::undo`].
    fn undo<'a>(&'a self, output: Value, context: &'a Context) -> Future<'a, Result<()>>;
    /// See [`Process::command`].
    fn command(&self, place: &Place) -> Result<Command>;
    /// See [`Process::finish`].
    fn finish(&self, place: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Value>>;
    /// See [`Process::decided_by`].
    fn decided_by(&self) -> Option<Vec<i32>> {
        None
    }
    /// See [`Process::started`].
    fn started(&self, captured: &Captured) -> Option<Value>;
    /// See [`InProcess::run`].
    fn run<'a>(&'a self, context: &'a Context) -> Future<'a, Result<Value>>;
    /// See [`Serve::serve`].
    fn serve<'a>(&'a self, context: &'a Context) -> Future<'a, Result<()>>;
}

struct OfProcess<T>(T);
struct OfServe<T>(T);
struct OfInProcess<T>(T);

/// What every kind of instance does in the same way.
macro_rules! common {
    () => {
        fn validate(&self) -> Result<()> {
            contain::call(|| self.0.validate())
        }
        fn reads(&self) -> Vec<PathBuf> {
            self.0.reads()
        }
        fn plan<'a>(&'a self, context: &'a Context) -> Future<'a, Result<Option<Change>>> {
            Box::pin(contain::future(async move { self.0.plan(context).await }))
        }
        fn check<'a>(&'a self, context: &'a Context) -> Future<'a, Result<Option<Value>>> {
            Box::pin(contain::future(async move { self.0.check(context).await?.map(encode).transpose() }))
        }
        fn undo<'a>(&'a self, output: Value, context: &'a Context) -> Future<'a, Result<()>> {
            Box::pin(contain::future(async move {
                let output = decode::<T::Output>(output).map_err(|e| Error::input(e.to_string()))?;
                self.0.undo(&output, context).await
            }))
        }
    };
}

macro_rules! process {
    () => {
        fn command(&self, place: &Place) -> Result<Command> {
            contain::call(|| self.0.command(place))
        }
        fn finish(&self, place: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Value>> {
            let finished = contain::call(|| self.0.finish(place, exit, captured))?;
            Ok(Finished { output: encode(finished.output)?, files: finished.files })
        }
        fn decided_by(&self) -> Option<Vec<i32>> {
            self.0.decided_by()
        }
        fn started(&self, captured: &Captured) -> Option<Value> {
            contain::call(|| Ok(self.0.started(captured))).ok().flatten().and_then(|output| encode(output).ok())
        }
        fn run<'a>(&'a self, _: &'a Context) -> Future<'a, Result<Value>> {
            Box::pin(async { Err(wrong_kind::<T>()) })
        }
    };
}

impl<T: Process> Instance for OfProcess<T> {
    common!();
    process!();
    fn serve<'a>(&'a self, _: &'a Context) -> Future<'a, Result<()>> {
        Box::pin(async { Err(wrong_kind::<T>()) })
    }
}

impl<T: Serve> Instance for OfServe<T> {
    common!();
    process!();
    fn serve<'a>(&'a self, context: &'a Context) -> Future<'a, Result<()>> {
        Box::pin(self.0.serve(context))
    }
}

impl<T: InProcess> Instance for OfInProcess<T> {
    common!();
    fn command(&self, _: &Place) -> Result<Command> {
        Err(wrong_kind::<T>())
    }
    fn finish(&self, _: &Place, _: Exit, _: &Captured) -> Result<Finished<Value>> {
        Err(wrong_kind::<T>())
    }
    fn started(&self, _: &Captured) -> Option<Value> {
        None
    }
    fn run<'a>(&'a self, context: &'a Context) -> Future<'a, Result<Value>> {
        Box::pin(contain::future(async move { encode(self.0.run(context).await?) }))
    }
    fn serve<'a>(&'a self, _: &'a Context) -> Future<'a, Result<()>> {
        Box::pin(async { Err(wrong_kind::<T>()) })
    }
}

fn wrong_kind<T: Step>() -> Error {
    Error::permanent(format!("`{}` is not a step of that kind", T::NAME))
}

fn encode<T: serde::Serialize>(output: T) -> Result<Value> {
    serde_json::to_value(output).map_err(|e| Error::permanent(format!("the step's output does not encode: {e}")))
}

fn decode<T: DeserializeOwned>(value: Value) -> Result<T, DecodeError> {
    serde_path_to_error::deserialize(value)
        .map_err(|e| DecodeError { path: e.path().to_string(), message: e.into_inner().to_string() })
}

fn schema<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}
