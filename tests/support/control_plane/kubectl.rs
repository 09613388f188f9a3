//! `kubectl`, as a test calls it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::program;
use crate::support::{Ended, Life};

/// `kubectl` with a kubeconfig.
#[derive(Clone, Debug)]
pub struct Kubectl {
    kubeconfig: PathBuf,
}

impl Kubectl {
    /// With this one.
    pub fn new(kubeconfig: &Path) -> Self {
        Self { kubeconfig: kubeconfig.to_owned() }
    }

    /// The command, to be started.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let home = self.kubeconfig.parent().unwrap();
        let mut command = Command::new(program("kubectl"));
        command.args(arguments).current_dir(home).stdin(Stdio::null()).env_clear();
        command.env("HOME", home).env("KUBECONFIG", &self.kubeconfig).env("PATH", "/usr/bin:/bin");
        command
    }

    /// Runs it to its end.
    pub fn run(&self, arguments: &[&str]) -> Ended {
        self.spawn(arguments).end()
    }

    /// Starts it.
    pub fn spawn(&self, arguments: &[&str]) -> Life {
        Life::start(self.command(arguments))
    }

    /// Runs it to a success, and gives what it printed, trimmed.
    #[track_caller]
    pub fn get(&self, arguments: &[&str]) -> String {
        self.run(arguments).expect(0).stdout.trim().to_owned()
    }

    /// `kubectl VERB -f` with objects as YAML or JSON.
    pub fn give(&self, verb: &str, objects: &str) -> Ended {
        let mut file = tempfile::NamedTempFile::new_in(self.kubeconfig.parent().unwrap()).unwrap();
        file.write_all(objects.as_bytes()).unwrap();
        self.run(&[verb, "-f", file.path().to_str().unwrap()])
    }
}
