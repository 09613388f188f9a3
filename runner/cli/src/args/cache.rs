//! `runner cache`.

use clap::{Args, Subcommand};
use clap_complete::engine::ArgValueCompleter;

use super::{Shape, Why};
use crate::complete;

const CACHE: &str = "\
Examples:
  runner cache list
  runner cache why compile        whether the newest run found it there, and if not, why
  runner cache clear build        what is remembered of the workflow `build`
  runner cache clear              everything";

#[derive(Args, Debug)]
#[command(after_help = CACHE)]
pub(crate) struct Cache {
    #[command(subcommand)]
    pub(crate) command: CacheCommand,
}

#[derive(Subcommand, Debug)]
pub(crate) enum CacheCommand {
    /// What is remembered, by workflow and step
    List {
        /// How it is told; JSON is one object a line
        #[arg(long, value_enum, default_value_t)]
        output: Shape,
    },
    /// Forget what is remembered; the files that steps made stay
    Clear {
        /// Of this workflow only
        #[arg(add = ArgValueCompleter::new(complete::workflows))]
        workflow: Option<String>,
        /// Of this step of it only, and of all that is in it
        step: Option<String>,
    },
    /// Whether a step was found there, and if not, why
    Why(Why),
}
