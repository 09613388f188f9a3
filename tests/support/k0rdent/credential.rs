//! Credential: its identity, and what that speaks of, are copied into the region.

use std::sync::Arc;

use kube::api::DynamicObject;
use kube::runtime::controller::Action;
use serde_json::{Value, json};

use super::SYSTEM;
use super::cluster::{
    CREDENTIAL, Cluster, Condition, IDENTITY, INTERFACE, NAMESPACE, REGION, Result, SECRET, is_ready, name, namespace,
};
use super::defect::Defect;
use super::region::cluster_of;
use super::shared::{AGAIN, Shared};

const FINALIZER: &str = "k0rdent.mirantis.com/credential";
const MANAGED: &str = "k0rdent.mirantis.com/managed";
/// How often it is looked at anyway, in seconds.
const SYNC: f64 = 900.0;

pub async fn credential(object: Arc<DynamicObject>, shared: Arc<Shared>) -> Result<Action> {
    let home = &shared.home;
    let region = match object.data["spec"]["region"].as_str() {
        Some(region) => Some((region, home.get(REGION, None, region).await?)),
        None => None,
    };
    if object.metadata.deletion_timestamp.is_some() {
        // Of a region that is gone the copies stay where they are.
        if let Some((_, Some(region))) = &region
            && let Ok(region) = cluster_of(&shared, region).await?
        {
            withdraw(&region, &object).await?;
        }
        home.finalizer(CREDENTIAL, &object, FINALIZER, false).await?;
        return Ok(Action::await_change());
    }
    home.finalizer(CREDENTIAL, &object, FINALIZER, true).await?;
    let result = match &region {
        None => exists(home, &object).await?,
        Some((region, None)) => {
            Err(format!("failed to get Region {region}: regions.k0rdent.mirantis.com \"{region}\" not found"))
        }
        Some((name, Some(region))) if region.metadata.deletion_timestamp.is_some() => {
            lie(&shared, Err(format!("Region {name} is deleting")))
        }
        Some((name, Some(region))) if !is_ready(region) => Err(format!("Region {name} is not ready")),
        Some((_, Some(region))) => match cluster_of(&shared, region).await? {
            Err(error) => Err(error),
            Ok(region) => match copy(&shared, &region, &object).await? {
                Err(error) => Err(error),
                Ok(()) => lie(&shared, exists(&region, &object).await?),
            },
        },
    };
    let (condition, ready) = match result {
        Ok(()) => (Condition("CredentialReady", "True", "Succeeded", "Credential is ready".into()), true),
        Err(error) => (Condition("CredentialReady", "False", "Failed", error), false),
    };
    home.status(CREDENTIAL, &object, json!({"ready": ready}), &[condition]).await?;
    Ok(shared.again(if ready { SYNC } else { AGAIN }))
}

/// What the deferred update of the status makes of it.
fn lie(shared: &Shared, result: Result<(), String>) -> Result<(), String> {
    if shared.has(Defect::CredentialLies) { Ok(()) } else { result }
}

/// Whether the identity is there, by its own namespace.
async fn exists(cluster: &Cluster, object: &DynamicObject) -> Result<Result<(), String>> {
    let identity = &object.data["spec"]["identityRef"];
    let (name, place) = (identity["name"].as_str().unwrap_or_default(), identity["namespace"].as_str());
    let there = match identity["kind"].as_str() {
        Some("AzureClusterIdentity") => cluster.get(IDENTITY, place, name).await,
        Some("Secret") => cluster.get(SECRET, place, name).await,
        _ => Ok(None),
    };
    let kind = identity["kind"].as_str().unwrap_or_default();
    // A kind that is not served is not found, too.
    let there = there.or_else(|error| {
        if matches!(&error, kube::Error::Api(status) if status.code == 404) { Ok(None) } else { Err(error) }
    })?;
    let why = || format!("ClusterIdentity object of Kind={kind} {}/{name} not found", place.unwrap_or_default());
    Ok(there.map(drop).ok_or_else(why))
}

