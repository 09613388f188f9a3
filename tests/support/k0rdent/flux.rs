//! Flux's helm controller: a `HelmRelease` is installed into its cluster, and uninstalled when it goes.

use std::sync::Arc;

use kube::api::DynamicObject;
use kube::runtime::controller::Action;
use serde_json::json;

use super::cluster::{self, Cluster, Condition, HELM_RELEASE, Result, is_ready, name, namespace};
use super::install;
use super::shared::{AGAIN, Shared};

const FINALIZER: &str = "finalizers.fluxcd.io";
/// How long a chart takes to be installed, and to be uninstalled, in seconds.
const INSTALL: f64 = 30.0;
const UNINSTALL: f64 = 60.0;

pub async fn helm_release(object: Arc<DynamicObject>, shared: Arc<Shared>) -> Result<Action> {
    let home = &shared.home;
    let (name, namespace) = (name(&object), namespace(&object));
    let key = format!("install {}", object.metadata.uid.as_deref().unwrap_or_default());
    if object.metadata.deletion_timestamp.is_some() {
        // Where its cluster does not answer it cannot be uninstalled.
        if target(&shared, &object).await?.is_err() || !shared.has_lasted(&format!("un{key}"), UNINSTALL) {
            return Ok(shared.again(AGAIN));
        }
        home.finalizer(HELM_RELEASE, &object, FINALIZER, false).await?;
        return Ok(Action::await_change());
    }
    home.finalizer(HELM_RELEASE, &object, FINALIZER, true).await?;
    let say = async |status: &'static str, reason: &'static str, message: String| {
        let fields = json!({"observedGeneration": object.metadata.generation});
        home.status(HELM_RELEASE, &object, fields, &[Condition("Ready", status, reason, message)]).await
    };

    for dependency in object.data["spec"]["dependsOn"].as_array().into_iter().flatten() {
        let other = dependency["name"].as_str().unwrap_or_default();
        let place = dependency["namespace"].as_str().unwrap_or(&namespace);
        if !home.get(HELM_RELEASE, Some(place), other).await?.is_some_and(|other| is_ready(&other)) {
            say("False", "DependencyNotReady", format!("dependency '{place}/{other}' is not ready")).await?;
            return Ok(shared.again(AGAIN));
        }
    }
    let target = match target(&shared, &object).await? {
        Ok(target) => target,
        Err(message) => {
            say("False", "InstallFailed", message).await?;
            return Ok(shared.again(AGAIN));
        }
    };
    let chart = object.data["spec"]["releaseName"].as_str().unwrap_or(&name).to_owned();
    if let Some(message) = shared.fault(&format!("hr/{name}")) {
        shared.forget(&key);
        let place = object.data["spec"]["targetNamespace"].as_str().unwrap_or(&namespace);
        let message = format!("Helm install failed for release {place}/{chart} with chart {chart}@1.0.5: {message}");
        say("False", "InstallFailed", message).await?;
        return Ok(shared.again(AGAIN));
    }
    if !shared.has_lasted(&key, INSTALL) {
        say("Unknown", "Progressing", "Running 'install' action with timeout of 20m0s".to_owned()).await?;
        return Ok(shared.again(AGAIN));
    }
    let place = object.data["spec"]["targetNamespace"].as_str().unwrap_or(&namespace);
    if cluster::condition(&object, "Ready").0 != "True" {
        install::bring(&chart, place, &target).await?;
    }
    let message = format!("Helm install succeeded for release {place}/{chart}.v1 with chart {chart}@1.0.5");
    say("True", "InstallSucceeded", message).await?;
    // What broke since is seen by the next look only.
    Ok(shared.again(6.0 * AGAIN))
}

/// The cluster that it is for, or why there is none.
async fn target(shared: &Shared, object: &DynamicObject) -> Result<Result<Cluster, String>> {
    let reference = &object.data["spec"]["kubeConfig"]["secretRef"];
    let Some(secret) = reference["name"].as_str() else { return Ok(Ok(shared.home.clone())) };
    let key = reference["key"].as_str().unwrap_or("value");
    let place = namespace(object);
    match shared.home.secret(&place, secret, key).await? {
        Ok(kubeconfig) => Ok(shared.reach(&kubeconfig).await),
        Err(error) => Ok(Err(format!("could not get KubeConfig secret '{place}/{secret}': {error}"))),
    }
}
