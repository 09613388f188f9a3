//! A fresh installation of k0rdent 1.5.0, as its chart leaves it behind, and what its charts bring with them.

use serde_json::{Value, json};

use super::SYSTEM;
use super::cluster::{self, Cluster, Result};

/// The release that is installed.
pub const RELEASE: &str = "kcm-1-5-0";
/// A component, and what it exposes. (The numbers in the names of their templates are made up.)
const PROVIDERS: &[(&str, &[&str])] = &[
    (
        "cluster-api-provider-k0sproject-k0smotron",
        &[
            "bootstrap-k0sproject-k0smotron",
            "control-plane-k0sproject-k0smotron",
            "infrastructure-k0sproject-k0smotron",
        ],
    ),
    ("cluster-api-provider-azure", &["infrastructure-azure"]),
    ("cluster-api-provider-vsphere", &["infrastructure-vsphere"]),
    ("cluster-api-provider-aws", &["infrastructure-aws"]),
    ("cluster-api-provider-openstack", &["infrastructure-openstack"]),
    ("cluster-api-provider-docker", &["infrastructure-docker"]),
    ("cluster-api-provider-gcp", &["infrastructure-gcp"]),
    ("cluster-api-provider-ipam", &[]),
    ("cluster-api-provider-infoblox", &[]),
    ("projectsveltos", &[]),
];
/// Core components.
const CORE: &[&str] = &["kcm", "kcm-regional", "capi"];
/// What is enabled on a management cluster that makes clusters in Azure.
const ENABLED: &[&str] = &["cluster-api-provider-k0sproject-k0smotron", "cluster-api-provider-azure", "projectsveltos"];
/// Templates of clusters, and the providers that they require.
const CLUSTERS: &[(&str, &[&str])] = &[
    (
        "azure-standalone-cp-1-0-17",
        &["infrastructure-azure", "control-plane-k0sproject-k0smotron", "bootstrap-k0sproject-k0smotron"],
    ),
    (
        "azure-hosted-cp-1-0-19",
        &["infrastructure-azure", "control-plane-k0sproject-k0smotron", "bootstrap-k0sproject-k0smotron"],
    ),
    ("azure-aks-1-0-1", &["infrastructure-azure"]),
    ("adopted-cluster-1-0-1", &["infrastructure-internal"]),
];
/// Definitions that the management cluster has from the beginning; the others come with a component.
const DEFINITIONS: &[&str] = &[
    include_str!("../../fixture/k0rdent/crds/release.yaml"),
    include_str!("../../fixture/k0rdent/crds/management.yaml"),
    include_str!("../../fixture/k0rdent/crds/region.yaml"),
    include_str!("../../fixture/k0rdent/crds/credential.yaml"),
    include_str!("../../fixture/k0rdent/crds/clusterdeployment.yaml"),
    include_str!("../../fixture/k0rdent/crds/clustertemplate.yaml"),
    include_str!("../../fixture/k0rdent/crds/providertemplate.yaml"),
    include_str!("../../fixture/k0rdent/crds/helmrelease.yaml"),
    include_str!("../../fixture/k0rdent/crds/helmchart.yaml"),
];

fn template(component: &str) -> String {
    format!("{component}-1-0-5")
}

/// Installs it, where it is not there yet.
pub async fn install(home: &Cluster) -> Result<()> {
    for text in DEFINITIONS {
        define(home, text).await?;
    }
    home.create(cluster::NAMESPACE, &json!({"metadata": {"name": SYSTEM}})).await?;
    let named = |name: &&str| json!({"name": name, "template": template(name)});
    let providers: Vec<_> = PROVIDERS.iter().map(|(name, _)| named(name)).collect();
    let of = |component| json!({"template": template(component)});
    let spec = json!({
        "version": "1.5.0", "kcm": of("kcm"), "regional": of("kcm-regional"), "capi": of("capi"), "providers": providers,
    });
    home.create(cluster::RELEASE, &json!({"metadata": {"name": RELEASE}, "spec": spec})).await?;
    let providers: Vec<_> = ENABLED.iter().map(|name| json!({"name": name})).collect();
    let spec = json!({"release": RELEASE, "core": {"kcm": {}, "capi": {}}, "providers": providers});
    home.create(cluster::MANAGEMENT, &json!({"metadata": {"name": "kcm"}, "spec": spec})).await
}

