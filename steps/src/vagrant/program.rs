//! Starting `vagrant`.

use std::path::PathBuf;

use runner_sdk::{Captured, Command, Context, Error, Exit, Need, Place, Result};

use super::failure::failure;
use super::record::{self, Record};
use super::status::Machine;

/// What every step of the namespace needs.
pub(crate) const NEEDS: &[Need] = &[Need {
    program: "vagrant",
    package: "vagrant",
    how: "apt-get install vagrant, and a provider such as vagrant-libvirt",
}];

/// The state in which a machine runs; the other names differ between providers.
pub(crate) const RUNNING: &str = "running";
/// The state of a machine that is not there.
pub(crate) const NOT_CREATED: &str = "not_created";

/// `vagrant` with the arguments `words` and the names of machines, in the folder of the Vagrantfile.
pub(crate) fn vagrant(place: &Place, dir: Option<&PathBuf>, words: &[&str], machines: &[String]) -> Command {
    let mut command = Command::new("vagrant").args(words.iter().copied()).args(machines.iter().cloned());
    command.dir = dir.map(|dir| place.path(dir));
    // Without it, Vagrant asks the internet for a newer version and prints what it learned.
    command.env("VAGRANT_CHECKPOINT_DISABLE", "1")
}

/// The same, speaking to machines.
pub(crate) fn readable(place: &Place, dir: Option<&PathBuf>, words: &[&str], machines: &[String]) -> Command {
    vagrant(place, dir, words, machines).arg("--machine-readable").capture()
}

/// The records of a `vagrant VERB` that spoke to machines, if it ended well.
pub(crate) fn ended(verb: &str, exit: Exit, captured: &Captured) -> Result<Vec<Record>> {
    let records = record::records(&captured.stdout);
    if exit.success() { Ok(records) } else { Err(failure(verb, exit, &records, &captured.tail)) }
}

/// The states of machines, from `vagrant status` run now.
pub(crate) async fn states(context: &Context, dir: Option<&PathBuf>, machines: &[String]) -> Result<Vec<Machine>> {
    let command = readable(&context.place, dir, &["status"], machines);
    let ran = context.unless_cancelled(context.processes.run(command)).await?;
    let records = ended("status", ran.exit, &Captured { stdout: ran.stdout, tail: ran.stderr })?;
    Ok(record::machines(&records))
}

/// The names of those machines of which `is` does not hold yet, as messages list them; empty: of all it does.
pub(crate) fn others(machines: &[Machine], is: impl Fn(&str) -> bool) -> String {
    let others = machines.iter().filter(|machine| !is(&machine.state));
    others.map(|machine| format!("`{}` ({})", machine.name, machine.state)).collect::<Vec<_>>().join(", ")
}

/// Refuses names that `vagrant` would take for options or not at all; `what` says of what they are.
pub(crate) fn check_names(what: &str, names: &[String]) -> Result<()> {
    match names.iter().find(|name| name.is_empty() || name.starts_with('-') || name.contains('\0')) {
        Some(name) => Err(Error::input(format!("`{name}` cannot be the name of a {what}"))),
        None => Ok(()),
    }
}
