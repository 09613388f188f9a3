//! The one reader of YAML: from bytes to a tree in which every key and value knows its place.
//!
//! Workflow files, loaded files (`load:`) and input files (`--inputs`) all go through it, so that no file is ever read
//! in two ways. The way: [`read_file`] opens the file without ever blocking and within a size limit; its bytes become
//! text (UTF-8, no byte order mark, no carriage returns, no control characters; what is wrong is reported and read over);
//! [`read`] turns the text into [`Node`]s, and catches what people mean differently from what YAML 1.2 reads: `no`, `0644`,
//! `12:30`, an unquoted `{{`, a merge key, a tag. [`Node::to_json`] gives the value by YAML's core schema, and
//! [`Node::locate`] leads from a place inside a scalar's value back into the file.

mod build;
mod decode;
mod file;
mod frame;
mod locate;
mod node;
mod scalar;
mod surprise;
mod syntax;
mod template;

use std::path::Path;
use std::sync::Arc;

pub use file::SIZE_LIMIT;
pub use node::{Entry, Key, Kind, Node, Scalar, Style};

use crate::diagnostic::{Sink, Source};

/// A file that was read: its text, and its tree unless it is no YAML at all.
#[derive(Clone, Debug)]
pub struct Document {
    /// The text as it was read.
    pub source: Arc<Source>,
    /// The tree; none when the syntax is broken (reported).
    pub root: Option<Node>,
}

impl Document {
    /// What is known already, as if it had been read from a file.
    pub fn of(name: &str, values: serde_json::Map<String, serde_json::Value>) -> Self {
        let source = Source::new(name, serde_json::Value::Object(values).to_string());
        let root = read(&source, &mut Sink::new());
        Self { source, root }
    }
}

/// Reads a file, which may be anything: what is wrong with it goes into the sink. None when there is no text at all.
///
/// `name` is how the person calls the file in messages.
pub fn read_file(path: &Path, name: &str, sink: &mut Sink) -> Option<Document> {
    let bytes = file::read(path).map_err(|refused| sink.push(refused.diagnostic(name))).ok()?;
    read_bytes(name, &bytes, sink)
}

/// The text of a file that is no YAML: as [`read_file`], without its tree.
pub fn read_text(path: &Path, name: &str, sink: &mut Sink) -> Option<Arc<Source>> {
    let bytes = file::read(path).map_err(|refused| sink.push(refused.diagnostic(name))).ok()?;
    decode::text(name, &bytes, sink)
}

/// As [`read_file`], for bytes that are already there.
pub fn read_bytes(name: &str, bytes: &[u8], sink: &mut Sink) -> Option<Document> {
    let source = decode::text(name, bytes, sink)?;
    let root = read(&source, sink);
    Some(Document { source, root })
}

/// The tree of a text; none when its syntax is broken or it is empty, which the sink then says.
pub fn read(source: &Arc<Source>, sink: &mut Sink) -> Option<Node> {
    let text = decode::cleaned(source, sink);
    build::tree(source, text, sink)
}
