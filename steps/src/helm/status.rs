//! `helm.status`.

use runner_sdk::{
    Ability, Captured, Command, Context, Example, Exit, Finished, Need, Place, Process, Result, Serve, Step,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::program::{self, Helm};
use super::release;
use crate::shared::cluster::Cluster;
use crate::shared::several;

/// Tells how a release stands. One that is not there is told, too: its `status` is `absent`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// The name of the release.
    pub release: String,
    /// Where.
    #[serde(flatten)]
    pub cluster: Cluster,
}

/// How a release stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The name of the release.
    pub release: String,
    /// `absent`, or in Helm's words: `deployed`, `failed`, `pending-install`, `pending-upgrade`, `pending-rollback`, `uninstalling`.
    pub status: String,
    /// What Helm says of it.
    pub description: String,
    /// The number of its newest revision; none where it is absent, as below.
    pub revision: Option<u32>,
    /// The newest revision that is in force.
    pub deployed_revision: Option<u32>,
    /// Its namespace.
    pub namespace: Option<String>,
    /// The name of the chart.
    pub chart: Option<String>,
    /// The version of the chart.
    pub version: Option<String>,
    /// The version of what the chart deploys; may be empty.
    pub app_version: Option<String>,
    /// What its objects are known by: `sha256:` and the digest of the manifest.
    pub manifest_digest: Option<String>,
}

impl Status {
    async fn look(&self, helm: &Helm<'_>) -> Result<Output> {
        let absent = || Output { release: self.release.clone(), status: "absent".to_owned(), ..Output::default() };
        let revisions = release::history(helm, &self.release).await?;
        let Some(last) = revisions.last() else { return Ok(absent()) };
        let record = release::record(helm, &self.release, last.number).await?;
        let (Some(record), Some(chart)) = (record, release::metadata(helm, &self.release).await?) else {
            return Ok(absent());
        };
        Ok(Output {
            release: self.release.clone(),
            status: record.info.status.clone(),
            description: record.info.description.clone(),
            revision: Some(record.version),
            deployed_revision: release::deployed(&revisions),
            chart: Some(chart.name),
            version: Some(chart.version),
            app_version: Some(chart.app_version),
            manifest_digest: Some(record.digest()),
            namespace: Some(record.namespace),
        })
    }
}

impl Step for Status {
    type Output = Output;
    const NAME: &'static str = "helm.status";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a release that is not there",
        "- id: web
  uses: helm.status
  with: {release: nobody}",
        "steps.web.outputs.status == 'absent'",
    )
    .with("helm")];

    fn validate(&self) -> Result<()> {
        program::check_release(&self.release)?;
        self.cluster.check()
    }
}

impl Process for Status {
    fn command(&self, _: &Place) -> Result<Command> {
        Ok(several::command(Self::NAME))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Output>> {
        several::finish(Self::NAME, exit, captured)
    }
}

impl Serve for Status {
    async fn serve(&self, context: &Context) -> Result<()> {
        let helm = Helm::of_step(context, &self.cluster);
        several::serve(context, self.look(&helm)).await
    }
}
