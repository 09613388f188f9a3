//! `helm.upgrade`.

use std::path::PathBuf;

use runner_sdk::{
    Ability, Captured, Change, Command, Context, Example, Exit, Finished, Need, Place, Process, Result, Serve, Step,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::deploy::{Deploy, Deployed};
use super::program::{self, Helm};
use crate::shared::several;

/// Brings a release that is there to a chart and values; `helm.install` does so, too, and installs what is not.
///
/// Values of earlier times do not stay: what is not given is as the chart has it. Where chart, values and all that the chart
/// renders are what is deployed, nothing is done. A release that a killed `helm` left pending is mended first: it goes back to
/// the revision that was deployed last. Undo goes back to the revision before.
///
/// A killed engine does not end it; a step that is stopped asks `helm` to stop, which marks the release as failed.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct Upgrade(pub Deploy);

/// Whether it also installs.
const INSTALLS: bool = false;

impl Step for Upgrade {
    type Output = Deployed;
    const NAME: &'static str = "helm.upgrade";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check, Ability::Undo];
    const READS: bool = true;
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "other values",
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
- id: again
  uses: helm.upgrade
  with: {release: web, chart: ./web, values: {greeting: 'good morning'}}",
        "steps.again.outputs.status == 'deployed' && steps.again.outputs.revision > 1",
    )
    .with("helm")];

    fn validate(&self) -> Result<()> {
        self.0.check()
    }

    fn reads(&self) -> Vec<PathBuf> {
        self.0.files()
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        self.0.changes(context, INSTALLS).await.map(Some)
    }

    async fn check(&self, context: &Context) -> Result<Option<Deployed>> {
        self.0.done(context, INSTALLS).await
    }

    async fn undo(&self, output: &Deployed, context: &Context) -> Result<()> {
        self.0.take_back(output, context).await
    }
}

impl Process for Upgrade {
    fn command(&self, _: &Place) -> Result<Command> {
        Ok(several::command(Self::NAME))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Deployed>> {
        several::finish(Self::NAME, exit, captured)
    }
}

impl Serve for Upgrade {
    async fn serve(&self, context: &Context) -> Result<()> {
        let helm = Helm::of_step(context, &self.0.cluster);
        several::serve(context, self.0.carry_out(&helm, INSTALLS)).await
    }
}
