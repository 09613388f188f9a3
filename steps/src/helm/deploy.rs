//! Bringing a release to a chart and values: what `helm.install` and `helm.upgrade` do alike.

use std::path::{Path, PathBuf};

use runner_sdk::unit::Duration;
use runner_sdk::{Change, Command, Context, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::manifest;
use super::mend::{self, Pending};
use super::program::{self, Helm};
use super::release::{self, DEPLOYED, Metadata, Record, Revision};
use crate::shared::cluster::Cluster;
use crate::shared::several;

/// A release as it is wanted.
#[expect(clippy::struct_excessive_bools, reason = "each is a choice of its own, as `helm` has it")]
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Deploy {
    /// The name of the release.
    pub release: String,
    /// The chart: a folder, a `.tgz`, `oci://…`, a URL, or with `repo` its name there. Paths are relative to the step's folder.
    pub chart: String,
    /// The URL of the repository that has the chart.
    pub repo: Option<String>,
    /// The version of the chart, or a range such as `^1.2`; the newest when not given.
    pub version: Option<String>,
    /// Values for the chart. They stand on no command line, so secrets may be among them.
    #[serde(default)]
    pub values: Map<String, Value>,
    /// Files of values, of which later ones go before earlier ones, and `values` before all.
    #[serde(default)]
    pub values_files: Vec<PathBuf>,
    /// Where.
    #[serde(flatten)]
    pub cluster: Cluster,
    /// Whether the namespace is made where it is missing.
    #[serde(default)]
    pub create_namespace: bool,
    /// Whether the step waits until what was deployed is ready.
    #[serde(default)]
    pub wait: bool,
    /// Whether the step waits for Jobs, too, until they are complete.
    #[serde(default)]
    pub wait_for_jobs: bool,
    /// Whether a failure is taken back: the release goes back to what it was, or is removed where it was not. It waits.
    #[serde(default)]
    pub atomic: bool,
    /// How long `helm` waits for one thing, such as a hook or all that was deployed.
    #[serde(default = "timeout")]
    pub timeout: Duration,
    /// Whether the definitions in the chart's folder `crds` are left out.
    #[serde(default)]
    pub skip_crds: bool,
    /// Whether a registry or repository is spoken to without TLS.
    #[serde(default)]
    pub plain_http: bool,
    /// The certificates of authorities that the chart's server is trusted by.
    pub ca_file: Option<PathBuf>,
    /// What becomes of a release that is `pending`, since a `helm` at work on it was killed.
    ///
    /// Helm knows no lock: a release on which another `helm` is at work just now looks the same. Where others work on this
    /// release, too, say `fail`.
    #[serde(default)]
    pub pending: Pending,
}

/// Helm's own.
pub(crate) fn timeout() -> Duration {
    Duration(std::time::Duration::from_secs(300))
}

/// A release that is deployed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Deployed {
    /// The name of the release.
    pub release: String,
    /// Its namespace.
    pub namespace: String,
    /// The number of its revision.
    pub revision: u32,
    /// Its status: `deployed`.
    pub status: String,
    /// The name of the chart.
    pub chart: String,
    /// The version of the chart.
    pub version: String,
    /// The version of what the chart deploys; may be empty.
    pub app_version: String,
    /// What its objects are known by: `sha256:` and the digest of the manifest.
    pub manifest_digest: String,
    /// Whether there was anything to do.
    pub changed: bool,
    /// The revision that was deployed before; none where there was none, or nothing to do.
    pub previous: Option<u32>,
}

impl Deployed {
    /// `chart` is told apart, for not every record tells it.
    pub(crate) fn of(release: &str, record: &Record, chart: Metadata, previous: Option<u32>, changed: bool) -> Self {
        Self {
            release: release.to_owned(),
            namespace: record.namespace.clone(),
            revision: record.version,
            status: record.info.status.clone(),
            chart: chart.name,
            version: chart.version,
            app_version: chart.app_version,
            manifest_digest: record.digest(),
            changed,
            previous,
        }
    }
}

/// What there is and what would be, compared.
enum Compared {
    /// The release is as it is wanted; how it is, and how the chart tells it.
    Same(Record, Record),
    /// It is there, and differs.
    Differs(Record, Record),
    /// It is not there, or what is there is nothing to compare with.
    New,
}

impl Deploy {
    /// Refuses what `helm` would misread.
    pub(crate) fn check(&self) -> Result<()> {
        program::check_release(&self.release)?;
        self.cluster.check()?;
        check_chart(&self.chart, self.repo.as_deref(), self.version.as_deref())
    }

