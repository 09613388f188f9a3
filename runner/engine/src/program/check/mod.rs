//! What can be said of a program before anything runs.
//!
//! Files are gone through as they call each other, each once (`file`), their lists in the order in which steps wait for
//! each other (`list`), each step with every text it has (`step`). A text is held against the names that it will see and
//! their types (`names`); what stands under `with:` against the schema of its step type (`with`, `value`, `fit`) or the
//! inputs of the workflow that is called (`call`); and `rule` holds the rest of a step against what its type can do. What
//! is not known passes: nothing is reported that might work.

mod call;
mod catalog;
mod file;
mod finally;
mod fit;
mod inner;
mod list;
mod names;
mod rule;
mod step;
mod value;
mod with;
mod word;

use std::collections::HashMap;

use regex::Regex;

pub(super) use catalog::Catalog;

use super::{Place, Program, Registry};
use crate::diagnostic::{Diagnostic, Sink};
use crate::expression::{Problem, Type};

/// Reports everything wrong with a program; it may lack parts that were reported before.
pub(super) fn program(program: &Program, registry: &Registry, catalog: &mut Catalog, sink: &mut Sink) {
    let outputs = vec![None; program.units.len()];
    let mut checker = Checker { program, registry, catalog, sink, outputs, patterns: HashMap::new() };
    checker.unit(0, &program.plan.root);
}

/// What all checks share.
struct Checker<'p> {
    program: &'p Program,
    registry: &'p Registry,
    catalog: &'p mut Catalog,
    sink: &'p mut Sink,
    /// What the outputs of each file are, once it was gone through.
    outputs: Vec<Option<Type>>,
    /// The patterns of schemas, compiled; none for one that is no regular expression here.
    patterns: HashMap<String, Option<Regex>>,
}

impl Checker<'_> {
    fn push(&mut self, diagnostic: Diagnostic) {
        self.sink.push(diagnostic);
    }

    fn problem(&mut self, place: &Place, problem: &Problem) {
        self.sink.push(place.diagnostic(problem));
    }
}
