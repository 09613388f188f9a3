//! The steps `kube.*`, through the binary, against a real API server.

use std::time::Duration;

use crate::support::Project;
use crate::support::control_plane::fault::Fault;
use crate::support::control_plane::{ControlPlane, Login};

fn project(kubeconfig: &std::path::Path) -> Project {
    let mut project = Project::new();
    project.env("KUBECONFIG", kubeconfig);
    project
}

#[test]
#[ignore = "needs the control plane"]
fn every_example_runs_and_holds_what_it_says() {
    let plane = ControlPlane::start();
    let examples = runner_steps::all().into_iter().flat_map(|step| step.examples);
    let mut ran = 0;
    for example in examples.filter(|example| example.fixture == "cluster") {
        let project = project(plane.kubeconfig());
        let steps: String = example.steps.lines().flat_map(|line| ["  ", line, "\n"]).collect();
        let that = serde_json::to_string(example.expect).unwrap();
        let last = format!("  - {{id: expected, uses: assert.that, needs: all, with: {{that: {that}}}}}\n");
        project.workflow("w", &format!("steps:\n{steps}{last}"));
        project.run(&["run", "w"]).expect(0);
        ran += 1;
    }
    assert!(ran > 1);
}

#[test]
#[ignore = "needs the control plane"]
fn what_cannot_be_is_refused_with_a_hint() {
    let plane = ControlPlane::start();
    let project = project(plane.kubeconfig());
    for (with, message, hint) in [
        ("{kind: Region, name: a}", "the kind `Region` is not served here", "defines it"),
        ("{api_version: apps/v9, kind: Deployment, name: a}", "of `apps/v9` is not served here", "version"),
        ("{api_version: v1, kind: Configmap, name: a}", "not served here", "did you mean `ConfigMap`"),
        ("{kind: ConfigMap, name: a}", "there is no `ConfigMap default/a`", "required: false"),
        ("{kind: ConfigMap, name: a, context: other}", "no context `other`", "`test`"),
        ("{kind: ConfigMap, name: a, kubeconfig: none}", "cannot read the kubeconfig", "no such file"),
    ] {
        project.workflow("w", &format!("steps: [{{id: a, uses: kube.get, with: {with}}}]"));
        let ended = project.run(&["run", "w"]).expect(20);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains(message) && said.contains(hint), "{with}: {ended}");
    }
}

#[test]
#[ignore = "needs the control plane"]
fn a_long_list_is_read_whole_and_by_certificate() {
    let plane = ControlPlane::start();
    let one = |number| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{number}}}}}\n---\n");
    plane.kubectl().give("create", &(0..501).map(one).collect::<String>()).expect(0);
    let project = project(&plane.kubeconfig_by(Login::Certificate));
    project.workflow(
        "w",
        "steps:
  - {id: all, uses: kube.list, with: {kind: ConfigMap}}
  - {id: check, uses: assert.that, with: {that: 'steps.all.outputs.objects.size() == 501'}}
  - {id: kinds, uses: assert.that, with: {that: 'steps.all.outputs.objects.all(one, one.kind == \"ConfigMap\")'}}",
    );
    project.run(&["run", "w"]).expect(0);
}

#[test]
#[ignore = "needs the control plane"]
fn a_server_that_puts_off_is_asked_again_and_one_that_fails_is_retried() {
    let plane = ControlPlane::start();
    let proxy = plane.proxy();
    let project = project(proxy.kubeconfig());
    let step = "{id: a, uses: kube.get, with: {kind: Namespace, name: default}";
    project.workflow("w", &format!("steps: [{step}}}]"));
    proxy.fault(2, "/namespaces/default", Fault::TooMany(1));
    let began = std::time::Instant::now();
    project.run(&["run", "w"]).expect(0);
    assert!(began.elapsed() >= Duration::from_secs(2), "it waits as it is told");

    proxy.mend();
    project.workflow("w", &format!("steps: [{step}, retry: {{attempts: 4, delay: 10ms}}}}]"));
    proxy.fault(1, "/namespaces/default", Fault::Fail);
    proxy.fault(1, "/namespaces/default", Fault::Drop);
    proxy.fault(1, "/namespaces/default", Fault::Cut(10));
    project.run(&["run", "w"]).expect(0);
    assert_eq!(project.journal().attempts("a"), 4);
}
