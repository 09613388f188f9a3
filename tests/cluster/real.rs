//! What only a real control plane does.

use std::os::unix::fs::PermissionsExt;

use crate::support::await_that;
use crate::support::control_plane::{ALL, ControlPlane, Kubectl, Login, With};
use crate::watch::Watch;

const JOBS: &str = "
{apiVersion: batch/v1, kind: Job, metadata: {name: good, namespace: work}, spec: {template: {spec: {
  restartPolicy: Never, containers: [{name: c, image: none, command: ['true']}]}}}}
---
{apiVersion: batch/v1, kind: Job, metadata: {name: bad, namespace: work}, spec: {backoffLimit: 0, template: {metadata: {labels: {kubetest/exit: '1'}}, spec: {
  restartPolicy: Never, containers: [{name: c, image: none, command: ['false']}]}}}}
";

/// Exactly one of two fields, the first of which stays as it was.
const CRD: &str = "
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: places.lab.local}
spec:
  group: lab.local
  scope: Cluster
  names: {kind: Place, plural: places}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties: {here: {type: string}, there: {type: string}}
              x-kubernetes-validations:
                - {rule: has(self.here) != has(self.there), message: exactly one of here and there}
                - {rule: '!has(self.here) || !has(oldSelf.here) || self.here == oldSelf.here', message: here is immutable}
";

fn place(spec: &str) -> String {
    format!("{{apiVersion: lab.local/v1, kind: Place, metadata: {{name: p}}, spec: {spec}}}")
}

#[test]
#[ignore = "needs the control plane"]
fn its_kubeconfigs_open_it_and_are_their_owners_alone() {
    let plane = ControlPlane::start();
    for login in [Login::Token, Login::Certificate] {
        let kubeconfig = plane.kubeconfig_by(login);
        assert_eq!(std::fs::metadata(&kubeconfig).unwrap().permissions().mode() & 0o777, 0o600);
        let who = Kubectl::new(&kubeconfig).get(&["auth", "whoami", "--output=jsonpath={.status.userInfo}"]);
        assert!(who.contains("admin") && who.contains("system:masters"), "{who}");
    }
    let (status, version) = plane.get("/version").unwrap();
    assert_eq!(status, 200);
    assert!(version.contains("\"gitVersion\": \"v1."), "{version}");
    let stranger = plane.kubectl().run(&["--token=another", "get", "namespaces"]).expect(1);
    assert!(stranger.stderr.contains("You must be logged in"), "{stranger}");
}

#[test]
#[ignore = "needs the control plane"]
fn jobs_end_as_they_should_and_owners_take_their_own_along() {
    let plane = ControlPlane::with(ALL);
    let kubectl = plane.kubectl();
    plane.add_node();
    kubectl.get(&["create", "namespace", "work"]);
    kubectl.give("create", JOBS).expect(0);
    kubectl.get(&["-n", "work", "wait", "--for=condition=Complete", "job/good", "--timeout=25s"]);
    kubectl.get(&["-n", "work", "wait", "--for=condition=Failed", "job/bad", "--timeout=25s"]);

    kubectl.get(&["-n", "work", "create", "configmap", "owner"]);
    let uid = kubectl.get(&["-n", "work", "get", "configmap", "owner", "--output=jsonpath={.metadata.uid}"]);
    let owner = format!("{{apiVersion: v1, kind: ConfigMap, name: owner, uid: {uid}}}");
    let owned = format!("metadata: {{name: owned, namespace: work, ownerReferences: [{owner}]}}");
    kubectl.give("create", &format!("{{apiVersion: v1, kind: ConfigMap, {owned}}}")).expect(0);
    kubectl.get(&["-n", "work", "delete", "configmap", "owner"]);
    kubectl.get(&["-n", "work", "wait", "--for=delete", "configmap/owned", "--timeout=25s"]);

    kubectl.get(&["delete", "namespace", "work", "--timeout=25s"]);
    kubectl.run(&["get", "namespace", "work"]).expect(1);
}

#[test]
#[ignore = "needs the control plane"]
fn a_rule_of_a_definition_refuses_what_it_forbids() {
    let plane = ControlPlane::start();
    let kubectl = plane.kubectl();
    kubectl.give("create", CRD).expect(0);
    kubectl.get(&["wait", "--for=condition=Established", "crd/places.lab.local", "--timeout=25s"]);
    for neither in ["{here: a, there: b}", "{}"] {
        let refused = kubectl.give("create", &place(neither)).expect(1);
        assert!(refused.stderr.contains("exactly one of here and there"), "{refused}");
    }
    kubectl.give("create", &place("{here: a}")).expect(0);
    let refused = kubectl.give("apply", &place("{here: b}")).expect(1);
    assert!(refused.stderr.contains("here is immutable"), "{refused}");
    // A rule about before and after says nothing where there is no after.
    kubectl.give("replace", &place("{there: b}")).expect(0);
}

#[test]
#[ignore = "needs the control plane"]
fn a_long_list_comes_in_pages_and_a_watch_tells_of_what_is_new() {
    let plane = ControlPlane::with(&[With::Controllers]);
    let kubectl = plane.kubectl();
    // The service account's certificate, which a watch waits for, is the controllers'.
    await_that("the first object", || kubectl.run(&["get", "configmap", "kube-root-ca.crt"]).code == 0);
    let one = |number| format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: c{number}}}}}\n---\n");
    kubectl.give("create", &(0..200).map(one).collect::<String>()).expect(0);

    let page = |path: &str| -> serde_json::Value { serde_json::from_str(&plane.get(path).unwrap().1).unwrap() };
    let path = "/api/v1/namespaces/default/configmaps?limit=150";
    let first = page(path);
    assert_eq!(
        (&first["items"].as_array().unwrap().len(), &first["metadata"]["remainingItemCount"]),
        (&150, &51.into())
    );
    let token = first["metadata"]["continue"].as_str().unwrap();
    let second = page(&format!("{path}&continue={token}"));
    assert_eq!(second["items"].as_array().unwrap().len(), 51, "200 and the cluster's own");
    assert_eq!(second["metadata"].get("continue"), None);

    let watch = Watch::start(&kubectl, plane.folder().join("watch"));
    kubectl.get(&["create", "configmap", "new"]);
    watch.await_name("new");
    watch.kill();
}

#[test]
#[ignore = "needs the control plane"]
fn two_on_one_etcd_know_nothing_of_each_other() {
    let one = ControlPlane::start();
    let other = one.beside(&[]);
    one.kubectl().get(&["create", "namespace", "here"]);
    other.kubectl().get(&["create", "namespace", "there"]);
    one.kubectl().run(&["get", "namespace", "there"]).expect(1);
    drop(one);
    other.kubectl().get(&["get", "namespace", "there"]);
    other.kubectl().run(&["get", "namespace", "here"]).expect(1);
}
