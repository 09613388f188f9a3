//! The language from a file to the typed tree, and what is said of files that are wrong.

#[path = "language/fixture.rs"]
mod fixture;
#[path = "language/frozen.rs"]
mod frozen;
#[path = "language/input.rs"]
mod input;
#[path = "language/odd.rs"]
mod odd;
#[path = "language/tree.rs"]
mod tree;

use runner_engine::diagnostic::{Sink, Source, render};
use runner_engine::language::ast::Workflow;
use runner_engine::language::parse;

/// The workflow of a text, and everything said of it.
fn read(text: &str) -> (Option<Workflow>, String) {
    let mut sink = Sink::new();
    let workflow = parse(&Source::new("test.yaml", text), &mut sink);
    (workflow, render(&sink.finish(), 120, false))
}

/// The workflow of a text in which nothing is wrong.
fn good(text: &str) -> Workflow {
    let (workflow, said) = read(text);
    assert_eq!(said, "");
    workflow.expect("a workflow")
}
