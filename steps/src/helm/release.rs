//! What Helm knows of a release.

use runner_sdk::Result;
use serde::Deserialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::program::Helm;

/// The status of a revision that is in force.
pub(crate) const DEPLOYED: &str = "deployed";

/// One line of a release's history, the oldest first.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Revision {
    #[serde(rename = "revision")]
    pub(crate) number: u32,
    pub(crate) status: String,
    /// Name and version of the chart with a hyphen between.
    pub(crate) chart: String,
    #[serde(default)]
    pub(crate) app_version: String,
}

/// A revision in full, or one that would be.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Record {
    pub(crate) version: u32,
    pub(crate) namespace: String,
    pub(crate) info: Info,
    #[serde(default)]
    pub(crate) manifest: String,
    /// The values that it was given, beyond the chart's own.
    #[serde(default)]
    config: Option<Value>,
    #[serde(default)]
    hooks: Option<Vec<Hook>>,
    /// Not told of revisions that are asked for by `helm status`.
    chart: Option<Chart>,
}

#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Info {
    pub(crate) status: String,
    #[serde(default)]
    pub(crate) description: String,
    #[serde(default)]
    pub(crate) notes: String,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
struct Hook {
    path: String,
    #[serde(default)]
    manifest: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Chart {
    metadata: Metadata,
}

/// Which chart.
#[derive(Clone, Debug, Default, Deserialize)]
pub(crate) struct Metadata {
    /// Its name.
    pub(crate) name: String,
    pub(crate) version: String,
    #[serde(default, rename = "appVersion")]
    pub(crate) app_version: String,
}

impl Record {
    /// The chart; nothing where it is not told.
    pub(crate) fn chart(&self) -> Metadata {
        self.chart.clone().unwrap_or_default().metadata
    }

    /// Whether values, hooks and objects are the same.
    pub(crate) fn means(&self, other: &Self) -> bool {
        fn given(config: Option<&Value>) -> Option<&Value> {
            config.filter(|config| config.as_object().is_none_or(|members| !members.is_empty()))
        }
        let hooks = |record: &Self| record.hooks.clone().unwrap_or_default();
        self.manifest.trim_end() == other.manifest.trim_end()
            && given(self.config.as_ref()) == given(other.config.as_ref())
            && hooks(self) == hooks(other)
    }

    /// What its objects are known by: `sha256:` and the digest of the manifest without line ends at its end, which Helm 3
    /// and 4 write differently.
    pub(crate) fn digest(&self) -> String {
        digest(&self.manifest)
    }
}

/// See [`Record::digest`].
pub(crate) fn digest(manifest: &str) -> String {
    let digest = Sha256::digest(manifest.trim_end());
    digest.iter().fold("sha256:".to_owned(), |text, byte| format!("{text}{byte:02x}"))
}

/// The revisions of a release; empty where there is none, or all that is left is a history that was kept.
pub(crate) async fn history(helm: &Helm<'_>, release: &str) -> Result<Vec<Revision>> {
    let revisions: Vec<Revision> = helm.ask(&["history", release]).await?.unwrap_or_default();
    let gone = revisions.last().is_some_and(|last| last.status == "uninstalled");
    Ok(if gone { Vec::new() } else { revisions })
}

/// The number of the newest revision that is in force.
pub(crate) fn deployed(revisions: &[Revision]) -> Option<u32> {
    revisions.iter().rev().find(|revision| revision.status == DEPLOYED).map(|revision| revision.number)
}

/// A revision in full.
pub(crate) async fn record(helm: &Helm<'_>, release: &str, revision: u32) -> Result<Option<Record>> {
    helm.ask(&["status", release, "--revision", &revision.to_string()]).await
}

/// The chart of the newest revision.
pub(crate) async fn metadata(helm: &Helm<'_>, release: &str) -> Result<Option<Metadata>> {
    /// What it calls `name` is that of the release.
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Told {
        chart: String,
        version: String,
        #[serde(default)]
        app_version: String,
    }
    let told: Option<Told> = helm.ask(&["get", "metadata", release]).await?;
    Ok(told.map(|told| Metadata { name: told.chart, version: told.version, app_version: told.app_version }))
}
