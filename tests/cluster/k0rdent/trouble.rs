//! What hangs, why, and how it comes loose.

use super::world::World;
use crate::stand_in::Defect;
use crate::support::await_that;

#[test]
#[ignore = "needs the control plane"]
fn a_region_that_does_not_answer_stays_until_it_does() {
    let mut world = World::new(Defect::ALL);
    let kubectl = world.kubectl();
    world.region();
    world.east.stop();
    kubectl.get(&["delete", "region", "eastus", "--wait=false"]);
    kubectl.run(&["wait", "--for=delete", "region/eastus", "--timeout=3s"]).expect(1);
    assert_eq!(world.field("region/eastus", ".metadata.finalizers[0]"), "k0rdent.mirantis.com/region");
    world.east.restart();
    kubectl.get(&["wait", "--for=delete", "region/eastus", "--timeout=30s"]);
}

#[test]
#[ignore = "needs the control plane"]
fn a_cluster_whose_credential_is_gone_stays_until_there_is_one() {
    let world = World::new(Defect::ALL);
    let kubectl = world.kubectl();
    world.region();
    world.identity("azure");
    world.credential("azure-eastus", "azure", "kcm-system");
    world.until("credential/azure-eastus", "condition=CredentialReady");
    world.standin.gives("child", &world.east);
    world.deployment("child", "azure-eastus", "").expect(0);
    world.until("cld/child", "condition=CAPIClusterSummary");
    // Nobody refuses it.
    kubectl.get(&["-n", "kcm-system", "delete", "credential", "azure-eastus", "--timeout=25s"]);
    kubectl.get(&["-n", "kcm-system", "delete", "cld", "child", "--wait=false"]);
    await_that("the reason", || {
        world.condition("cld/child", "Deleting").contains("failed to get Credential kcm-system/azure-eastus")
    });
    world.credential("azure-eastus", "azure", "kcm-system");
    kubectl.get(&["-n", "kcm-system", "wait", "--for=delete", "cld/child", "--timeout=25s"]);
}

#[test]
#[ignore = "needs the control plane"]
fn a_certificate_that_is_missing_is_told_and_one_that_is_there_is_copied() {
    let world = World::new(Defect::ALL);
    let (kubectl, east) = (world.kubectl(), world.east.kubectl());
    let config = "--patch=spec: {core: {kcm: {config: {controller: {registryCertSecret: ca}}}}}";
    kubectl.get(&["patch", "management", "kcm", "--type=merge", config]);
    world.until("management/kcm", "condition=PredeclaredSecretsExist=False");
    world.secret();
    world.create("Region", "{name: eastus}", "{kubeConfig: {name: eastus, key: value}}").expect(0);
    let why = "ConfigurationError: failed to get Secret kcm-system/ca: secrets \"ca\" not found";
    await_that(why, || world.condition("region/eastus", "Ready") == why);
    kubectl.get(&["-n", "kcm-system", "create", "secret", "generic", "ca", "--from-literal=ca.crt=c"]);
    world.until("region/eastus", "condition=Ready");
    east.get(&[
        "-n",
        "kcm-system",
        "wait",
        "secret/ca",
        "--for=jsonpath={.metadata.labels.k0rdent\\.mirantis\\.com/region}=eastus",
        "--timeout=25s",
    ]);
    let refused = kubectl.run(&["delete", "management", "kcm"]).expect(1);
    assert!(refused.stderr.contains("management deletion is forbidden"), "{refused}");
    kubectl.get(&["delete", "region", "eastus", "--timeout=25s"]);
    east.run(&["-n", "kcm-system", "get", "secret", "ca"]).expect(1);
    kubectl.get(&["delete", "management", "kcm", "--timeout=25s"]);
}
