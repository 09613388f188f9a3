//! `helm.uninstall`.

use runner_sdk::unit::Duration;
use runner_sdk::{
    Ability, Captured, Change, Command, Context, Example, Exit, Finished, Need, Place, Process, Result, Serve, Step,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::program::{self, Helm};
use super::{deploy, manifest, release};
use crate::shared::cluster::Cluster;
use crate::shared::several;

/// Uninstalls a release with all that it made.
///
/// What the chart says is to be kept stays, and so do the definitions of its folder `crds`. A release that is not there is
/// left alone, and one that a killed `helm` left pending is removed like any other.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Uninstall {
    /// The name of the release.
    pub release: String,
    /// Where.
    #[serde(flatten)]
    pub cluster: Cluster,
    /// Whether its history stays, so that it can be brought back.
    #[serde(default)]
    pub keep_history: bool,
    /// Whether the step waits until all that is deleted is gone.
    #[serde(default)]
    pub wait: bool,
    /// How long `helm` waits for one thing, such as a hook or all that is to go.
    #[serde(default = "deploy::timeout")]
    pub timeout: Duration,
}

/// What became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Whether there was anything to uninstall.
    pub removed: bool,
}

impl Uninstall {
    async fn carry_out(&self, helm: &Helm<'_>) -> Result<Output> {
        if release::history(helm, &self.release).await?.is_empty() {
            return Ok(Output { removed: false });
        }
        let timeout = self.timeout.to_string();
        let command = helm.command(&["uninstall", &self.release, "--timeout", &timeout]);
        let flags = [("--keep-history", self.keep_history), ("--wait", self.wait)];
        let ran = helm.succeed(command.args(flags.iter().filter(|(_, said)| *said).map(|(flag, _)| *flag))).await?;
        several::tell(helm.context(), &String::from_utf8_lossy(&ran.stdout));
        Ok(Output { removed: true })
    }
}

impl Step for Uninstall {
    type Output = Output;
    const NAME: &'static str = "helm.uninstall";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check];
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a chart of the project, installed and uninstalled",
        "- id: chart
  uses: file.write
  with: {path: web/Chart.yaml, content: \"apiVersion: v2\\nname: web\\nversion: 1.2.0\\n\"}
- id: template
  uses: file.write
  with:
    path: web/templates/settings.yaml
    content: |
      apiVersion: v1
      kind: ConfigMap
      metadata: {name: \"\\{{ .Release.Name }}\"}
      data: {greeting: \"\\{{ .Values.greeting }}\"}
- id: web
  uses: helm.install
  with: {release: web, chart: ./web, values: {greeting: hello}}
- id: gone
  uses: helm.uninstall
  with: {release: web, wait: true}
- id: status
  uses: helm.status
  with: {release: web}",
        "steps.gone.outputs.removed && steps.status.outputs.status == 'absent'",
    )
    .with("helm")];

    fn validate(&self) -> Result<()> {
        program::check_release(&self.release)?;
        self.cluster.check()
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let helm = Helm::of_engine(context, &self.cluster);
        let revisions = release::history(&helm, &self.release).await?;
        let Some(last) = revisions.last() else { return Ok(Some(Change::Nothing)) };
        let record = release::record(&helm, &self.release, last.number).await?.unwrap_or_default();
        let summary = format!("would uninstall release `{}` ({}, revision {})", self.release, last.chart, last.number);
        Ok(Some(Change::Would { summary, diff: manifest::diff(&record.manifest, "") }))
    }

    async fn check(&self, context: &Context) -> Result<Option<Output>> {
        let helm = Helm::of_engine(context, &self.cluster);
        let gone = release::history(&helm, &self.release).await?.is_empty();
        Ok(gone.then_some(Output { removed: false }))
    }
}

impl Process for Uninstall {
    fn command(&self, _: &Place) -> Result<Command> {
        Ok(several::command(Self::NAME))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Output>> {
        several::finish(Self::NAME, exit, captured)
    }
}

impl Serve for Uninstall {
    async fn serve(&self, context: &Context) -> Result<()> {
        let helm = Helm::of_step(context, &self.cluster);
        several::serve(context, self.carry_out(&helm)).await
    }
}