    /// Files whose content counts.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        chart_files(&self.chart, self.repo.as_deref(), &self.values_files)
    }

    /// `helm upgrade`; `installs`: also what is not there.
    fn upgrade(&self, helm: &Helm<'_>, installs: bool) -> Command {
        let source = Source {
            chart: &self.chart,
            repo: self.repo.as_deref(),
            version: self.version.as_deref(),
            values: &self.values,
            values_files: &self.values_files,
            plain_http: self.plain_http,
            ca_file: self.ca_file.as_deref(),
        };
        // Without `--reset-values` no values would mean those of the last time.
        let command = helm.command(&["upgrade", &self.release]).args(["--reset-values", "--output", "json"]);
        let timeout = ["--timeout".to_owned(), self.timeout.to_string()];
        let more = [("--install", installs), ("--skip-crds", self.skip_crds)];
        let more = more.into_iter().filter(|(_, said)| *said).map(|(flag, _)| flag);
        source.give(helm.context(), command).args(timeout).args(more)
    }

    /// What would be, according to the cluster.
    async fn wanted(&self, helm: &Helm<'_>, installs: bool) -> Result<Record> {
        let ran = helm.succeed(self.upgrade(helm, installs).arg("--dry-run=server")).await?;
        program::decode("upgrade", &ran.stdout)
    }

    async fn compared(&self, helm: &Helm<'_>, revisions: &[Revision], installs: bool) -> Result<Compared> {
        let Some(last) = revisions.last() else { return Ok(Compared::New) };
        let Some(there) = release::record(helm, &self.release, last.number).await? else { return Ok(Compared::New) };
        let wanted = self.wanted(helm, installs).await?;
        let chart = wanted.chart();
        let same_chart =
            last.chart == format!("{}-{}", chart.name, chart.version) && last.app_version == chart.app_version;
        if last.status == DEPLOYED && same_chart && there.means(&wanted) {
            return Ok(Compared::Same(there, wanted));
        }
        Ok(Compared::Differs(there, wanted))
    }

    /// Brings the release to what is wanted.
    pub(crate) async fn carry_out(&self, helm: &Helm<'_>, installs: bool) -> Result<Deployed> {
        let context = helm.context();
        let mut revisions = release::history(helm, &self.release).await?;
        if let Some(mending) = mend::mending(&revisions).filter(|_| self.pending == Pending::Mend) {
            context.log(mending.told(&self.release, &revisions));
            mending.carry_out(helm, &self.release, self.timeout).await?;
            revisions = release::history(helm, &self.release).await?;
        }
        if let Compared::Same(there, wanted) = self.compared(helm, &revisions, installs).await? {
            context.log(format!("release `{}` is as it is wanted, at revision {}", self.release, there.version));
            return Ok(Deployed::of(&self.release, &there, wanted.chart(), None, false));
        }
        let mut flags = Vec::new();
        flags.extend(self.create_namespace.then_some("--create-namespace").filter(|_| installs));
        flags.extend(self.wait.then_some("--wait"));
        flags.extend(self.wait_for_jobs.then_some("--wait-for-jobs"));
        if self.wait_for_jobs && !self.wait {
            flags.push("--wait");
        }
        if self.atomic {
            flags.push(if helm.is_4().await? { "--rollback-on-failure" } else { "--atomic" });
        }
        let ran = helm.succeed(self.upgrade(helm, installs).args(flags)).await?;
        let record: Record = program::decode("upgrade", &ran.stdout)?;
        several::tell(context, &record.info.notes);
        Ok(Deployed::of(&self.release, &record, record.chart(), release::deployed(&revisions), true))
    }

    /// What [`Self::carry_out`] would change.
    pub(crate) async fn changes(&self, context: &Context, installs: bool) -> Result<Change> {
        let helm = Helm::of_engine(context, &self.cluster);
        let revisions = release::history(&helm, &self.release).await?;
        let would = |summary: String, diff: String| Change::Would { summary, diff };
        if let Some(mending) = mend::mending(&revisions) {
            let told = mending.told(&self.release, &revisions);
            return Ok(match self.pending {
                // Helm gives no preview of a release that is pending.
                Pending::Mend => would(format!("{told}; then it would be upgraded"), String::new()),
                Pending::Fail => would("would fail, as something is pending".to_owned(), String::new()),
            });
        }
        let name = format!("release `{}`", self.release);
        match self.compared(&helm, &revisions, installs).await? {
            Compared::Same(..) => Ok(Change::Nothing),
            Compared::Differs(there, wanted) => {
                let (from, chart) = (revisions.last().map_or("", |last| last.chart.as_str()), wanted.chart());
                let summary = format!("would upgrade {name} ({from} → {}-{})", chart.name, chart.version);
                Ok(would(summary, manifest::diff(&there.manifest, &wanted.manifest)))
            }
            Compared::New if !installs => Err(absent(&self.release)),
            Compared::New => {
                let wanted = match self.wanted(&helm, installs).await {
                    Ok(wanted) => wanted,
                    // Kinds that the chart itself brings are not there before it is.
                    Err(error) if error.message.contains("ensure CRDs are installed first") => {
                        return Ok(would(format!("would install {name}, and kinds of objects"), String::new()));
                    }
                    Err(error) => return Err(error),
                };
                let chart = wanted.chart();
                let summary = format!("would install {name} ({}-{})", chart.name, chart.version);
                Ok(would(summary, manifest::diff("", &wanted.manifest)))
            }
        }
    }

    /// The release, if it is as it is wanted.
    pub(crate) async fn done(&self, context: &Context, installs: bool) -> Result<Option<Deployed>> {
        let helm = Helm::of_engine(context, &self.cluster);
        let revisions = release::history(&helm, &self.release).await?;
        if mend::mending(&revisions).is_some() {
            return Ok(None);
        }
        Ok(match self.compared(&helm, &revisions, installs).await? {
            Compared::Same(there, wanted) => Some(Deployed::of(&self.release, &there, wanted.chart(), None, false)),
            _ => None,
        })
    }

    /// Goes back to what was deployed before, or removes what was not there.
    pub(crate) async fn take_back(&self, output: &Deployed, context: &Context) -> Result<()> {
        if !output.changed {
            return Ok(());
        }
        let helm = Helm::of_engine(context, &self.cluster);
        if release::history(&helm, &self.release).await?.is_empty() {
            return Ok(());
        }
        let timeout = ["--timeout".to_owned(), self.timeout.to_string()];
        let command = match output.previous {
            Some(revision) => helm.command(&["rollback", &self.release, &revision.to_string()]),
            None => helm.command(&["uninstall", &self.release, "--wait"]),
        };
        helm.succeed(command.args(timeout)).await.map(drop)
    }
}

