//! What is wrong in a file, and where: collected whole, shown with the place, the line, a caret and a hint.
//!
//! A [`Source`] is a text with a name; a [`Span`] is a range of its bytes; a [`Diagnostic`] says what is wrong at such a
//! place. Readers and checkers push what they find into a [`Sink`] and go on, so that a person sees everything at once.
//! [`render()`] draws it for people, [`to_json`] gives it to programs.

mod describe;
mod json;
mod render;
mod sink;
mod source;
mod suggest;

pub use describe::{Diagnostic, Label, Severity};
pub use json::to_json;
pub use render::render;
pub use sink::Sink;
pub use source::{Position, Source, Span};
pub(crate) use source::{ceil, floor};
pub use suggest::{did_you_mean, nearest};
