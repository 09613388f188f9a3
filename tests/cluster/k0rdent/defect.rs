//! k0rdent 1.5.0's defects are there when they are switched on, and else they are not.

use super::world::World;
use crate::stand_in::Defect;
use crate::support::await_that;

const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: default}, spec: {type: LoadBalancer, ports: [{port: 80}]}}";
const TEMPLATE: &str = "{apiVersion: k0rdent.mirantis.com/v1beta1, kind: ClusterTemplate, metadata: {name: azure-aks-1-0-1, namespace: teams}, spec: {helm: {chartRef: {kind: HelmChart, name: azure-aks-1-0-1}}}}";

/// What is seen of a cluster in a region that lasts, and of its Credential, with all defects or with none.
fn seen(defects: bool) {
    let world = World::new(if defects { Defect::ALL } else { &[] });
    let (kubectl, east) = (world.kubectl(), world.east.kubectl());
    kubectl.get(&["-n", "kcm-system", "create", "secret", "generic", "ca", "--from-literal=ca.crt=old"]);
    let config = "--patch=spec: {core: {kcm: {config: {controller: {registryCertSecret: ca}}}}}";
    kubectl.get(&["patch", "management", "kcm", "--type=merge", config]);
    world.region();
    world.identity("azure");
    world.credential("azure-eastus", "azure", "kcm-system");
    world.until("credential/azure-eastus", "condition=CredentialReady");

    // CredentialLies: the identity lies in the Credential's namespace, and this one says another.
    world.credential("elsewhere", "azure", "default");
    world.until(
        "credential/elsewhere",
        if defects { "condition=CredentialReady" } else { "condition=CredentialReady=False" },
    );
    assert_eq!(world.field("credential/elsewhere", ".status.ready"), defects.to_string());
    east.run(&["-n", "default", "get", "azureclusteridentity", "azure"]).expect(1);

    // ReadyAtBirth, FailedMeanwhile
    world.standin.gives("child", &world.east);
    world.deployment("child", "azure-eastus", ", cleanupOnDeletion: true").expect(0);
    world.until("cld/child", "condition=Ready");
    let usable = east.run(&["-n", "kcm-system", "get", "secret", "child-kubeconfig"]).code == 0;
    assert_eq!(usable, !defects);
    world.standin.breaks("cld/child", "not today");
    let reason = if defects { "Failed: not today" } else { "Progressing: not today" };
    await_that(reason, || world.condition("cld/child", "Ready") == reason);
    world.standin.mends("cld/child");
    world.until("cld/child", "condition=CAPIClusterSummary");

    // CleanupSkipped
    east.give("create", SERVICE).expect(0);
    kubectl.get(&["-n", "kcm-system", "delete", "cld", "child", "--timeout=25s"]);
    assert_eq!(east.run(&["get", "service", "web"]).code == 0, defects);

    // CopiesNeverUpdated: not even when the region is looked at again.
    kubectl.get(&["-n", "kcm-system", "patch", "secret", "ca", "--patch={\"stringData\":{\"ca.crt\":\"new\"}}"]);
    kubectl.get(&[
        "patch",
        "region",
        "eastus",
        "--type=merge",
        "--patch=spec: {core: {kcm: {config: {velero: {enabled: false}}}}}",
    ]);
    let ready = ".status.conditions[?(@.type=='Ready')].observedGeneration";
    await_that("the new generation", || {
        world.field("region/eastus", ready) == world.field("region/eastus", ".metadata.generation")
    });
    let value = ["-n", "kcm-system", "get", "secret", "ca", "--output=jsonpath={.data.ca\\.crt}"];
    assert_eq!(east.get(&value) != kubectl.get(&value), defects);

    // StaleRegion
    world.standin.breaks("hr/eastus-capi", "no image");
    world.until("hr/eastus-capi", "condition=Ready=False");
    let told = kubectl.run(&["wait", "region/eastus", "--for=condition=Ready=False", "--timeout=3s"]).code == 0;
    assert_eq!(told, !defects);
}

#[test]
#[ignore = "needs the control plane"]
fn with_its_defects_it_lies_as_k0rdent_does() {
    seen(true);
}

#[test]
#[ignore = "needs the control plane"]
fn without_them_it_tells_the_truth() {
    seen(false);
}

/// A namespace `teams` with a template of its own.
fn teams(world: &World) {
    let kubectl = world.kubectl();
    kubectl.get(&["create", "namespace", "teams"]);
    kubectl.give("create", TEMPLATE).expect(0);
    let valid = "--patch=status: {valid: true, providers: [infrastructure-azure]}";
    let of = ["-n", "teams", "patch", "clustertemplate", "azure-aks-1-0-1"];
    kubectl.get(&[&of[..], &["--subresource=status", "--type=merge", valid]].concat());
}

/// A Credential `azure` of that namespace, and a cluster `child`.
fn child_of_teams(world: &World, region: &str, identity: &str) {
    let head = "apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity";
    let spec = format!("{{{region}identityRef: {{{head}, name: azure, namespace: {identity}}}}}");
    world.create("Credential", "{name: azure, namespace: teams}", &spec).expect(0);
    let ready = ["-n", "teams", "wait", "credential/azure", "--for=condition=CredentialReady", "--timeout=25s"];
    world.kubectl().get(&ready);
    let spec = "{template: azure-aks-1-0-1, credential: azure, config: {location: eastus}}";
    world.create("ClusterDeployment", "{name: child, namespace: teams}", spec).expect(0);
}

#[test]
#[ignore = "needs the control plane"]
fn a_child_in_another_namespace_does_not_find_its_region() {
    let world = World::new(Defect::ALL);
    world.region();
    world.identity("azure");
    teams(&world);
    child_of_teams(&world, "region: eastus, ", "teams");
    let why = "could not get KubeConfig secret 'teams/eastus': secrets \"eastus\" not found";
    let path = "--output=jsonpath={.status.conditions[?(@.type=='HelmReleaseReady')].message}";
    await_that(why, || world.kubectl().run(&["-n", "teams", "get", "cld", "child", path]).stdout.contains(why));
}

#[test]
#[ignore = "needs the control plane"]
fn the_younger_of_two_of_one_name_shows_the_state_of_the_elder() {
    let world = World::new(&[Defect::SameName]);
    world.identity("azure");
    teams(&world);
    let identity = "apiVersion: infrastructure.cluster.x-k8s.io/v1beta1, kind: AzureClusterIdentity, name: azure, namespace: kcm-system";
    let spec = format!("{{identityRef: {{{identity}}}}}");
    world.create("Credential", "{name: azure, namespace: kcm-system}", &spec).expect(0);
    world.until("credential/azure", "condition=CredentialReady");
    world.standin.gives("child", &world.east);
    world.deployment("child", "azure", "").expect(0);
    world.until("cld/child", "condition=Ready");
    child_of_teams(&world, "", "kcm-system");
    let kubectl = world.kubectl();
    kubectl.get(&["-n", "teams", "wait", "cld/child", "--for=condition=Ready", "--timeout=25s"]);
    kubectl.run(&["-n", "teams", "get", "secret", "child-kubeconfig"]).expect(1);
}
