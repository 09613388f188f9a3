//! `runner runs`.

use std::time::Duration;

use clap::Args;
use runner_engine::language::{parse_duration, parse_size};

use super::Shape;

const RUNS: &str = "\
Examples:
  runner runs
  runner runs --prune --keep 20 --dry-run
  runner runs --prune --older-than 30d --max-size 1Gi";

#[derive(Args, Debug)]
#[command(after_help = RUNS)]
pub(crate) struct Runs {
    /// How many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// How they are told; JSON is one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
    #[command(flatten)]
    pub(crate) prune: Rules,
}

/// Which runs are removed.
#[derive(Args, Debug)]
pub(crate) struct Rules {
    /// Remove runs that are over: those that one of the rules below names
    #[arg(long)]
    pub(crate) prune: bool,
    /// All but the newest
    #[arg(long, value_name = "N", requires = "prune")]
    pub(crate) keep: Option<usize>,
    /// Those to which nothing has happened for so long, such as `30d`
    #[arg(long, value_name = "DURATION", requires = "prune", value_parser = parse_duration)]
    pub(crate) older_than: Option<Duration>,
    /// The oldest, until what is left is no larger, such as `1Gi`
    #[arg(long, value_name = "SIZE", requires = "prune", value_parser = parse_size)]
    pub(crate) max_size: Option<u64>,
    /// Only show what would be removed
    #[arg(long, requires = "prune")]
    pub(crate) dry_run: bool,
    /// Also those that could be resumed, and damaged ones; never one that is under way
    #[arg(long, requires = "prune")]
    pub(crate) force: bool,
}
