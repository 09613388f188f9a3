//! Servers that misbehave, hooks, and kills at any instant.

use std::path::Path;
use std::time::Duration;

use super::{Site, with_both};
use crate::support::await_that;
use crate::support::control_plane::fault::Fault;
use crate::support::control_plane::{ALL, ControlPlane};

/// The same project, before whose server stands somebody else.
fn through(site: &mut Site, kubeconfig: &Path) {
    site.project.env("KUBECONFIG", kubeconfig);
}

#[test]
#[ignore = "needs the control plane"]
fn a_server_that_fails_for_a_moment_costs_an_attempt() {
    let plane = ControlPlane::start();
    for major in [3, 4] {
        let mut site = Site::new(&plane, major);
        site.kubectl.get(&["create", "namespace", &site.namespace]);
        let proxy = plane.proxy();
        through(&mut site, proxy.kubeconfig());
        let run = |revision: u32| {
            let with = format!(
                "{{release: web, namespace: {}, chart: ./web, values: {{greeting: n{revision}}}}}",
                site.namespace
            );
            let retry = "retry: {attempts: 4, delay: 10ms}";
            site.project.workflow("w", &format!("steps: [{{id: a, uses: helm.install, {retry}, with: {with}}}]"));
            site.project.run(&["run", "w"]).expect(0);
            let journal = site.project.journal();
            assert_eq!(journal.outputs_of("a")["status"], "deployed", "{major}");
            journal.attempts("a")
        };
        assert_eq!(run(1), 1);
        for (revision, (pattern, fault)) in
            [("GET /version", Fault::Drop), ("PATCH ", Fault::Fail), ("POST ", Fault::Fail)].into_iter().enumerate()
        {
            proxy.fault(1, pattern, fault);
            let attempts = run(u32::try_from(revision).unwrap() + 2);
            assert!(attempts <= 3, "{major}, {pattern}: {attempts}");
            proxy.mend();
        }
        // Helm itself waits for as long as the server asks for.
        proxy.fault(1, "POST ", Fault::TooMany(1));
        assert_eq!(run(9), 1);
    }
}

#[test]
#[ignore = "needs the control plane"]
fn a_hook_that_fails_is_told_and_one_that_completes_is_waited_for() {
    let plane = ControlPlane::with(ALL);
    plane.add_node();
    for major in [3, 4] {
        let site = Site::new(&plane, major);
        site.project.write("web/templates/hook.yaml", HOOK);
        let said = site.failed("install", "chart: ./web, create_namespace: true, values: {hook: '1'}, timeout: 60s");
        assert!(said.contains("failed pre-install") && said.contains("kubectl logs"), "{said}");
        assert_eq!(site.statuses(major), ["failed"]);
        let done = site.done("install", "chart: ./web, values: {hook: '0'}, timeout: 60s");
        assert_eq!(done["status"], "deployed");
        assert_eq!(site.kubectl(&["get", "job", "hook", "--output=jsonpath={.status.succeeded}"]), "1");
        assert_eq!(site.done("install", "chart: ./web, values: {hook: '0'}")["changed"], false);
        assert_eq!(site.done("install", "chart: ./web, values: {hook: '2'}, timeout: 60s")["changed"], true);
    }
}

/// A Job before anything else. The control plane's kubelet that is none fails what is labelled so.
const HOOK: &str = "apiVersion: batch/v1
kind: Job
metadata:
  name: hook
  annotations: {helm.sh/hook: 'pre-install,pre-upgrade', helm.sh/hook-delete-policy: before-hook-creation}
spec:
  backoffLimit: 0
  template:
    metadata: {labels: {kubetest/exit: '{{ .Values.hook }}'}}
    spec: {restartPolicy: Never, containers: [{name: c, image: none}]}
";

#[test]
#[ignore = "needs the control plane"]
fn whenever_all_is_killed_the_run_ends_with_the_release_deployed() {
    with_both(|site, major| {
        for (at, millis) in [0, 150, 300, 450, 600, 900].into_iter().enumerate() {
            let before = site.project.runs().len();
            let with = format!("chart: ./web, values: {{greeting: n{at}}}");
            let life = site.step("install", &with).project.spawn(&["run", "w"]);
            await_that("the run", || site.project.runs().len() > before);
            site.project.await_fact("attempt_started", "a");
            // From here on any instant will do, and none is announced.
            std::thread::sleep(Duration::from_millis(millis));
            drop(life.kill());
            site.project.kill_all();
            if site.project.journal().end() != "succeeded" {
                site.project.run(&["resume"]).expect(0);
            }
            let greeting = site.kubectl(&["get", "configmap", "web", "--output=jsonpath={.data.greeting}"]);
            assert_eq!(greeting, format!("n{at}"));
            assert_eq!(site.statuses(major).iter().filter(|status| *status == "deployed").count(), 1);
            assert_eq!(site.done("status", "")["status"], "deployed");
        }
    });
}
