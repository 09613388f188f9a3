//! The command line as clap reads it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::engine::{ArgValueCandidates, ArgValueCompleter};

use crate::complete;

mod cache;
mod past;
mod runs;
mod select;
mod state;
mod test;
mod transfer;

pub(crate) use cache::{Cache, CacheCommand};
pub(crate) use past::{Diff, Events, Logs, Why};
pub(crate) use runs::Runs;
pub(crate) use select::Select;
pub(crate) use state::{At, State, StateCommand};
pub(crate) use test::{Schema, Test};
pub(crate) use transfer::{Export, Import};

const EXIT_CODES: &str = "\
Exit codes:
  0 done   1 unexpected   2 usage   10 invalid workflow or input   20 a step failed   21 timed out
  22 paused: a person is needed   23 something would change   30 checkpoint, journal or state   31 busy   40-59 the workflow's own
  130 interrupted or cancelled";

const RUN: &str = "\
Examples:
  runner run quickstart
  runner run vagrant-up --input dir=. --parallel 4
  runner run vagrant-up --until controllers    that step, and what it needs
  runner run ./deploy.yaml --inputs values.yaml --output json
  runner run vagrant-up --help    what the workflow takes";

const PLAN: &str = "\
Examples:
  runner plan quickstart
  runner plan vagrant-up --input dir=. --exit-code || echo something would change
  runner plan vagrant-up --out plan.json && runner run --plan plan.json
  runner resume --plan            the same for a run that goes on";

const RESUME: &str = "\
Examples:
  runner resume                   the newest run that is not finished
  runner resume 20261121-1015     a run by the begin of its id
  runner resume --done pay        the step `pay`, which is in doubt, did its work
  runner resume --repeat pay      it is to be done again
  runner resume --plan            what would be kept, and what would run again, after an edit
  runner resume --renamed build=compile --yes
  runner resume --from deploy     do that again, and what depends on it
  runner resume --only 'region[eastus]'";

const APPROVE: &str = "\
Examples:
  runner approve 20261121-1015                        what the only step that asks needs
  runner approve 20261121-1015 release --input region=eastus --comment 'after lunch'
  runner approve 20261121-1015 release --reject --comment 'not on a Friday'";

const UNDO: &str = "\
Examples:
  runner undo 20261121-1015             all that the run did and can be taken back
  runner undo 20261121-1015 --to base   what finished after the step `base`
  runner resume 20261121-1015           do again what was undone";

const GRAPH: &str = "\
Examples:
  runner graph quickstart
  runner graph quickstart --format dot | dot -Tsvg > quickstart.svg";

const STEPS: &str = "\
Examples:
  runner steps                    all step types
  runner steps file               those of a namespace
  runner steps exec.run           the manual page of one";

const COMPLETIONS: &str = "\
Examples:
  source <(runner completions bash)
  runner completions zsh > ~/.zfunc/_runner
  runner completions fish > ~/.config/fish/completions/runner.fish";

