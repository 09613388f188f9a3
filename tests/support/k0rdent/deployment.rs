//! `ClusterDeployment`: a cluster comes to be, on the management cluster or in a region. Plays Cluster API, too.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use kube::api::DynamicObject;
use kube::runtime::controller::Action;
use serde_json::json;

use super::cluster::{
    self, CLUSTER_TEMPLATE, CREDENTIAL, Cluster, Condition, DEPLOYMENT, HELM_RELEASE, NAMESPACE, REGION, Result,
    SECRET, SERVICE, is_ready, name, namespace,
};
use super::defect::Defect;
use super::region::{cluster_of, reference};
use super::shared::{AGAIN, Shared};

const FINALIZER: &str = "k0rdent.mirantis.com/cluster-deployment";
/// How long it is Ready by mistake, in seconds: longer than k0rdent's, for at this pace nobody would see it.
const GLITCH: f64 = 100.0;
/// How long a cloud makes machines, and how long it takes them away again, in seconds.
const PROVISION: f64 = 300.0;
const REMOVE: f64 = 60.0;

/// Where it is placed.
struct Place {
    /// The region and its cluster, or the management cluster.
    region: Option<DynamicObject>,
    cluster: Cluster,
}

pub async fn deployment(object: Arc<DynamicObject>, shared: Arc<Shared>) -> Result<Action> {
    let home = &shared.home;
    let uid = object.metadata.uid.clone().unwrap_or_default();
    let placed = place(&shared, &object).await?;
    if object.metadata.deletion_timestamp.is_some() {
        return match placed {
            Ok(place) => delete(&object, &shared, &place).await,
            Err(error) => {
                let condition = Condition("Deleting", "True", "Failed", error);
                home.status(DEPLOYMENT, &object, json!({}), &[condition]).await?;
                Ok(shared.again(AGAIN))
            }
        };
    }
    home.finalizer(DEPLOYMENT, &object, FINALIZER, true).await?;
    if shared.has(Defect::ReadyAtBirth) && !shared.has_lasted(&format!("birth {uid}"), GLITCH) {
        let ready = Condition("Ready", "True", "Succeeded", "Object is ready".to_owned());
        home.status(DEPLOYMENT, &object, json!({"observedGeneration": object.metadata.generation}), &[ready]).await?;
        return Ok(shared.again(GLITCH));
    }
    let mut status = json!({"observedGeneration": object.metadata.generation});
    let paused = match &placed {
        Ok(Place { region: Some(region), .. }) => {
            status["region"] = name(region).into();
            region
                .metadata
                .annotations
                .as_ref()
                .is_some_and(|all| all.contains_key("k0rdent.mirantis.com/region-pause"))
        }
        _ => false,
    };
    if paused {
        let condition = Condition("Paused", "True", "Paused", "The Region is paused".to_owned());
        home.status(DEPLOYMENT, &object, status, &[condition]).await?;
        return Ok(shared.again(AGAIN));
    }
    let mut conditions = conditions(&object, &shared, &placed).await?;
    let waiting: Vec<_> = conditions.iter().filter(|one| one.1 != "True").map(|one| one.3.clone()).collect();
    let ready = waiting.is_empty();
    let meanwhile = if shared.has(Defect::FailedMeanwhile) { "Failed" } else { "Progressing" };
    conditions.push(if ready {
        Condition("Ready", "True", "Succeeded", "Object is ready".to_owned())
    } else {
        Condition("Ready", "False", meanwhile, waiting.join(". "))
    });
    home.status(DEPLOYMENT, &object, status, &conditions).await?;
    Ok(shared.again(if ready { 6.0 * AGAIN } else { AGAIN }))
}

