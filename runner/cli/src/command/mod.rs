//! The commands, one file each.

mod resume;
mod run;
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
    match cli.command {
        Command::Run(args) => run::run(&project, &args),
        Command::Resume(args) => resume::resume(&project, &args),
        Command::Validate(args) => validate::validate(&project, &args),
    }
    .into()
}
