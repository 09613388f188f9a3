//! What is asked of a run: `runner why`, `diff`, `logs` and `events`.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use super::Shape;
use crate::complete;

const WHY: &str = "\
Examples:
  runner why pay                  of the newest run
  runner why 20261121-1015 'region[eastus]/wait'";

const LOGS: &str = "\
Examples:
  runner logs                     everything that the newest run has said
  runner logs -f 20261121-1015    and what it goes on to say
  runner logs 'region[eastus]/wait' --attempt 2";

#[derive(Args, Debug)]
#[command(after_help = WHY)]
pub(crate) struct Why {
    /// The step's path; before it the run, by its id or a unique prefix [default: the newest]
    #[arg(value_name = "[RUN] STEP", add = ArgValueCandidates::new(complete::steps))]
    pub(crate) first: String,
    /// The step's path, where the run stands before it
    #[arg(hide = true)]
    pub(crate) step: Option<String>,
    /// How it is told
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// A run: its id or a unique prefix
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) one: String,
    /// The other
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) other: String,
    /// How it is told; JSON is one object
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
#[command(after_help = LOGS)]
pub(crate) struct Logs {
    /// The run: its id or a unique prefix [default: the newest]
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) run: Option<String>,
    /// A step's path; of a group or foreach, all that is in it [default: all]
    #[arg(add = ArgValueCandidates::new(complete::steps))]
    pub(crate) step: Option<String>,
    /// Only this attempt
    #[arg(long, value_name = "N")]
    pub(crate) attempt: Option<u32>,
    /// Go on as long as the run is under way
    #[arg(long, short)]
    pub(crate) follow: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Events {
    /// The run: its id or a unique prefix [default: the newest]
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) run: Option<String>,
    /// Go on as long as the run is under way
    #[arg(long, short)]
    pub(crate) follow: bool,
}
