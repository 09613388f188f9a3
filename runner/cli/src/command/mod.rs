//! The commands, one file each.

mod approve;
mod cache;
mod cancel;
mod completions;
mod diff;
mod doctor;
mod events;
mod graph;
mod help;
mod list;
mod logs;
mod plan;
mod plugin;
mod repair;
mod resume;
mod run;
mod runs;
mod saved;
mod schema;
mod show;
mod state;
mod status;
mod steps;
mod taken;
mod test;
mod transfer;
mod undo;
mod validate;
mod why;

use std::path::Path;
use std::process::ExitCode;

use clap::Parser;
use runner_engine::diagnostic::Sink;
use runner_engine::program::{Library, Opened, Program, compile};

use crate::args::{Cli, Command};
use crate::drive::{self, Refusal};
use crate::exit::Exit;
use crate::library::Workflows;
use crate::output;

pub(crate) use plan::{foreseen, line as told};
pub(crate) use state::keys as state_keys;

/// Reads the command line and does what it says.
pub(crate) fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    let project = match crate::project::find(cli.project.as_deref()) {
        Ok(project) => project,
        Err(error) => {
            output::error(format!("the project's folder cannot be found: {error}"), None);
            return Exit::Usage.into();
        }
    };
    let done = match cli.command {
        Command::Run(args) if args.help => help::help(&project, &args),
        Command::Run(args) => Ok(run::run(&project, &args)),
        Command::Plan(args) => plan::plan(&project, &args),
        Command::Resume(args) => Ok(resume::resume(&project, &args)),
        Command::Cancel(args) => cancel::cancel(&project, &args),
        Command::Approve(args) => approve::approve(&project, &args),
        Command::Undo(args) => undo::undo(&project, &args),
        Command::Status(args) => status::status(&project, &args),
        Command::Show(args) => show::show(&project, &args),
        Command::Runs(args) => runs::runs(&project, &args),
        Command::Why(args) => why::why(&project, &args),
        Command::Diff(args) => diff::diff(&project, &args),
        Command::Logs(args) => logs::logs(&project, &args),
        Command::Events(args) => events::events(&project, &args),
        Command::Graph(args) => graph::graph(&project, &args),
        Command::List(args) => Ok(list::list(&project, &args)),
        Command::Validate(args) => Ok(validate::validate(&project, &args)),
        Command::Test(args) => test::test(&project, &args),
        Command::Steps(args) => steps::steps(&project, &args),
        Command::Schema(args) => Ok(schema::schema(&project, &args)),
        Command::Export(args) => transfer::export(&project, &args),
        Command::Import(args) => transfer::import(&project, &args),
        Command::State(args) => state::state(&project, &args),
        Command::Cache(args) => cache::cache(&project, &args),
        Command::Doctor(args) => doctor::doctor(&project, &args),
        Command::Completions(args) => completions::completions(&args),
    };
    done.unwrap_or_else(|refusal| refusal.tell()).into()
}

/// The file of a workflow, by its name or a path relative to the working directory.
fn opened(library: &Workflows, name: &str) -> Result<Opened, Refusal> {
    let here = std::env::current_dir().ok();
    library.open(name, here.as_deref()).map_err(|error| {
        let trouble = library.trouble(name, here.as_deref());
        if !trouble.is_empty() {
            drive::show(&trouble);
            return Refusal::invalid(format!("the workflow `{name}` cannot be read"));
        }
        error.hint.into_iter().fold(Refusal::invalid(error.message), Refusal::hint)
    })
}

/// A workflow, ready to be looked at; what is wrong with it is shown.
fn compiled(project: &Path, library: &Workflows, name: &str) -> Result<Program, Refusal> {
    let mut sink = Sink::new();
    let program = compile(opened(library, name)?, library, &drive::registry(project), &mut sink);
    match program {
        Some(program) if !sink.has_errors() => Ok(program),
        _ => {
            drive::show(&sink.finish());
            Err(Refusal::invalid(format!("the workflow `{name}` is invalid")))
        }
    }
}