/// A release that has to be there, and is not.
pub(crate) fn absent(release: &str) -> Error {
    Error::permanent(format!("there is no release `{release}`"))
        .hint("is `namespace` right? `helm list --all-namespaces` lists releases, `helm.install` installs one")
}

/// Where a chart and its values are from.
pub(crate) struct Source<'a> {
    pub(crate) chart: &'a str,
    pub(crate) repo: Option<&'a str>,
    pub(crate) version: Option<&'a str>,
    pub(crate) values: &'a Map<String, Value>,
    pub(crate) values_files: &'a [PathBuf],
    pub(crate) plain_http: bool,
    pub(crate) ca_file: Option<&'a Path>,
}

impl Source<'_> {
    /// The command with chart and values.
    pub(crate) fn give(&self, context: &Context, command: Command) -> Command {
        self.at(&context.place, command)
    }

    /// See [`Self::give`].
    pub(crate) fn at(&self, place: &runner_sdk::Place, command: Command) -> Command {
        let mut words = vec![self.chart.to_owned()];
        let mut add = |flag: &str, value: String| words.extend([flag.to_owned(), value]);
        let mut command = command;
        if let Some(repo) = self.repo {
            add("--repo", repo.to_owned());
            // Helm would take a folder here that happens to have the chart's name.
            command = command.dir("/");
        }
        if let Some(version) = self.version {
            add("--version", version.to_owned());
        }
        for file in self.values_files {
            add("--values", place.path(file).display().to_string());
        }
        if let Some(file) = self.ca_file {
            add("--ca-file", place.path(file).display().to_string());
        }
        if self.plain_http {
            words.push("--plain-http".to_owned());
        }
        if self.values.is_empty() {
            return command.args(words);
        }
        words.extend(["--values".to_owned(), "-".to_owned()]);
        command.args(words).stdin(Value::from(self.values.clone()).to_string())
    }
}

/// Refuses what cannot be a chart.
pub(crate) fn check_chart(chart: &str, repo: Option<&str>, version: Option<&str>) -> Result<()> {
    let odd = |text: &str| text.is_empty() || text.starts_with('-') || text.contains(char::is_control);
    if odd(chart) {
        return Err(Error::input(format!("`{chart}` cannot be a chart")));
    }
    if let Some(version) = version.filter(|version| odd(version)) {
        return Err(Error::input(format!("`{version}` cannot be the version of a chart")));
    }
    match repo {
        Some(repo) if repo.starts_with("oci://") => Err(Error::input("a registry is no `repo`")
            .hint(format!("write `chart: {}/{chart}`", repo.trim_end_matches('/')))),
        Some(repo) if !repo.contains("://") => Err(Error::input(format!("`{repo}` is no URL of a repository"))),
        _ => Ok(()),
    }
}

/// The files of a chart that lies here, and those of values.
pub(crate) fn chart_files(chart: &str, repo: Option<&str>, values_files: &[PathBuf]) -> Vec<PathBuf> {
    let here = repo.is_none() && !chart.contains("://");
    here.then(|| PathBuf::from(chart)).into_iter().chain(values_files.iter().cloned()).collect()
}