/// Applies a definition, and waits until it is served.
async fn define(cluster: &Cluster, text: &str) -> Result<()> {
    let object: Value = serde_yaml::from_str(text).unwrap();
    cluster.apply(cluster::CRD, &object).await?;
    let name = object["metadata"]["name"].as_str().unwrap();
    let api = cluster.api(cluster::CRD, None);
    let established = |object: Option<&kube::api::DynamicObject>| {
        object.is_some_and(|object| cluster::condition(object, "Established").0 == "True")
    };
    let _ = kube::runtime::wait::await_condition(api, name, established).await;
    Ok(())
}

/// What the chart of a release brings into a cluster, beside what nobody here looks at.
pub async fn bring(chart: &str, namespace: &str, target: &Cluster) -> Result<()> {
    target.create(cluster::NAMESPACE, &json!({"metadata": {"name": namespace}})).await?;
    match chart {
        "kcm-regional" => define(target, include_str!("../../fixture/k0rdent/crds/providerinterface.yaml")).await,
        "cluster-api-provider-azure" => {
            define(target, include_str!("../../fixture/k0rdent/crds/azureclusteridentity.yaml")).await?;
            let secret = json!({
                "group": "", "version": "v1", "kind": "Secret",
                "nameFieldPath": "spec.clientSecret.name", "namespaceFieldPath": "spec.clientSecret.namespace",
            });
            let group = "infrastructure.cluster.x-k8s.io";
            let identity =
                json!({"group": group, "version": "v1beta1", "kind": "AzureClusterIdentity", "references": [secret]});
            let spec = json!({
                "description": "Azure infrastructure provider for Cluster API",
                "clusterGVKs": [{"group": group, "version": "v1beta1", "kind": "AzureCluster"}],
                "clusterIdentities": [identity],
            });
            target.apply(cluster::INTERFACE, &json!({"metadata": {"name": chart}, "spec": spec})).await
        }
        _ if chart.ends_with("-tpl") => templates(target).await,
        _ => Ok(()),
    }
}

/// The templates of the release; they are valid at once.
async fn templates(home: &Cluster) -> Result<()> {
    let helm = |name: &str| json!({"helm": {"chartRef": {"kind": "HelmChart", "name": name, "namespace": SYSTEM}}});
    let core = CORE.iter().map(|name| (*name, &[][..]));
    for (component, exposed) in core.chain(PROVIDERS.iter().map(|(name, exposed)| (*name, *exposed))) {
        let name = template(component);
        let mut spec = helm(&name);
        spec["providers"] = json!(exposed);
        valid(home, cluster::PROVIDER_TEMPLATE, json!({"metadata": {"name": name}, "spec": spec})).await?;
    }
    for (name, required) in CLUSTERS {
        let mut spec = helm(name);
        spec["providers"] = json!(required);
        valid(home, cluster::CLUSTER_TEMPLATE, json!({"metadata": {"name": name, "namespace": SYSTEM}, "spec": spec}))
            .await?;
    }
    Ok(())
}

async fn valid(home: &Cluster, kind: cluster::Kind, object: Value) -> Result<()> {
    home.create(kind, &object).await?;
    let text = |field: &str| object["metadata"][field].as_str();
    let Some(there) = home.get(kind, text("namespace"), text("name").unwrap()).await? else { return Ok(()) };
    let status = json!({
        "valid": true, "providers": object["spec"]["providers"], "observedGeneration": there.metadata.generation,
    });
    home.status_alone(kind, &there, status).await
}
