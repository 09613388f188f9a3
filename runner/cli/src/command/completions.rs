//! `runner completions`.

use crate::args;
use crate::complete;
use crate::drive::Refusal;
use crate::exit::Exit;
use crate::output;

/// Prints what a shell reads so that it completes workflows, step types, runs and steps.
pub(crate) fn completions(args: &args::Completions) -> Result<Exit, Refusal> {
    let script = complete::registration(&args.shell)
        .ok_or_else(|| Refusal::new(Exit::Usage, format!("there are no completions for `{}`", args.shell)))?;
    output::print(&String::from_utf8_lossy(&script));
    Ok(Exit::Done)
}
