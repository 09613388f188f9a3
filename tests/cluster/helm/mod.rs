//! `helm.*` over the real `helm` 3 and 4, against a real API server.

mod back;
mod fault;
mod kill;
mod page;
mod release;
mod source;

use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::support::control_plane::{ControlPlane, Kubectl};
use crate::support::{Ended, Life, Project, helm};

/// A `ConfigMap`, a Secret, and with `more` a Pod which is ready when somebody says so.
const TEMPLATES: &[(&str, &str)] = &[
    (
        "settings",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: '{{ .Release.Name }}'}\ndata: {greeting: '{{ .Values.greeting }}'}\n",
    ),
    (
        "login",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: '{{ .Release.Name }}'}\nstringData: {password: '{{ .Values.password }}'}\n",
    ),
    (
        "more",
        "{{ if .Values.more }}\napiVersion: v1\nkind: Pod\nmetadata: {name: more}\nspec: {containers: [{name: c, image: none}]}\n{{ end }}\n",
    ),
];

/// A project with a chart, one `helm`, and a namespace of its own in a cluster.
struct Site {
    project: Project,
    kubectl: Kubectl,
    kubeconfig: PathBuf,
    namespace: String,
}

impl Site {
    fn new(plane: &ControlPlane, major: u32) -> Self {
        let mut project = Project::new();
        project.env("PATH", helm::path(major)).env("KUBECONFIG", plane.kubeconfig());
        project.write("web/Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.2.0\nappVersion: '7'\n");
        project.write("web/values.yaml", "greeting: hello\npassword: none\n");
        project.write("web/values.schema.json", "{\"$schema\": \"http://json-schema.org/draft-07/schema#\", \"type\": \"object\", \"properties\": {\"greeting\": {\"type\": \"string\"}}}");
        for (name, text) in TEMPLATES {
            project.write(format!("web/templates/{name}.yaml"), text);
        }
        Self {
            project,
            kubectl: plane.kubectl(),
            kubeconfig: plane.kubeconfig().to_owned(),
            namespace: format!("helm-{major}"),
        }
    }

    /// Makes the workflow `w` with one step `a` of the type `helm.VERB`.
    fn step(&self, verb: &str, with: &str) -> &Self {
        let with = format!("{{release: web, namespace: {}, {with}}}", self.namespace);
        self.project.workflow("w", &format!("steps: [{{id: a, uses: helm.{verb}, grace: 5s, with: {with}}}]"));
        self
    }

    /// Runs one step to its success and gives its outputs.
    #[track_caller]
    fn done(&self, verb: &str, with: &str) -> Value {
        self.step(verb, with).project.run(&["run", "w"]).expect(0);
        self.project.journal().outputs_of("a")
    }

    /// What the step says of its failure.
    #[track_caller]
    fn failed(&self, verb: &str, with: &str) -> String {
        let ended = self.step(verb, with).project.run(&["run", "w"]).expect(20);
        ended.output()
    }

    fn kubectl(&self, arguments: &[&str]) -> String {
        self.kubectl.get(&[&["--namespace", &self.namespace], arguments].concat())
    }

    /// What `helm history` tells: the statuses, the oldest first.
    fn statuses(&self, major: u32) -> Vec<String> {
        let said = self.helm(major, &["history", "web", "--output", "json"]).stdout;
        let revisions: Vec<Value> = serde_json::from_str(&said).unwrap_or_default();
        revisions.iter().map(|revision| revision["status"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// `helm` as somebody else would call it.
    fn helm(&self, major: u32, arguments: &[&str]) -> Ended {
        let mut command = Command::new(helm::folder(major).join("helm"));
        command.args(arguments).args(["--namespace", &self.namespace]).current_dir(self.project.path());
        command.env("KUBECONFIG", &self.kubeconfig);
        Life::start(command).end()
    }

    /// Says that the Pod is ready; whether it was there.
    fn ready(&self) -> bool {
        const READY: &str = r#"{"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}"#;
        let patch = ["--namespace", &self.namespace, "patch", "pod", "more", "--subresource=status", "--patch", READY];
        self.kubectl.run(&patch).code == 0
    }

    fn pod(&self) -> bool {
        self.kubectl.run(&["--namespace", &self.namespace, "get", "pod", "more"]).code == 0
    }
}

/// Tries something with either `helm`, each in a namespace of its own.
fn with_both(what: impl Fn(&Site, u32)) {
    let plane = ControlPlane::start();
    for major in [3, 4] {
        let site = Site::new(&plane, major);
        site.kubectl.get(&["create", "namespace", &site.namespace]);
        what(&site, major);
    }
}
