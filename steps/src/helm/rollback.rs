//! `helm.rollback`.

use runner_sdk::unit::Duration;
use runner_sdk::{
    Ability, Captured, Change, Command, Context, Error, Example, Exit, Finished, Need, Place, Process, Result, Serve,
    Step,
};
use schemars::JsonSchema;
use serde::Deserialize;

use super::deploy::{self, Deployed};
use super::program::{self, Helm};
use super::release::{self, DEPLOYED, Record, Revision};
use super::{manifest, mend};
use crate::shared::cluster::Cluster;
use crate::shared::several;

/// Brings a release back to what an earlier revision of it was, as a new revision.
///
/// Where what is deployed is just that, nothing is done; so say which revision it is, such as the output `previous` of a
/// `helm.upgrade`. A release that a killed `helm` left pending goes back, too. Undo goes to the revision that was deployed before.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Rollback {
    /// The name of the release.
    pub release: String,
    /// The number of the revision to go back to.
    pub revision: u32,
    /// Where.
    #[serde(flatten)]
    pub cluster: Cluster,
    /// Whether the step waits until what was deployed is ready.
    #[serde(default)]
    pub wait: bool,
    /// How long `helm` waits for one thing, such as a hook or all that was deployed.
    #[serde(default = "deploy::timeout")]
    pub timeout: Duration,
}

/// What there is, and the revision to go back to.
struct Way {
    revisions: Vec<Revision>,
    there: Record,
    back: Record,
}

impl Way {
    /// Whether nothing is to be done.
    fn is_gone(&self) -> bool {
        self.revisions.last().is_some_and(|last| last.status == DEPLOYED) && self.there.means(&self.back)
    }
}

impl Rollback {
    async fn way(&self, helm: &Helm<'_>) -> Result<Way> {
        let revisions = release::history(helm, &self.release).await?;
        let Some(last) = revisions.last() else { return Err(deploy::absent(&self.release)) };
        if revisions.iter().all(|revision| revision.number != self.revision) {
            let message = format!("release `{}` has no revision {}", self.release, self.revision);
            return Err(Error::input(message).hint("`helm history` lists the revisions that are still there"));
        }
        let there = release::record(helm, &self.release, last.number).await?;
        let back = release::record(helm, &self.release, self.revision).await?;
        match (there, back) {
            (Some(there), Some(back)) => Ok(Way { revisions, there, back }),
            _ => Err(deploy::absent(&self.release)),
        }
    }

    async fn carry_out(&self, helm: &Helm<'_>) -> Result<Deployed> {
        let way = self.way(helm).await?;
        if way.is_gone() {
            return self.told(helm, &way.there, None, false).await;
        }
        if let Some(last) = way.revisions.last().filter(|_| mend::mending(&way.revisions).is_some()) {
            helm.context().log(mend::left(&self.release, &last.status));
        }
        let (revision, timeout) = (self.revision.to_string(), self.timeout.to_string());
        let command = helm.command(&["rollback", &self.release, &revision, "--timeout", &timeout]);
        helm.succeed(if self.wait { command.arg("--wait") } else { command }).await?;
        let newest = release::history(helm, &self.release).await?.last().map(|last| last.number).unwrap_or_default();
        let record = release::record(helm, &self.release, newest).await?;
        let record = record.ok_or_else(|| deploy::absent(&self.release))?;
        self.told(helm, &record, release::deployed(&way.revisions), true).await
    }

    async fn told(&self, helm: &Helm<'_>, record: &Record, previous: Option<u32>, changed: bool) -> Result<Deployed> {
        let chart = release::metadata(helm, &self.release).await?.ok_or_else(|| deploy::absent(&self.release))?;
        Ok(Deployed::of(&self.release, record, chart, previous, changed))
    }
}

impl Step for Rollback {
    type Output = Deployed;
    const NAME: &'static str = "helm.rollback";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check, Ability::Undo];
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "back to what was deployed before an upgrade",
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
- id: newer
  uses: helm.upgrade
  with: {release: web, chart: ./web, values: {greeting: 'good morning'}}
- id: back
  uses: helm.rollback
  with: {release: web, revision: 1}",
        "steps.back.outputs.manifest_digest == steps.web.outputs.manifest_digest && steps.back.outputs.revision == 3",
    )
    .with("helm")];

    fn validate(&self) -> Result<()> {
        program::check_release(&self.release)?;
        if self.revision == 0 {
            return Err(Error::input("`revision` cannot be 0").hint("the first revision of a release is 1"));
        }
        self.cluster.check()
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let way = self.way(&Helm::of_engine(context, &self.cluster)).await?;
        if way.is_gone() {
            return Ok(Some(Change::Nothing));
        }
        let (from, to) = (way.there.version, self.revision);
        let summary = format!("would bring release `{}` back (revision {from} → as revision {to})", self.release);
        Ok(Some(Change::Would { summary, diff: manifest::diff(&way.there.manifest, &way.back.manifest) }))
    }

    async fn check(&self, context: &Context) -> Result<Option<Deployed>> {
        let helm = Helm::of_engine(context, &self.cluster);
        let way = self.way(&helm).await?;
        if !way.is_gone() {
            return Ok(None);
        }
        self.told(&helm, &way.there, None, false).await.map(Some)
    }

    async fn undo(&self, output: &Deployed, context: &Context) -> Result<()> {
        let helm = Helm::of_engine(context, &self.cluster);
        let Some(previous) = output.previous.filter(|_| output.changed) else { return Ok(()) };
        let (previous, timeout) = (previous.to_string(), self.timeout.to_string());
        helm.succeed(helm.command(&["rollback", &self.release, &previous, "--timeout", &timeout])).await.map(drop)
    }
}

impl Process for Rollback {
    fn command(&self, _: &Place) -> Result<Command> {
        Ok(several::command(Self::NAME))
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Deployed>> {
        several::finish(Self::NAME, exit, captured)
    }
}

impl Serve for Rollback {
    async fn serve(&self, context: &Context) -> Result<()> {
        let helm = Helm::of_step(context, &self.cluster);
        several::serve(context, self.carry_out(&helm)).await
    }
}
