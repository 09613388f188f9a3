//! The commands, one file each.

mod cancel;
mod events;
mod list;
mod logs;
mod resume;
mod run;
mod runs;
mod show;
mod status;
mod validate;

use std::process::ExitCode;

use clap::Parser;

use crate::args::{Cli, Command};
use crate::exit::Exit;
use crate::output;

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
        Command::Run(args) => Ok(run::run(&project, &args)),
        Command::Resume(args) => Ok(resume::resume(&project, &args)),
        Command::Cancel(args) => cancel::cancel(&project, &args),
        Command::Status(args) => status::status(&project, &args),
        Command::Show(args) => show::show(&project, &args),
        Command::Runs(args) => runs::runs(&project, &args),
        Command::Logs(args) => logs::logs(&project, &args),
        Command::Events(args) => events::events(&project, &args),
        Command::List(args) => list::list(&project, &args),
        Command::Validate(args) => Ok(validate::validate(&project, &args)),
    };
    done.unwrap_or_else(|refusal| refusal.tell()).into()
}
