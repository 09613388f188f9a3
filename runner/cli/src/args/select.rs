//! What a run is confined to.

use clap::Args;
use clap_complete::engine::ArgValueCandidates;

use crate::complete;

/// The steps that a person names.
#[derive(Args, Debug, Default)]
#[command(next_help_heading = "What runs")]
pub(crate) struct Select {
    /// From this step on: it, and what depends on it; a finished one runs again
    #[arg(long, value_name = "STEP", add = ArgValueCandidates::new(complete::steps))]
    pub(crate) from: Vec<String>,
    /// Up to this step: it, and what it needs
    #[arg(long, value_name = "STEP", add = ArgValueCandidates::new(complete::steps))]
    pub(crate) until: Vec<String>,
    /// This step alone; for one item of a `foreach`, 'region[eastus]'
    #[arg(long, value_name = "STEP", add = ArgValueCandidates::new(complete::steps))]
    pub(crate) only: Vec<String>,
    /// All but this step
    #[arg(long, value_name = "STEP", add = ArgValueCandidates::new(complete::steps))]
    pub(crate) skip: Vec<String>,
}

impl Select {
    /// As the engine knows it.
    pub(crate) fn of_new(&self) -> runner_engine::run::Select {
        let Self { from, until, only, skip } = self;
        runner_engine::run::Select { from: from.clone(), until: until.clone(), only: only.clone(), skip: skip.clone() }
    }

    /// Of a run that goes on: what it was confined to, unless something is said anew. What it is to go on from is done again,
    /// and confines nothing.
    pub(crate) fn of_old(&self, recorded: &runner_engine::run::Select) -> runner_engine::run::Select {
        let anew = runner_engine::run::Select { from: Vec::new(), ..self.of_new() };
        if anew.is_all() { recorded.clone() } else { anew }
    }
}