/// Carries real infrastructure through YAML workflows: in parallel, retried, watched, and resumed where it was killed.
#[derive(Parser, Debug)]
#[command(
    name = "runner",
    version,
    max_term_width = 100,
    subcommand_required = true,
    arg_required_else_help = true,
    after_help = EXIT_CODES
)]
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
    /// What a run would do, and what its steps would change; nothing is executed
    Plan(Plan),
    /// Go on with a run that was killed, interrupted, paused, or failed
    Resume(Resume),
    /// End a run for good: its steps are stopped and its `finally` runs
    Cancel(Cancel),
    /// Answer what a run asks, and go on with it
    Approve(Approve),
    /// Take back what a run did, backwards
    Undo(Undo),
    /// How a run stands
    Status(Status),
    /// A run as it looked on a terminal: the tree of its steps, and how it ended
    Show(Show),
    /// The runs there were, newest first; with `--prune`, those that are over are removed
    Runs(Runs),
    /// Why a step ran, ran again, was skipped, kept, or waits
    Why(Why),
    /// What is different between two runs
    Diff(Diff),
    /// What the steps of a run have said
    Logs(Logs),
    /// The facts of a run as JSON, one a line
    Events(Events),
    /// The steps of a workflow and what they wait for
    Graph(Graph),
    /// The workflows there are
    List(List),
    /// Check workflows; nothing is started
    Validate(Validate),
    /// Play the tests of workflows: doubles stand in for steps, and time passes at once
    Test(Test),
    /// The step types there are; with a name, the manual page of one
    Steps(Steps),
    /// The JSON Schema of workflow files, for editors
    Schema(Schema),
    /// Pack a run into one archive, for another machine
    Export(Export),
    /// Unpack a run that was exported
    Import(Import),
    /// What deployments have left behind: read, written, moved
    State(State),
    /// What is remembered of steps with `cache:`
    Cache(Cache),
    /// What this machine lacks, and how to get it
    Doctor(Doctor),
    /// What a shell reads to complete workflows, runs and steps
    Completions(Completions),
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
#[command(disable_help_flag = true, after_help = RUN)]
pub(crate) struct Run {
    /// The workflow: a name, or a path with `/` or `.yaml`
    #[arg(required_unless_present_any = ["help", "plan"], add = ArgValueCompleter::new(complete::workflows))]
    pub(crate) workflow: Option<String>,
    /// An input
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<String>,
    /// A YAML or JSON file of inputs
    #[arg(long = "inputs", value_name = "FILE")]
    pub(crate) inputs_file: Option<PathBuf>,
    /// How many steps may run at once [default: 2 × cores, at least 8]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) parallel: Option<u16>,
    #[command(flatten)]
    pub(crate) select: Select,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Format,
    /// Do exactly what was planned (`runner plan --out`), or stop before anything starts
    #[arg(long, value_name = "FILE", conflicts_with_all = ["workflow", "inputs_file", "from", "until", "only", "skip"])]
    pub(crate) plan: Option<PathBuf>,
    /// Begin with what is finished and unchanged in another run of the workflow, and with its inputs where none are given
    #[arg(long = "from-run", value_name = "RUN", conflicts_with_all = ["plan", "inputs_file", "dry"], add = ArgValueCandidates::new(complete::runs))]
    pub(crate) taken: Option<String>,
    /// Only tell what it would do, as `runner plan` does
    #[arg(long = "dry-run")]
    pub(crate) dry: bool,
    /// Agree to everything that would be asked, but for approvals
    #[arg(long)]
    pub(crate) yes: bool,
    /// Show the workflow's description, inputs and environment names
    #[arg(long, short = 'h')]
    pub(crate) help: bool,
}

#[derive(Args, Debug)]
#[command(after_help = PLAN)]
pub(crate) struct Plan {
    /// The workflow: a name, or a path with `/` or `.yaml`
    #[arg(add = ArgValueCompleter::new(complete::workflows))]
    pub(crate) workflow: String,
    /// An input
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<String>,
    /// A YAML or JSON file of inputs
    #[arg(long = "inputs", value_name = "FILE")]
    pub(crate) inputs_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) select: Select,
    /// Put the plan away, for `runner run --plan`
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Exit code 23 if anything would change
    #[arg(long)]
    pub(crate) exit_code: bool,
    /// How it is told; JSON is one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
#[command(after_help = RESUME)]
pub(crate) struct Resume {
    /// The run: its id or a unique prefix [default: the newest that is not finished]
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) run: Option<String>,
    /// A step in doubt did its work; with its outputs as JSON where later steps need them
    #[arg(long, value_name = "STEP[=JSON]", add = ArgValueCandidates::new(complete::steps))]
    pub(crate) done: Vec<String>,
    /// A step in doubt is to be done again
    #[arg(long, value_name = "STEP", add = ArgValueCandidates::new(complete::steps))]
    pub(crate) repeat: Vec<String>,
    /// Another value for an input, or the value of a secret one that was not written down
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<String>,
    /// Only show what would be kept and what would run again after an edit
    #[arg(long)]
    pub(crate) plan: bool,
    /// Go on with the workflow, the inputs and the files as they were read, whatever was edited since
    #[arg(long, conflicts_with_all = ["plan", "renamed", "from", "until", "only", "skip"])]
    pub(crate) as_recorded: bool,
    /// A step has another id now: it is the same step
    #[arg(long, value_name = "OLD=NEW")]
    pub(crate) renamed: Vec<String>,
    #[command(flatten)]
    pub(crate) select: Select,
    /// Agree to everything that would be asked
    #[arg(long)]
    pub(crate) yes: bool,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Format,
}