/// Where its Credential puts it.
async fn place(shared: &Shared, object: &DynamicObject) -> Result<Result<Place, String>> {
    let home = &shared.home;
    let credential = object.data["spec"]["credential"].as_str().unwrap_or_default();
    let Some(credential_) = home.get(CREDENTIAL, Some(&namespace(object)), credential).await? else {
        let why = format!("credentials.k0rdent.mirantis.com \"{credential}\" not found");
        return Ok(Err(format!("failed to get Credential {}/{credential}: {why}", namespace(object))));
    };
    let Some(region) = credential_.data["spec"]["region"].as_str() else {
        return Ok(Ok(Place { region: None, cluster: home.clone() }));
    };
    let Some(there) = home.get(REGION, None, region).await? else {
        return Ok(Err(format!("failed to get region {region}: regions.k0rdent.mirantis.com \"{region}\" not found")));
    };
    let cluster = cluster_of(shared, &there).await?;
    Ok(cluster.map(|cluster| Place { region: Some(there), cluster }))
}

/// How far it is, in the order in which it comes to be; what comes after the first that is not True is not there yet.
async fn conditions(object: &DynamicObject, shared: &Shared, placed: &Result<Place, String>) -> Result<Vec<Condition>> {
    let home = &shared.home;
    let (name, namespace) = (name(object), namespace(object));
    let spec = &object.data["spec"];
    let text = |field: &str| spec[field].as_str().unwrap_or_default().to_owned();
    let no = |kind, message: String| Condition(kind, "False", "Failed", message);
    let yes = |kind, message: &str| Condition(kind, "True", "Succeeded", message.to_owned());
    let mut all = Vec::new();

    let template = home.get(CLUSTER_TEMPLATE, Some(&namespace), &text("template")).await?;
    if template.is_none_or(|template| template.data["status"]["valid"] != true) {
        all.push(no("TemplateReady", format!("ClusterTemplate {namespace}/{} is not valid", text("template"))));
        return Ok(all);
    }
    all.push(yes("TemplateReady", "Template is valid"));
    all.push(yes("HelmChartReady", "Helm chart is valid"));
    let credential = home.get(CREDENTIAL, Some(&namespace), &text("credential")).await?;
    if credential.is_none_or(|credential| credential.data["status"]["ready"] != true) {
        all.push(no("CredentialReady", format!("the Credential {namespace}/{} is not Ready", text("credential"))));
        return Ok(all);
    }
    all.push(yes("CredentialReady", "Credential is Ready"));
    if spec["dryRun"] == true {
        return Ok(all);
    }
    let place = match placed {
        Ok(place) => place,
        Err(error) => {
            all.push(no("HelmReleaseReady", error.clone()));
            return Ok(all);
        }
    };

    let mut release = json!({"interval": "10m", "releaseName": name, "targetNamespace": namespace, "chartRef": {"kind": "HelmChart", "name": text("template")}, "values": spec["config"]});
    if let Some(region) = &place.region {
        let (at, secret, key) = reference(region);
        // The right one is that of the region; for one in a foreign namespace there is a copy.
        let copied = at != namespace && !shared.has(Defect::ForeignNamespace) && namespace == super::SYSTEM;
        let secret = if copied { format!("{at}.{secret}") } else { secret };
        release["kubeConfig"] = json!({"secretRef": {"name": secret, "key": key}});
    }
    let labels = json!({"k0rdent.mirantis.com/managed": "true"});
    let metadata = json!({"name": name, "namespace": namespace, "labels": labels});
    home.apply(HELM_RELEASE, &json!({"metadata": metadata, "spec": release})).await?;
    let there = home.get(HELM_RELEASE, Some(&namespace), &name).await?;
    let message = there.as_ref().map(|there| cluster::condition(there, "Ready").1.to_owned()).unwrap_or_default();
    if !there.as_ref().is_some_and(is_ready) {
        all.push(no("HelmReleaseReady", message));
        return Ok(all);
    }
    all.push(yes("HelmReleaseReady", &message));
    let provisioned = provision(object, shared, &place.cluster).await?;
    let provisioned =
        if shared.has(Defect::SameName) { elder(object, shared).await?.unwrap_or(provisioned) } else { provisioned };
    all.push(match provisioned {
        Ok(()) => yes("CAPIClusterSummary", "Cluster is available"),
        Err(message) => Condition("CAPIClusterSummary", "False", "InProgress", message),
    });
    Ok(all)
}

