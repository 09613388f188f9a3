//! `helm.template`.

use std::path::PathBuf;

use runner_sdk::{Captured, Command, Error, Example, Exit, Finished, Need, Place, Process, Publish, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::deploy::{self, Source};
use super::failure::failure;
use super::program::{self, helm};
use super::{manifest, release};

/// Renders a chart into objects, without a cluster.
///
/// With `path` all is written into that file, which its owner alone can read; the output `manifest` then is empty. Without it the
/// output is what was rendered, with `***` for the values of Secrets.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Template {
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
    /// The namespace that the chart is told.
    pub namespace: Option<String>,
    /// The file to write, with the mode 0600.
    pub path: Option<PathBuf>,
    /// Whether the definitions in the chart's folder `crds` are rendered, too.
    #[serde(default)]
    pub include_crds: bool,
    /// The version of Kubernetes that the chart is told.
    pub kube_version: Option<String>,
    /// Versions of APIs that the chart is told are there, such as `monitoring.coreos.com/v1`.
    #[serde(default)]
    pub api_versions: Vec<String>,
    /// Whether a registry or repository is spoken to without TLS.
    #[serde(default)]
    pub plain_http: bool,
    /// The certificates of authorities that the chart's server is trusted by.
    pub ca_file: Option<PathBuf>,
}

/// What was rendered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The objects as YAML; empty where they were written into a file.
    pub manifest: String,
    /// The names of the objects, such as `ConfigMap web` and `Secret shop/login`, in order.
    pub objects: Vec<String>,
    /// What the objects are known by: `sha256:` and the digest of the manifest.
    pub manifest_digest: String,
}

impl Step for Template {
    type Output = Output;
    const NAME: &'static str = "helm.template";
    const IDEMPOTENT: bool = true;
    const READS: bool = true;
    const NEEDS: &'static [Need] = program::NEEDS;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a chart of the project",
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
  uses: helm.template
  with: {release: web, chart: ./web, values: {greeting: hello}}",
        "steps.web.outputs.objects == ['ConfigMap web'] && steps.web.outputs.manifest.contains('greeting: \"hello\"')",
    )
    .with("helm")];

    fn validate(&self) -> Result<()> {
        program::check_release(&self.release)?;
        if let Some(odd) = self.api_versions.iter().find(|version| version.is_empty() || version.contains(',')) {
            return Err(Error::input(format!("`{odd}` cannot be the version of an API")));
        }
        deploy::check_chart(&self.chart, self.repo.as_deref(), self.version.as_deref())
    }

    fn reads(&self) -> Vec<PathBuf> {
        deploy::chart_files(&self.chart, self.repo.as_deref(), &self.values_files)
    }
}

impl Process for Template {
    fn command(&self, place: &Place) -> Result<Command> {
        let source = Source {
            chart: &self.chart,
            repo: self.repo.as_deref(),
            version: self.version.as_deref(),
            values: &self.values,
            values_files: &self.values_files,
            plain_http: self.plain_http,
            ca_file: self.ca_file.as_deref(),
        };
        let mut command = source.at(place, helm(&["template", &self.release]));
        if let Some(namespace) = &self.namespace {
            command = command.args(["--namespace", namespace]);
        }
        if self.include_crds {
            command = command.arg("--include-crds");
        }
        if let Some(version) = &self.kube_version {
            command = command.args(["--kube-version", version]);
        }
        for version in &self.api_versions {
            command = command.args(["--api-versions", version]);
        }
        Ok(command)
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Output>> {
        if !exit.success() {
            return Err(failure("template", exit, &captured.tail));
        }
        let text = String::from_utf8_lossy(&captured.stdout);
        let objects = manifest::objects(&text).into_keys().collect();
        let shown = if self.path.is_some() { String::new() } else { manifest::without_secrets(&text) };
        let output = Output { manifest: shown, objects, manifest_digest: release::digest(&text) };
        let file = self.path.as_ref().map(|path| Publish {
            path: path.clone(),
            bytes: captured.stdout.clone(),
            mode: Some(0o600),
        });
        Ok(Finished { output, files: file.into_iter().collect() })
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;
    use serde_json::json;

    use super::*;
    use crate::testing::{captured, decode, place};

    fn step(with: Value) -> Template {
        let step: Template = decode(with).unwrap();
        step.validate().unwrap();
        step
    }

    #[test]
    fn values_stand_on_no_command_line() {
        let with = json!({"release": "web", "chart": "./web", "values": {"password": "hunter2"}, "values_files": ["a.yaml"],
            "version": "^1", "namespace": "shop", "include_crds": true, "kube_version": "1.30", "api_versions": ["x/v1"]});
        let command = step(with).command(&place()).unwrap();
        assert_eq!(
            command.display(),
            "helm template web ./web --version '^1' --values /project/a.yaml --values - --namespace shop --include-crds \
             --kube-version 1.30 --api-versions x/v1"
        );
        assert_eq!(command.stdin, b"{\"password\":\"hunter2\"}");
        assert!(command.capture);
    }

    #[test]
    fn secrets_are_in_the_file_alone() {
        const SECRET: &str = "---\nkind: Secret\nmetadata: {name: s}\nstringData: {password: hunter2}\n";
        let of = |with: Value| step(with).finish(&place(), Exit::Code(0), &captured(SECRET, "")).unwrap();
        let shown = of(json!({"release": "web", "chart": "./web"}));
        assert!(!shown.output.manifest.contains("hunter2") && shown.output.manifest.contains("***"));
        assert_eq!(shown.output.objects, ["Secret s"]);
        let written = of(json!({"release": "web", "chart": "./web", "path": "out.yaml"}));
        assert_eq!(written.output.manifest, "");
        assert_eq!(written.output.manifest_digest, shown.output.manifest_digest);
        assert_eq!((written.files[0].bytes.as_slice(), written.files[0].mode), (SECRET.as_bytes(), Some(0o600)));
    }

    #[test]
    fn what_cannot_be_meant_is_refused_with_a_hint() {
        for (with, hint) in [
            (json!({"release": "Web", "chart": "./web"}), "small letters"),
            (
                json!({"release": "web", "chart": "nginx", "repo": "oci://host/charts"}),
                "chart: oci://host/charts/nginx",
            ),
        ] {
            let step: Template = decode(with).unwrap();
            let error = step.validate().unwrap_err();
            assert_eq!(error.kind, ErrorKind::Input);
            assert!(error.hint.unwrap().contains(hint));
        }
    }
}
