//! A workflow as its author wrote it: typed, and every field with its place.
//!
//! Texts with templates and expressions are still text here ([`Text`], [`Expr`]); what they mean is found out by the
//! expression module. What is under `with:` stays a tree of nodes, since only the step type knows its fields.

mod input;
mod policy;
mod step;
mod value;
mod workflow;

pub use input::{Bound, Input, InputType};
pub use policy::{Concurrency, Defaults, OnError, Retry, Until};
pub use step::{Action, Cache, Foreach, Inline, Interrupted, Needs, Service, Step};
pub use value::{Expr, Named, Spanned, Text};
pub use workflow::{Load, Secret, SecretSource, Workflow};