/// How far the elder is that has its name and its region.
async fn elder(object: &DynamicObject, shared: &Shared) -> Result<Option<Result<(), String>>> {
    let age = |one: &DynamicObject| one.metadata.creation_timestamp.as_ref().map(|time| time.0);
    let mut all = shared.home.list(DEPLOYMENT, None, "").await?;
    let region = |one: &DynamicObject| one.data["status"]["region"].clone();
    all.retain(|one| name(one) == name(object) && age(one) < age(object) && region(one) == region(object));
    let summary = all.first().map(|elder| cluster::condition(elder, "CAPIClusterSummary"));
    Ok(summary.map(|(status, message)| if status == "True" { Ok(()) } else { Err(message.to_owned()) }))
}

/// Whether its machines are there; then its kubeconfig is, too, in the cluster that made it.
async fn provision(object: &DynamicObject, shared: &Shared, owner: &Cluster) -> Result<Result<(), String>> {
    let (name, namespace) = (name(object), namespace(object));
    if let Some(message) = shared.fault(&format!("cld/{name}")) {
        return Ok(Err(message));
    }
    let given = shared.clusters.lock().unwrap().get(&name).cloned();
    if !shared.has_lasted(&format!("provision {namespace}/{name}"), PROVISION) {
        return Ok(Err("InfrastructureReady: Waiting for cluster infrastructure to be ready".to_owned()));
    }
    let Some(kubeconfig) = given else {
        return Ok(Err("ControlPlaneAvailable: Waiting for control plane to be available".to_owned()));
    };
    owner.create(NAMESPACE, &json!({"metadata": {"name": namespace}})).await?;
    let metadata = json!({
        "name": format!("{name}-kubeconfig"), "namespace": namespace, "labels": {"cluster.x-k8s.io/cluster-name": name},
    });
    let secret = json!({"metadata": metadata, "type": "cluster.x-k8s.io/secret", "data": {"value": STANDARD.encode(kubeconfig)}});
    owner.apply(SECRET, &secret).await?;
    Ok(Ok(()))
}

/// What was made in the cloud goes, then its kubeconfig.
async fn delete(object: &DynamicObject, shared: &Shared, place: &Place) -> Result<Action> {
    let home = &shared.home;
    let (name, namespace) = (name(object), namespace(object));
    let say = async |message: String| {
        let conditions = [
            Condition("Deleting", "True", "Deleting", message.clone()),
            Condition("Ready", "False", "Deleting", message),
        ];
        home.status(DEPLOYMENT, object, json!({}), &conditions).await?;
        Ok(shared.again(AGAIN))
    };
    if let Some(message) = shared.fault(&format!("cld/{name}")) {
        return say(message).await;
    }
    let secret = format!("{name}-kubeconfig");
    if object.data["spec"]["cleanupOnDeletion"] == true && !shared.has(Defect::CleanupSkipped) {
        if let Ok(kubeconfig) = place.cluster.secret(&namespace, &secret, "value").await?
            && let Ok(child) = shared.reach(&kubeconfig).await
        {
            for service in child.list(SERVICE, None, "").await? {
                if service.data["spec"]["type"] == "LoadBalancer" {
                    child.delete(SERVICE, Some(&cluster::namespace(&service)), &cluster::name(&service)).await?;
                }
            }
        }
        let message = "Cloud resources are deleted".to_owned();
        home.status(
            DEPLOYMENT,
            object,
            json!({}),
            &[Condition("CloudResourcesDeletedCondition", "True", "Succeeded", message)],
        )
        .await?;
    }
    if !shared.has_lasted(&format!("remove {}", object.metadata.uid.as_deref().unwrap_or_default()), REMOVE) {
        return say("Waiting for the cluster to be deleted".to_owned()).await;
    }
    home.delete(HELM_RELEASE, Some(&namespace), &name).await?;
    if home.get(HELM_RELEASE, Some(&namespace), &name).await?.is_some() {
        return say(format!("Waiting for HelmRelease {namespace}/{name} to be deleted")).await;
    }
    place.cluster.delete(SECRET, Some(&namespace), &secret).await?;
    shared.forget(&format!("provision {namespace}/{name}"));
    home.finalizer(DEPLOYMENT, object, FINALIZER, false).await?;
    Ok(Action::await_change())
}
