//! The inputs of a run: from what a person gives to values of the declared types.
//!
//! A value comes from the first that has it: `--input NAME=VALUE`, the `--inputs` file, the environment, the default. All
//! of it is a pure function of what is passed in ([`Given`]); nothing here reads the environment or a file.
//!
//! The rules: a `string` is taken as it stands; arrays and objects are written in JSON or YAML's flow style; `min` and
//! `max` bound the length of texts (in characters) and lists (in items), and the value of everything else; a `pattern` is
//! looked for anywhere in the text. A path given by a person is relative to the working directory, a default to the project.
//! An empty environment variable is one that is not set, except for an input of type `string`.

mod accept;
mod resolve;
mod secret;
mod text;

pub(super) use accept::compare;
pub use accept::{Problem, accept};
pub use resolve::{Given, InputValue, Origin, Resolved, resolve};
pub use secret::SecretGiven;
