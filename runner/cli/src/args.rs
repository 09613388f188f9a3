//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Carries real infrastructure through YAML workflows: in parallel, retried, watched, and resumed where it was killed.
#[derive(Parser, Debug)]
#[command(name = "runner", version, max_term_width = 100, subcommand_required = true, arg_required_else_help = true)]
pub(crate) struct Cli {
    /// The project's folder; else the nearest one upwards with `workflows/` or `.runner/`
    #[arg(long, global = true, value_name = "FOLDER")]
    pub(crate) project: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    /// Run a workflow
    Run(Run),
    /// Go on with a run that was killed, interrupted, paused, or failed
    Resume(Resume),
    /// End a run for good: its steps are stopped and its `finally` runs
    Cancel(Cancel),
    /// How a run stands
    Status(Status),
    /// A run as it looked on a terminal: the tree of its steps, and how it ended
    Show(Show),
    /// The runs there were, newest first
    Runs(Runs),
    /// What the steps of a run have said
    Logs(Logs),
    /// The facts of a run as JSON, one a line
    Events(Events),
    /// The workflows there are
    List(List),
    /// Check workflows; nothing is started
    Validate(Validate),
}

/// How progress is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// Live progress on a terminal, plain lines elsewhere
    #[default]
    Auto,
    /// Plain lines
    Plain,
    /// The event stream: one JSON object a line
    Json,
}

/// How something is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// For people
    #[default]
    Text,
    /// JSON
    Json,
}

#[derive(Args, Debug)]
#[command(disable_help_flag = true)]
pub(crate) struct Run {
    /// The workflow: a name, or a path with `/` or `.yaml`
    pub(crate) workflow: String,
    /// An input
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<String>,
    /// A YAML or JSON file of inputs
    #[arg(long = "inputs", value_name = "FILE")]
    pub(crate) inputs_file: Option<PathBuf>,
    /// How many steps may run at once [default: 2 × cores, at least 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) parallel: Option<u16>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Format,
    /// Agree to everything that would be asked
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show the workflow's description, inputs and environment names
    #[arg(long, short = 'h')]
    pub(crate) help: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Resume {
    /// The run: its id or a unique prefix [default: the newest that is not finished]
    pub(crate) run: Option<String>,
    /// A step in doubt did its work; with its outputs as JSON where later steps need them
    #[arg(long, value_name = "STEP[=JSON]")]
    pub(crate) done: Vec<String>,
    /// A step in doubt is to be done again
    #[arg(long, value_name = "STEP")]
    pub(crate) repeat: Vec<String>,
    /// The value of a secret input that was not written down
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<String>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Validate {
    /// Workflows: names or paths [default: all of the project]
    pub(crate) workflows: Vec<String>,
    /// Diagnostics as JSON, one object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Cancel {
    /// The run: its id or a unique prefix [default: the newest that is under way, paused or interrupted]
    pub(crate) run: Option<String>,
    /// Where no engine lives: only note it, for whoever resumes the run next
    #[arg(long)]
    pub(crate) no_resume: bool,
    /// Where an engine lives: ask it, and do not wait for the run's end
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// The value of a secret input that was not written down
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<String>,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Status {
    /// The run: its id or a unique prefix [default: the newest]
    pub(crate) run: Option<String>,
    /// How it is told
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
pub(crate) struct Runs {
    /// How many
    #[arg(long, short = 'n', value_name = "N", default_value_t = 20)]
    pub(crate) limit: usize,
    /// How they are told; JSON is one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
pub(crate) struct Logs {
    /// The run: its id or a unique prefix [default: the newest]
    pub(crate) run: Option<String>,
    /// A step's path; of a group or foreach, all that is in it [default: all]
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
    pub(crate) run: Option<String>,
    /// Go on as long as the run is under way
    #[arg(long, short)]
    pub(crate) follow: bool,
}

#[derive(Args, Debug)]
pub(crate) struct List {
    /// How they are told; JSON is one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
pub(crate) struct Show {
    /// The run: its id or a unique prefix [default: the newest]
    pub(crate) run: Option<String>,
    /// Unfold what is done, too
    #[arg(long)]
    pub(crate) all: bool,
    /// How it is told; JSON is one object: the tree
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}
