//! A `kubectl` that watches, whose words can be read while it does.

use std::path::PathBuf;
use std::process::Command;

use crate::support::control_plane::Kubectl;
use crate::support::{Ended, Life, await_that};

pub(crate) struct Watch {
    life: Life,
    output: PathBuf,
}

impl Watch {
    /// Watches the config maps of the namespace `default`; it has listed them, and is about to watch.
    pub(crate) fn start(kubectl: &Kubectl, output: PathBuf) -> Self {
        let _ = std::fs::remove_file(&output); // another's
        let real = kubectl.command(&["get", "configmaps", "--watch", "--output=name"]);
        let mut command = Command::new("sh");
        command.args(["-c", "out=$1; shift; exec \"$@\" >\"$out\"", "sh"]).arg(&output);
        command.arg(real.get_program()).args(real.get_args()).env_clear();
        command.envs(real.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let watch = Self { life: Life::start(command), output };
        // What is there already comes first.
        watch.await_name("kube-root-ca.crt");
        watch
    }

    /// Waits until it has told of this one.
    pub(crate) fn await_name(&self, name: &str) {
        await_that(&format!("the watch to tell of {name}"), || self.text().contains(&format!("configmap/{name}\n")));
    }

    /// Waits for its end.
    pub(crate) fn end(self) -> Ended {
        self.life.end()
    }

    /// Ends it.
    pub(crate) fn kill(self) {
        self.life.kill();
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap_or_default()
    }
}