#[derive(Args, Debug)]
pub(crate) struct Validate {
    /// Workflows: names or paths [default: all of the project]
    #[arg(add = ArgValueCompleter::new(complete::workflows))]
    pub(crate) workflows: Vec<String>,
    /// Diagnostics as JSON, one object a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
pub(crate) struct Cancel {
    /// The run: its id or a unique prefix [default: the newest that is under way, paused or interrupted]
    #[arg(add = ArgValueCandidates::new(complete::runs))]
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
#[command(after_help = APPROVE)]
pub(crate) struct Approve {
    /// The run: its id or a unique prefix
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) run: String,
    /// The step that asks [default: the only one]
    #[arg(add = ArgValueCandidates::new(complete::steps))]
    pub(crate) step: Option<String>,
    /// A field of the form
    #[arg(long = "input", short = 'i', value_name = "NAME=VALUE")]
    pub(crate) inputs: Vec<String>,
    /// What is to be said besides
    #[arg(long, value_name = "TEXT")]
    pub(crate) comment: Option<String>,
    /// Not approved: the step fails
    #[arg(long, conflicts_with = "inputs")]
    pub(crate) reject: bool,
    /// Where no engine lives: only write it down, for whoever resumes the run next
    #[arg(long)]
    pub(crate) no_resume: bool,
    /// How progress is shown
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Format,
}

#[derive(Args, Debug)]
#[command(after_help = UNDO)]
pub(crate) struct Undo {
    /// The run: its id or a unique prefix
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) run: String,
    /// Keep this step and what had finished before it
    #[arg(long, value_name = "STEP", add = ArgValueCandidates::new(complete::steps))]
    pub(crate) to: Option<String>,
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
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) run: Option<String>,
    /// How it is told
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
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
    #[arg(add = ArgValueCandidates::new(complete::runs))]
    pub(crate) run: Option<String>,
    /// Unfold what is done, too
    #[arg(long)]
    pub(crate) all: bool,
    /// How it is told; JSON is one object: the tree
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
#[command(after_help = GRAPH)]
pub(crate) struct Graph {
    /// The workflow: a name, or a path
    #[arg(add = ArgValueCompleter::new(complete::workflows))]
    pub(crate) workflow: String,
    /// How it is drawn
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: GraphFormat,
}

/// How a graph is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// A tree
    #[default]
    Text,
    /// For Graphviz
    Dot,
    /// For Mermaid
    Mermaid,
}

#[derive(Args, Debug)]
#[command(after_help = STEPS)]
pub(crate) struct Steps {
    /// A step type or a namespace [default: all]
    #[arg(add = ArgValueCandidates::new(complete::step_types))]
    pub(crate) name: Option<String>,
    /// How it is told; JSON is one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
pub(crate) struct Doctor {
    /// The workflow: a name, or a path [default: every step type]
    #[arg(add = ArgValueCompleter::new(complete::workflows))]
    pub(crate) workflow: Option<String>,
    /// Mend what a run has written down (`state`: the project's state): cut what a power cut left torn; set aside what is
    /// damaged, if you agree
    #[arg(long, value_name = "RUN", conflicts_with = "workflow", add = ArgValueCandidates::new(complete::runs))]
    pub(crate) repair: Option<String>,
    /// Agree to whatever would be asked
    #[arg(long, requires = "repair")]
    pub(crate) yes: bool,
    /// How it is told; JSON is one object a line
    #[arg(long, value_enum, default_value_t)]
    pub(crate) output: Shape,
}

#[derive(Args, Debug)]
#[command(after_help = COMPLETIONS)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(complete::SHELLS))]
    pub(crate) shell: String,
}
