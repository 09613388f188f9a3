//! The language of workflows: from a file to a typed tree in which every field knows its place.
//!
//! [`reader`] turns bytes into a tree of values with places, [`parse`] that tree into a [`Workflow`](ast::Workflow), and
//! [`input`] what a person gives into the values of its inputs. Everything wrong goes into one sink, and a mistake never
//! hides another: what could be understood is returned beside the errors, so that later checks can report theirs too.

pub mod ast;
mod decode;
mod duration;
pub mod input;
pub mod needs;
pub mod reader;
pub mod schema;
mod size;

use std::sync::Arc;

pub use decode::keys;
pub use duration::parse_duration;
pub use reader::{Document, read_file};
pub use size::parse_size;

use crate::diagnostic::{Sink, Source};

/// The workflow of a text. It may only be run when the sink has no errors; with errors it is what could be understood.
/// None when there is no workflow in it at all.
pub fn parse(source: &Arc<Source>, sink: &mut Sink) -> Option<ast::Workflow> {
    let root = reader::read(source, sink)?;
    decode::workflow(&mut decode::Decoder { source, sink }, &root)
}

/// As [`parse`], for a file that [`read_file`] has read.
pub fn decode(document: &Document, sink: &mut Sink) -> Option<ast::Workflow> {
    let source = &document.source;
    decode::workflow(&mut decode::Decoder { source, sink }, document.root.as_ref()?)
}
