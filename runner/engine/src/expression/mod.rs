//! Texts and decisions: how a workflow refers to values.
//!
//! **Text** is Handlebars, strict: [`Template`]. The `handlebars` crate reads it; what it read is lowered once into a
//! tree of our own in which every name has its place and its meaning, so unknown names are found before anything runs,
//! values are borrowed and never copied into a context, and an error says where and why. A test holds our renderer
//! equal to the crate's over what both accept. [`CompiledValue`] is a whole `with:` of such texts.
//!
//! **Decisions** are CEL: [`Expression`]. The `cel` crate reads and evaluates them; the checks it lacks are here: which
//! functions exist, with how many arguments, and a small type checker that speaks only where types are known.
//!
//! Both see a [`Scope`] when they are evaluated and a [`TypeEnv`] when they are checked, and both speak of what is wrong
//! as a [`Problem`] at a byte offset of their text. Nothing here knows the time, randomness or the environment.

mod decision;
mod helper;
mod problem;
mod reference;
mod schema;
mod scope;
mod shape;
mod template;
mod type_env;

pub use decision::{Expression, FUNCTIONS, Function, Need, StatusCalls};
pub use helper::{Example, HELPERS, Helper};
pub use problem::{Problem, nearest};
pub use reference::Reference;
pub use scope::{Entry, Names, Scope, Status};
pub use shape::Type;
pub use template::{CompiledValue, Template, ValueProblem};
pub use type_env::TypeEnv;
