//! A region's whole life.

use super::world::World;
use crate::stand_in::Defect;
use crate::support::await_that;

#[test]
#[ignore = "needs the control plane"]
fn an_installation_is_ready_with_its_release_and_its_templates() {
    let world = World::new(Defect::ALL);
    assert_eq!(world.field("management/kcm", ".status.release"), "kcm-1-5-0");
    let all = "AllComponentsHealthy: All components are successfully installed";
    assert_eq!(world.condition("management/kcm", "Ready"), all);
    assert_eq!(world.field("release/kcm-1-5-0", ".status.ready"), "true");
    for kind in ["TemplatesCreated", "TemplatesValid"] {
        assert!(world.condition("release/kcm-1-5-0", kind).starts_with("Succeeded"), "{kind}");
    }
    assert_eq!(world.field("clustertemplate/azure-standalone-cp-1-0-17", ".status.valid"), "true");
    assert!(world.field("management/kcm", ".status.availableProviders").contains("infrastructure-azure"));

    let kubectl = world.kubectl();
    let refused =
        kubectl.run(&["patch", "management", "kcm", "--type=merge", "--patch={\"spec\":{\"release\":\"kcm-1-6-0\"}}"]);
    assert!(refused.expect(1).stderr.contains("failed to get Release kcm-1-6-0"));
    let refused = kubectl.run(&["delete", "release", "kcm-1-5-0"]).expect(1);
    assert!(refused.stderr.contains("release kcm-1-5-0 is still in use"), "{refused}");
}

#[test]
#[ignore = "needs the control plane"]
fn a_region_by_kubeconfig_gets_components_and_credentials_and_gives_them_back_in_order() {
    let world = World::new(Defect::ALL);
    let (kubectl, east) = (world.kubectl(), world.east.kubectl());
    world.region();
    assert_eq!(
        world.condition("region/eastus", "Ready"),
        "AllComponentsHealthy: All components are successfully installed"
    );
    let of_region = ["-n", "kcm-system", "get", "hr", "-l", "k0rdent.mirantis.com/region=eastus", "--output=name"];
    let names = kubectl.get(&of_region);
    let names: Vec<_> = names.lines().filter_map(|line| line.rsplit('/').next()).collect();
    let azure = "eastus-cluster-api-provider-azure";
    let smotron = "eastus-cluster-api-provider-k0sproject-k0smotron";
    assert_eq!(names, ["eastus-capi", azure, smotron, "eastus-kcm-regional", "eastus-projectsveltos"]);
    assert_eq!(world.field(&format!("hr/{azure}"), ".spec.dependsOn[*].name"), "eastus-capi");
    east.get(&["get", "namespace", "projectsveltos"]);
    east.get(&["get", "providerinterface", "cluster-api-provider-azure"]);

    // The identity and its Secret are copied, marked, and speak of each other.
    world.identity("azure");
    world.credential("azure-eastus", "azure", "kcm-system");
    world.until("credential/azure-eastus", "condition=CredentialReady");
    let copies = [
        "-n",
        "kcm-system",
        "get",
        "azureclusteridentity,secret",
        "--output=name",
        "-l",
        "k0rdent.mirantis.com/credential.kcm-system.azure-eastus=true,k0rdent.mirantis.com/managed=true",
    ];
    assert_eq!(east.get(&copies).lines().count(), 2, "{}", east.get(&copies));
    // A change of the Secret arrives by itself.
    kubectl.get(&[
        "-n",
        "kcm-system",
        "patch",
        "secret",
        "azure-secret",
        "--patch={\"stringData\":{\"clientSecret\":\"second\"}}",
    ]);
    let value = ["-n", "kcm-system", "get", "secret", "azure-secret", "--output=jsonpath={.data.clientSecret}"];
    await_that("the new secret", || east.get(&value) == kubectl.get(&value));

    // A cluster in the region.
    world.standin.gives("child", &world.east);
    world.deployment("child", "azure-eastus", "").expect(0);
    world.until("cld/child", "condition=CAPIClusterSummary");
    assert_eq!(world.field("cld/child", ".status.region"), "eastus");
    world.until("cld/child", "condition=Ready");
    east.get(&["-n", "kcm-system", "get", "secret", "child-kubeconfig"]);
    kubectl.run(&["-n", "kcm-system", "get", "secret", "child-kubeconfig"]).expect(1);
    let refused = kubectl.run(&["delete", "region", "eastus"]).expect(1);
    assert!(refused.stderr.contains("region deletion is forbidden"), "{refused}");
    let warning =
        "The Region object can't be removed while any ClusterDeployment objects deployed in that Region still exist";
    assert!(refused.stderr.contains(warning), "{refused}");

    // And back.
    kubectl.get(&["-n", "kcm-system", "delete", "cld", "child", "--timeout=25s"]);
    east.run(&["-n", "kcm-system", "get", "secret", "child-kubeconfig"]).expect(1);
    kubectl.get(&["-n", "kcm-system", "delete", "credential", "azure-eastus", "--timeout=25s"]);
    assert_eq!(east.get(&copies), "");
    kubectl.get(&["delete", "region", "eastus", "--wait=false"]);
    // Providers first, then the core of Cluster API, then the rest.
    for left in ["eastus-capi eastus-kcm-regional", "eastus-kcm-regional"] {
        let message = format!("Waiting for all HelmReleases to be deleted: [{left}]");
        let path = "--output=jsonpath={.status.conditions[0].message}";
        await_that(&message, || kubectl.run(&["get", "region", "eastus", path]).stdout == message);
    }
    kubectl.get(&["wait", "--for=delete", "region/eastus", "--timeout=25s"]);
    assert_eq!(kubectl.get(&of_region), "");
}

#[test]
#[ignore = "needs the control plane"]
fn a_region_by_deployment_waits_for_its_cluster_and_holds_it() {
    let world = World::new(&[]);
    let kubectl = world.kubectl();
    world.identity("azure");
    let identity = "{apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity, name: azure, namespace: kcm-system}";
    world
        .create("Credential", "{name: azure, namespace: kcm-system}", &format!("{{identityRef: {identity}}}"))
        .expect(0);
    world.until("credential/azure", "condition=CredentialReady");
    world.standin.breaks("cld/rgn-eastus", "OperationNotAllowed: exceeding approved standardDSv3Family Cores quota");
    world.standin.gives("rgn-eastus", &world.east);
    world.deployment("rgn-eastus", "azure", "").expect(0);
    let spec = "{clusterDeployment: {name: rgn-eastus, namespace: kcm-system}}";
    world.create("Region", "{name: eastus}", spec).expect(0);
    await_that("what the cloud says", || world.condition("cld/rgn-eastus", "Ready").contains("Cores quota"));
    let why = world.condition("region/eastus", "Ready");
    assert!(
        why.starts_with("ConfigurationError: ") && why.contains("secrets \"rgn-eastus-kubeconfig\" not found"),
        "{why}"
    );

    world.standin.mends("cld/rgn-eastus");
    world.until("cld/rgn-eastus", "condition=Ready");
    world.until("region/eastus", "condition=Ready");
    let refused = kubectl.run(&["-n", "kcm-system", "delete", "cld", "rgn-eastus"]).expect(1);
    assert!(
        refused.stderr.contains("ClusterDeployment cannot be deleted: referenced by Region \"eastus\""),
        "{refused}"
    );
    // No cluster has been promised for this one.
    world.deployment("other", "azure", "").expect(0);
    await_that("a control plane", || world.condition("cld/other", "Ready").contains("Waiting for control plane"));
}
