//! What the author of a step sees, and nothing else.
//!
//! A step type is a config struct (what stands under `with:`) that implements [`Step`] and one of
//!
//! - [`Process`]: two pure functions around one process, `command` and `finish`. The engine's keeper owns the process, so
//!   any later engine life can finish the step;
//! - [`InProcess`]: an async `run` that lives and dies with the engine.
//!
//! Doc comments of the struct and its fields are the manual page, the JSON Schema and the editor completion. A namespace
//! lists its types as [`StepType`]s; everything else (decoding, `runner steps`, conformance tests) derives from there.
//! A step reaches the world only through its [`Context`], so its tests need no world.

pub mod command;
pub mod contain;
pub mod context;
pub mod error;
pub mod example;
pub mod kube;
pub mod secret;
pub mod step;
pub mod step_type;
pub mod unit;
pub mod world;

pub use command::{Captured, Command, Exit, Finished, Program, Publish};
pub use context::{Context, Place};
pub use error::{Error, ErrorKind, Result};
pub use example::Example;
pub use secret::Secret;
pub use step::{Ability, Change, InProcess, Need, Process, Serve, Step};
pub use step_type::{DecodeError, Facts, Instance, Kind, StepType, Told};

/// A boxed future, the shape in which async work crosses the traits of this crate.
pub type Future<'a, T> = std::pin::Pin<Box<dyn std::future::Future<Output = T> + Send + 'a>>;
