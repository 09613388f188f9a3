//! What the webhooks refuse, and what they let through.

use super::world::{AZURE, World};
use crate::stand_in::Defect;
use crate::support::await_that;

#[test]
#[ignore = "needs the control plane"]
fn a_region_is_refused_for_what_it_refers_to_and_not_for_its_name() {
    let world = World::new(Defect::ALL);
    let region = |name: &str, spec: &str| world.create("Region", &format!("{{name: {name}}}"), spec);
    let refused = region("r", "{kubeConfig: {name: eastus, key: value}}").expect(1);
    assert!(
        refused.stderr.contains("failed to get Secret kcm-system/eastus: secrets \"eastus\" not found"),
        "{refused}"
    );
    world.secret();
    let refused = region("r", "{kubeConfig: {name: eastus, key: config}}").expect(1);
    assert!(refused.stderr.contains("kubeConfig Secret does not have config key defined"), "{refused}");
    let refused = region("r", "{kubeConfig: {name: eastus}}").expect(1);
    assert!(refused.stderr.contains("kubeConfig Secret does not have  key defined"), "{refused}");
    let refused = region("r", "{clusterDeployment: {name: c, namespace: kcm-system}}").expect(1);
    assert!(refused.stderr.contains("failed to get ClusterDeployment kcm-system/c: "), "{refused}");

    // A name that is too long is taken, and never becomes ready.
    let name = "a-name-of-more-than-21-characters";
    region(name, &format!("{{kubeConfig: {{name: eastus, key: value}}, providers: [{AZURE}]}}")).expect(0);
    let path = ".status.components.cluster-api-provider-k0sproject-k0smotron.error";
    await_that("the length to be noticed", || {
        world.field(&format!("region/{name}"), path).contains("must be no more than 63 characters")
    });
    assert!(
        world
            .condition(&format!("region/{name}"), "Ready")
            .starts_with("NotAllComponentsHealthy: Components not ready: [")
    );
}

#[test]
#[ignore = "needs the control plane"]
fn a_deployment_is_refused_without_its_providers_or_credential() {
    let world = World::new(Defect::ALL);
    world.secret();
    let alone = "{kubeConfig: {name: eastus, key: value}, providers: [{name: projectsveltos}]}";
    world.create("Region", "{name: eastus}", alone).expect(0);
    world.until("region/eastus", "condition=Ready");
    world.identity("azure");
    world.credential("azure-eastus", "azure", "kcm-system");
    let refused = world.deployment("child", "azure-eastus", "").expect(1);
    let why = "failed to validate required providers: incompatible providers in Region eastus: one or more required providers are not deployed yet: [";
    assert!(refused.stderr.contains(why), "{refused}");

    let providers = format!("--patch=spec: {{providers: [{AZURE}]}}");
    world.kubectl().get(&["patch", "region", "eastus", "--type=merge", &providers]);
    await_that("the providers", || {
        world.field("region/eastus", ".status.availableProviders").contains("infrastructure-azure")
    });
    world.create("Credential", "{name: none, namespace: kcm-system}", "{region: eastus, identityRef: {apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity, name: none, namespace: kcm-system}}").expect(0);
    world.until("credential/none", "condition=CredentialReady=False");
    let refused = world.deployment("child", "none", "").expect(1);
    assert!(
        refused.stderr.contains("the ClusterDeployment is invalid: the Credential kcm-system/none is not Ready"),
        "{refused}"
    );

    world.until("credential/azure-eastus", "condition=CredentialReady");
    // Without a config it is only tried.
    let spec = "{template: azure-standalone-cp-1-0-17, credential: azure-eastus}";
    world.create("ClusterDeployment", "{name: tried, namespace: kcm-system}", spec).expect(0);
    assert_eq!(world.field("cld/tried", ".spec.dryRun"), "true");
    let providers = "--patch=spec: {providers: [{name: projectsveltos}]}";
    let refused = world.kubectl().run(&["patch", "region", "eastus", "--type=merge", providers]).expect(1);
    let why = "is required by at least one ClusterDeployment and cannot be removed from the Region eastus";
    assert!(refused.stderr.contains(why), "{refused}");
}
