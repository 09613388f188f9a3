//! The definitions that others have published, where they are at hand.

use std::path::Path;

use crate::support::control_plane::ControlPlane;

fn region(spec: &str) -> String {
    format!("{{apiVersion: k0rdent.mirantis.com/v1beta1, kind: Region, metadata: {{name: r}}, spec: {spec}}}")
}

#[test]
#[ignore = "needs the control plane"]
fn published_definitions_are_taken_and_their_rules_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/crds");
    if !folder.is_dir() {
        return; // `tests/run` has said so
    }
    let plane = ControlPlane::start();
    let kubectl = plane.kubectl();
    let all = [
        "k0rdent/kcm-v1.1.1",
        "k0rdent/kcm-v1.4.0",
        "k0rdent/kcm-v1.5.0",
        "k0rdent/capz-v1.21.0",
        "rook",
        "prometheus-operator",
    ];
    for one in all {
        let path = folder.join(one).canonicalize().unwrap();
        kubectl.get(&["apply", "--server-side", "-f", path.to_str().unwrap()]);
    }
    kubectl.get(&["wait", "--for=condition=Established", "crd", "--all", "--timeout=25s"]);

    for neither in ["{kubeConfig: {name: s}, clusterDeployment: {name: c, namespace: ns1}}", "{}"] {
        let refused = kubectl.give("create", &region(neither)).expect(1);
        assert!(refused.stderr.contains("exactly one of"), "{refused}");
    }
    kubectl.give("create", &region("{kubeConfig: {name: s}}")).expect(0);
    let refused = kubectl.give("replace", &region("{kubeConfig: {name: s2}}")).expect(1);
    assert!(refused.stderr.contains("kubeConfig is immutable"), "{refused}");
    // From one to the other it is taken: a rule about before and after asks for both.
    kubectl.give("replace", &region("{clusterDeployment: {name: c, namespace: ns1}}")).expect(0);
}
