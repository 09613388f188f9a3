//! Release and Management.

use std::sync::Arc;

use kube::api::DynamicObject;
use kube::runtime::controller::Action;
use serde_json::json;

use super::SYSTEM;
use super::cluster::{
    self, Condition, HELM_CHART, HELM_RELEASE, MANAGEMENT, PROVIDER_TEMPLATE, RELEASE, Result, is_ready, name,
};
use super::component::components;
use super::shared::{AGAIN, Shared};

const FINALIZER: &str = "k0rdent.mirantis.com/management";

/// A release is ready once its templates are there and valid.
pub async fn release(object: Arc<DynamicObject>, shared: Arc<Shared>) -> Result<Action> {
    let home = &shared.home;
    let chart = format!("{}-tpl", name(&object));
    let version = &object.data["spec"]["version"];
    let metadata = json!({"name": chart, "namespace": SYSTEM, "labels": {"k0rdent.mirantis.com/managed": "true"}});
    let source = json!({"kind": "HelmRepository", "name": "kcm-templates"});
    let spec = json!({"chart": "kcm-templates", "version": version, "interval": "10m", "sourceRef": source});
    home.apply(HELM_CHART, &json!({"metadata": metadata, "spec": spec})).await?;
    let spec = json!({"interval": "10m", "releaseName": chart, "chartRef": {"kind": "HelmChart", "name": chart}});
    home.apply(HELM_RELEASE, &json!({"metadata": metadata, "spec": spec})).await?;

    let created = home.get(HELM_RELEASE, Some(SYSTEM), &chart).await?.is_some_and(|release| is_ready(&release));
    let spec = &object.data["spec"];
    let own = ["kcm", "regional", "capi"].into_iter().filter_map(|part| spec[part]["template"].as_str());
    let providers = spec["providers"].as_array().into_iter().flatten().filter_map(|one| one["template"].as_str());
    let mut invalid = Vec::new();
    for template in own.chain(providers) {
        let there = home.get(PROVIDER_TEMPLATE, None, template).await?;
        if !there.is_some_and(|there| there.data["status"]["valid"] == true) {
            invalid.push(template);
        }
    }
    let truth = |holds: bool| if holds { ("True", "Succeeded") } else { ("False", "Failed") };
    let (created_, valid) = (truth(created), truth(invalid.is_empty()));
    let message = if invalid.is_empty() {
        "All templates are valid".into()
    } else {
        format!("Missing or invalid templates: {}", invalid.join(", "))
    };
    let conditions = [
        Condition(
            "TemplatesCreated",
            created_.0,
            created_.1,
            if created {
                "All templates have been created".into()
            } else {
                format!("HelmRelease {SYSTEM}/{chart} is not ready")
            },
        ),
        Condition("TemplatesValid", valid.0, valid.1, message),
    ];
    let ready = created && invalid.is_empty();
    let status = json!({"ready": ready, "observedGeneration": object.metadata.generation});
    home.status(RELEASE, &object, status, &conditions).await?;
    Ok(shared.again(if ready { 6.0 * AGAIN } else { AGAIN }))
}

/// A management cluster is ready once all of its components are.
pub async fn management(object: Arc<DynamicObject>, shared: Arc<Shared>) -> Result<Action> {
    let home = &shared.home;
    let generation = object.metadata.generation;
    if object.metadata.deletion_timestamp.is_some() {
        for release in home.list(HELM_RELEASE, Some(SYSTEM), "k0rdent.mirantis.com/managed=true").await? {
            home.delete(HELM_RELEASE, Some(SYSTEM), &name(&release)).await?;
        }
        home.finalizer(MANAGEMENT, &object, FINALIZER, false).await?;
        return Ok(Action::await_change());
    }
    home.finalizer(MANAGEMENT, &object, FINALIZER, true).await?;
    let wanted = object.data["spec"]["release"].as_str().unwrap_or_default();
    let release = home.get(RELEASE, None, wanted).await?;
    let trouble = match &release {
        None => Some(("ReleaseIsNotFound", format!("releases.k0rdent.mirantis.com \"{wanted}\" not found"))),
        Some(release) if release.data["status"]["ready"] != true => {
            Some(("ReleaseIsNotReady", format!("Release {wanted} is not ready")))
        }
        Some(_) => None,
    };
    if let Some((reason, message)) = trouble {
        let status = json!({"observedGeneration": generation});
        home.status(MANAGEMENT, &object, status, &[Condition("Ready", "False", reason, message)]).await?;
        return Ok(shared.again(AGAIN));
    }
    let found = components(&shared, &object, &release.unwrap(), None).await?;
    let missing = match registry_secret(&shared).await? {
        Some(secret) if home.get(cluster::SECRET, Some(SYSTEM), &secret).await?.is_none() => Some(secret),
        _ => None,
    };
    let predeclared = match missing {
        Some(secret) => Condition(
            "PredeclaredSecretsExist",
            "False",
            "Failed",
            format!(
                "Some of the predeclared Secrets (registryCertSecret) are missing ([{secret}]) in the {SYSTEM} namespace"
            ),
        ),
        None => Condition("PredeclaredSecretsExist", "True", "Succeeded", "All predeclared Secrets exist".into()),
    };
    let mut status = found.status();
    status["observedGeneration"] = json!(generation);
    // Also while components still fail: it does not tell that an upgrade has ended.
    status["release"] = wanted.into();
    home.status(MANAGEMENT, &object, status, &[found.condition(), predeclared]).await?;
    Ok(shared.again(if found.ready() { 6.0 * AGAIN } else { AGAIN }))
}

/// The name of the Secret with the CA of the registry, if there is to be one.
pub async fn registry_secret(shared: &Shared) -> Result<Option<String>> {
    let management = shared.home.get(MANAGEMENT, None, "kcm").await?;
    let secret =
        management.map(|it| it.data["spec"]["core"]["kcm"]["config"]["controller"]["registryCertSecret"].clone());
    Ok(secret.and_then(|secret| secret.as_str().map(str::to_owned)))
}

/// The release that the management cluster is to have.
pub async fn current_release(shared: &Shared) -> Result<Option<DynamicObject>> {
    let Some(management) = shared.home.get(MANAGEMENT, None, "kcm").await? else { return Ok(None) };
    shared.home.get(RELEASE, None, management.data["spec"]["release"].as_str().unwrap_or_default()).await
}
