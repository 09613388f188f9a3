//! `runner test`, and the schemas of files.

use std::path::PathBuf;

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::Shape;
use crate::complete;

const TEST: &str = "\
Examples:
  runner test                     all tests of the project
  runner test deploy              those of workflows/deploy.test.yaml
  runner test --junit report.xml";

#[derive(Args, Debug)]
#[command(after_help = TEST)]
pub(crate) struct Test {
    /// Workflows, or paths of test files [default: all of the project]
    #[arg(add = ArgValueCandidates::new(complete::tests))]
    pub(crate) workflows: Vec<String>,
    /// A report of them in the XML of junit, for a CI
    #[arg(long, value_name = "FILE")]
    pub(crate) junit: Option<PathBuf>,
    /// How they are told; JSON is one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
pub(crate) struct Schema {
    /// Of test files in their place
    #[arg(long)]
    pub(crate) tests: bool,
}
