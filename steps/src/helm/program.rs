//! Starting `helm`.

use runner_sdk::world::Ran;
use runner_sdk::{Command, Context, Error, Need, Result};
use serde::de::DeserializeOwned;

use super::failure::failure;
use crate::shared::cluster::Cluster;
use crate::shared::several;

/// What every step of the namespace needs.
pub(crate) const NEEDS: &[Need] = &[Need {
    program: "helm",
    package: "helm",
    how: "https://helm.sh/docs/intro/install, or go install helm.sh/helm/v4/cmd/helm@latest; 3 and 4 both serve",
}];

/// The longest name of a release that Helm takes.
const LONGEST: usize = 53;

/// `helm` for the work of one step.
pub(crate) struct Helm<'a> {
    context: &'a Context,
    cluster: &'a Cluster,
    /// Whether `helm` is of our own process group, and hears itself that it is to stop.
    grouped: bool,
}

impl<'a> Helm<'a> {
    /// Within the process of a step: whoever stops that process stops `helm`, too, which then ends what it does in good order.
    pub(crate) fn of_step(context: &'a Context, cluster: &'a Cluster) -> Self {
        Self { context, cluster, grouped: true }
    }

    /// As the helper of a question (`plan`, `check`) or of an undo, inside the engine.
    pub(crate) fn of_engine(context: &'a Context, cluster: &'a Cluster) -> Self {
        Self { context, cluster, grouped: false }
    }

    /// The step's context.
    pub(crate) fn context(&self) -> &'a Context {
        self.context
    }

    /// `helm` with the arguments `words`, for this cluster.
    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = helm(words);
        let mut add = |flag: &str, value: &str| command.args.extend([flag.to_owned(), value.to_owned()]);
        let at = self.cluster.at(&self.context.place);
        if let Some(file) = &at.kubeconfig {
            add("--kubeconfig", &file.to_string_lossy());
        }
        if let Some(context) = &at.context {
            add("--kube-context", context);
        }
        if let Some(namespace) = &self.cluster.namespace {
            add("--namespace", namespace);
        }
        command
    }

    /// Runs it to its end, however that is.
    pub(crate) async fn run(&self, command: Command) -> Result<Ran> {
        if self.context.cancel.is_cancelled() {
            return Err(Error::cancelled());
        }
        let running = self.context.processes.run(command);
        if self.grouped { running.await } else { self.context.unless_cancelled(running).await }
    }

    /// Runs it to a good end.
    pub(crate) async fn succeed(&self, command: Command) -> Result<Ran> {
        let verb = command.args.first().cloned().unwrap_or_default();
        let ran = self.run(command).await?;
        several::tell(self.context, &ran.stderr);
        if ran.exit.success() { Ok(ran) } else { Err(failure(&verb, ran.exit, &ran.stderr)) }
    }

    /// The JSON that it prints; `None` where there is no such release.
    pub(crate) async fn ask<T: DeserializeOwned>(&self, words: &[&str]) -> Result<Option<T>> {
        let ran = self.run(self.command(words).args(["--output", "json"])).await?;
        if !ran.exit.success() && ran.stderr.contains("release: not found") {
            return Ok(None);
        }
        let verb = words.first().copied().unwrap_or_default();
        if !ran.exit.success() {
            return Err(failure(verb, ran.exit, &ran.stderr));
        }
        decode(verb, &ran.stdout).map(Some)
    }

    /// Whether it is Helm 4 or newer.
    pub(crate) async fn is_4(&self) -> Result<bool> {
        let ran = self.succeed(helm(&["version", "--template", "{{.Version}}"])).await?;
        let version = String::from_utf8_lossy(&ran.stdout);
        let major =
            version.trim().trim_start_matches('v').split('.').next().and_then(|major| major.parse::<u32>().ok());
        match major {
            Some(major @ 3..) => Ok(major > 3),
            _ => Err(Error::permanent(format!("`helm` is of version `{}`", version.trim())).hint("3 or 4 is needed")),
        }
    }
}

/// `helm` with arguments.
pub(crate) fn helm(words: &[&str]) -> Command {
    Command::new("helm").args(words.iter().copied()).capture()
}

/// What `helm VERB --output json` printed. Of a chart from a registry Helm 4 first says there what it pulled.
pub(crate) fn decode<T: DeserializeOwned>(verb: &str, stdout: &[u8]) -> Result<T> {
    let lines = stdout.split_inclusive(|byte| *byte == b'\n');
    let before: usize =
        lines.take_while(|line| !line.starts_with(b"{") && !line.starts_with(b"[")).map(<[u8]>::len).sum();
    serde_json::from_slice(&stdout[before..])
        .map_err(|error| Error::permanent(format!("what `helm {verb}` printed is not understood: {error}")))
}

/// Refuses what cannot be the name of a release.
pub(crate) fn check_release(name: &str) -> Result<()> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let inner = name.chars().all(|c| plain(c) || c == '-' || c == '.');
    if inner && name.starts_with(plain) && name.ends_with(plain) && name.len() <= LONGEST {
        return Ok(());
    }
    let error = Error::input(format!("`{name}` cannot be the name of a release"));
    Err(error.hint(format!("small letters, digits, `-` and `.`, at most {LONGEST} of them")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_pulled_is_no_part_of_the_answer() {
        let said = b"Pulled: 127.0.0.1:5000/charts/web:1.2.0\nDigest: sha256:0\n{\"a\": 1}\n";
        assert_eq!(decode::<serde_json::Value>("upgrade", said).unwrap()["a"], 1);
        assert!(decode::<serde_json::Value>("upgrade", b"odd").unwrap_err().message.contains("`helm upgrade` printed"));
    }

    #[test]
    fn names_of_releases_are_those_that_helm_takes() {
        for good in ["a", "web", "web-1.2", "7"] {
            assert!(check_release(good).is_ok(), "{good}");
        }
        for odd in ["", "Web", "-a", "a-", "a_b", "--help", &"a".repeat(54)] {
            assert!(check_release(odd).is_err(), "{odd}");
        }
    }
}
