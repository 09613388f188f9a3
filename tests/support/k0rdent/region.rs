//! Region: components in another cluster, and the copies that they need there.

use std::sync::Arc;

use kube::api::DynamicObject;
use kube::runtime::controller::Action;
use serde_json::json;

use super::SYSTEM;
use super::cluster::{self, Cluster, Condition, HELM_RELEASE, NAMESPACE, REGION, Result, SECRET, name};
use super::component::components;
use super::defect::Defect;
use super::management::{current_release, registry_secret};
use super::shared::{AGAIN, Shared};

const FINALIZER: &str = "k0rdent.mirantis.com/region";
const LABEL: &str = "k0rdent.mirantis.com/region";

/// Where the kubeconfig of a region lies: namespace, Secret and key.
pub fn reference(region: &DynamicObject) -> (String, String, String) {
    let spec = &region.data["spec"];
    let text = |of: &str, field: &str| spec[of][field].as_str().unwrap_or_default().to_owned();
    if spec["clusterDeployment"].is_object() {
        let secret = format!("{}-kubeconfig", text("clusterDeployment", "name"));
        return (text("clusterDeployment", "namespace"), secret, "value".to_owned());
    }
    (SYSTEM.to_owned(), text("kubeConfig", "name"), text("kubeConfig", "key"))
}

/// The cluster of a region, or why it cannot be reached.
pub async fn cluster_of(shared: &Shared, region: &DynamicObject) -> Result<Result<Cluster, String>> {
    let (namespace, secret, key) = reference(region);
    match shared.home.secret(&namespace, &secret, &key).await? {
        Ok(kubeconfig) => Ok(shared.reach(&kubeconfig).await),
        Err(error) => Ok(Err(format!("failed to get kubeconfig secret {namespace}/{secret}: {error}"))),
    }
}

pub async fn region(object: Arc<DynamicObject>, shared: Arc<Shared>) -> Result<Action> {
    let home = &shared.home;
    let generation = json!(object.metadata.generation);
    if object.metadata.deletion_timestamp.is_some() {
        return delete(&object, &shared).await;
    }
    // Only a change of its spec, or another start of the controller, has it looked at again.
    let seen = format!("{} {generation}", object.metadata.uid.as_deref().unwrap_or_default());
    if shared.has(Defect::StaleRegion) && cluster::is_ready(&object) && shared.has_been(&seen) {
        return Ok(Action::await_change());
    }
    home.finalizer(REGION, &object, FINALIZER, true).await?;
    let refuse = async |message: String| {
        let condition = Condition("Ready", "False", "ConfigurationError", message);
        home.status(REGION, &object, json!({"observedGeneration": generation}), &[condition]).await?;
        Ok(shared.again(AGAIN))
    };
    let region = match cluster_of(&shared, &object).await? {
        Ok(region) => region,
        Err(error) => return refuse(error).await,
    };
    let Some(release) = current_release(&shared).await? else { return refuse("release is not found".to_owned()).await };

    let (namespace, secret, key) = reference(&object);
    let mut used = secret.clone();
    if namespace != SYSTEM {
        used = format!("{namespace}.{secret}");
        copy(&shared, home, (&namespace, &secret), home, &used, &json!({LABEL: name(&object)})).await?;
    }
    if let Some(authority) = registry_secret(&shared).await? {
        region.create(NAMESPACE, &json!({"metadata": {"name": SYSTEM}})).await?;
        let labels = json!({LABEL: name(&object)});
        if !copy(&shared, home, (SYSTEM, &authority), &region, &authority, &labels).await? {
            return refuse(format!("failed to get Secret {SYSTEM}/{authority}: secrets \"{authority}\" not found"))
                .await;
        }
    }
    let found = components(&shared, &object, &release, Some((&used, &key))).await?;
    let mut status = found.status();
    status["observedGeneration"] = generation;
    home.status(REGION, &object, status, &[found.condition()]).await?;
    if found.ready() {
        shared.remember(&seen);
        return Ok(shared.again(6.0 * AGAIN));
    }
    Ok(shared.again(AGAIN))
}

/// Copies a Secret into `kcm-system` of a cluster, if it is there.
async fn copy(
    shared: &Shared,
    from: &Cluster,
    (namespace, secret): (&str, &str),
    to: &Cluster,
    as_: &str,
    labels: &serde_json::Value,
) -> Result<bool> {
    let Some(object) = from.get(SECRET, Some(namespace), secret).await? else { return Ok(false) };
    let metadata = json!({"name": as_, "namespace": SYSTEM, "labels": labels});
    let copy = json!({"metadata": metadata, "data": object.data["data"], "type": object.data["type"]});
    if shared.has(Defect::CopiesNeverUpdated) {
        to.create(SECRET, &copy).await?;
    } else {
        to.apply(SECRET, &copy).await?;
    }
    Ok(true)
}

/// Providers go first, then the core of Cluster API, then the rest; then what was copied.
async fn delete(object: &DynamicObject, shared: &Shared) -> Result<Action> {
    let home = &shared.home;
    let label = format!("{LABEL}={}", name(object));
    let releases = home.list(HELM_RELEASE, Some(SYSTEM), &label).await?;
    if !releases.is_empty() {
        let names: Vec<_> = releases.iter().map(name).collect();
        let needed = |one: &str| {
            let all =
                releases.iter().flat_map(|other| other.data["spec"]["dependsOn"].as_array().into_iter().flatten());
            all.into_iter().any(|dependency| dependency["name"] == one)
        };
        for one in names.iter().filter(|one| !needed(one)) {
            home.delete(HELM_RELEASE, Some(SYSTEM), one).await?;
        }
        let message = format!("Waiting for all HelmReleases to be deleted: [{}]", names.join(" "));
        let condition = Condition("Ready", "False", "NotAllComponentsHealthy", message);
        home.status(REGION, object, json!({"observedGeneration": object.metadata.generation}), &[condition]).await?;
        return Ok(shared.again(AGAIN));
    }
    // Both may hold copies; without an answer from the region it goes on waiting.
    match cluster_of(shared, object).await? {
        Ok(region) => {
            for cluster in [&region, home] {
                for secret in cluster.list(SECRET, Some(SYSTEM), &label).await? {
                    cluster.delete(SECRET, Some(SYSTEM), &name(&secret)).await?;
                }
            }
        }
        Err(error) => {
            let condition = Condition("Ready", "False", "ConfigurationError", error);
            home.status(REGION, object, json!({"observedGeneration": object.metadata.generation}), &[condition])
                .await?;
            return Ok(shared.again(AGAIN));
        }
    }
    home.finalizer(REGION, object, FINALIZER, false).await?;
    Ok(Action::await_change())
}