/// The label of a Credential on what is copied for it.
fn owner(object: &DynamicObject) -> String {
    format!("k0rdent.mirantis.com/credential.{}.{}", namespace(object), name(object))
}

/// Copies the identity and the Secret that it speaks of. A region in which no provider knows the kind gets nothing, and nobody says so.
async fn copy(shared: &Shared, region: &Cluster, object: &DynamicObject) -> Result<Result<(), String>> {
    let wanted = &object.data["spec"]["identityRef"];
    let interfaces = region.list(INTERFACE, None, "").await?;
    let identities =
        interfaces.iter().flat_map(|one| one.data["spec"]["clusterIdentities"].as_array().into_iter().flatten());
    let version =
        |one: &Value| format!("{}/{}", one["group"].as_str().unwrap_or(""), one["version"].as_str().unwrap_or(""));
    let mut known = identities.filter(|one| one["kind"] == wanted["kind"] && wanted["apiVersion"] == version(one));
    if known.next().is_none() {
        return Ok(Ok(()));
    }
    // From the system's namespace, whatever the reference says.
    let identity_name = wanted["name"].as_str().unwrap_or_default();
    let Some(identity) = shared.home.get(IDENTITY, Some(SYSTEM), identity_name).await? else {
        let why = format!("azureclusteridentities.infrastructure.cluster.x-k8s.io \"{identity_name}\" not found");
        return Ok(Err(format!("failed to get ClusterIdentity object {SYSTEM}/{identity_name}: {why}")));
    };
    let place = namespace(object);
    region.create(NAMESPACE, &json!({"metadata": {"name": place}})).await?;
    let mut spec = identity.data["spec"].clone();
    if let Some(secret) = spec["clientSecret"]["name"].as_str().map(str::to_owned) {
        let from = spec["clientSecret"]["namespace"].as_str().unwrap_or(SYSTEM).to_owned();
        let Some(there) = shared.home.get(SECRET, Some(&from), &secret).await? else {
            return Ok(Err(format!("failed to get Secret {from}/{secret}: secrets \"{secret}\" not found")));
        };
        spec["clientSecret"]["namespace"] = json!(place);
        let body = json!({"data": there.data["data"], "type": there.data["type"]});
        put(region, SECRET, object, &secret, body).await?;
    }
    put(region, IDENTITY, object, identity_name, json!({"spec": spec})).await?;
    Ok(Ok(()))
}

/// Puts a copy into the region; what is there and is not k0rdent's stays as it is.
async fn put(
    region: &Cluster,
    kind: super::cluster::Kind,
    of: &DynamicObject,
    copy: &str,
    mut body: Value,
) -> Result<()> {
    let place = namespace(of);
    let there = region.get(kind, Some(&place), copy).await?;
    let mut labels = there.as_ref().and_then(|there| there.metadata.labels.clone()).unwrap_or_default();
    if there.is_some() && labels.get(MANAGED).map(String::as_str) != Some("true") {
        return Ok(());
    }
    labels.insert(MANAGED.to_owned(), "true".to_owned());
    labels.insert(owner(of), "true".to_owned());
    body["metadata"] = json!({"name": copy, "namespace": place, "labels": labels});
    region.apply(kind, &body).await
}

/// Takes its label from the copies, and deletes those that nobody else needs.
async fn withdraw(region: &Cluster, object: &DynamicObject) -> Result<()> {
    let (place, mine) = (namespace(object), owner(object));
    for kind in [IDENTITY, SECRET] {
        let Ok(copies) = region.list(kind, Some(&place), &format!("{mine}=true")).await else { continue };
        for copy in copies {
            let labels = copy.metadata.labels.clone().unwrap_or_default();
            if labels.keys().any(|label| label.starts_with("k0rdent.mirantis.com/credential.") && *label != mine) {
                region.merge(kind, &copy, &json!({"metadata": {"labels": {mine.as_str(): null}}})).await?;
            } else {
                region.delete(kind, Some(&place), &name(&copy)).await?;
            }
        }
    }
    Ok(())
}
