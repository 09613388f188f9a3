//! The components of a management cluster or a region: one `HelmRelease` each, on the management cluster.

use kube::api::DynamicObject;
use serde_json::{Map, Value, json};

use super::SYSTEM;
use super::cluster::{self, Condition, HELM_RELEASE, PROVIDER_TEMPLATE, Result, is_ready, name};
use super::shared::Shared;

/// How they are.
#[derive(Default)]
pub struct Components {
    status: Map<String, Value>,
    providers: Vec<String>,
    waiting: Vec<String>,
}

/// Has all components of a Management or a Region installed; a region's lie in the cluster of the kubeconfig in this Secret.
pub async fn components(
    shared: &Shared,
    of: &DynamicObject,
    release: &DynamicObject,
    region: Option<(&str, &str)>,
) -> Result<Components> {
    let (spec, given) = (&of.data["spec"], &release.data["spec"]);
    let mut all = Vec::new();
    if region.is_none() {
        all.push(("kcm", &spec["core"]["kcm"]["template"], &given["kcm"]["template"], None));
    }
    let regional = if region.is_some() { &spec["core"]["kcm"]["template"] } else { &Value::Null };
    all.push(("kcm-regional", regional, &given["regional"]["template"], None));
    all.push(("capi", &spec["core"]["capi"]["template"], &given["capi"]["template"], Some("kcm-regional")));
    for provider in spec["providers"].as_array().into_iter().flatten() {
        let name = provider["name"].as_str().unwrap_or_default();
        let known = given["providers"].as_array().into_iter().flatten().find(|one| one["name"] == name);
        let template = known.map_or(&Value::Null, |one| &one["template"]);
        all.push((name, &provider["template"], template, Some("capi")));
    }
    let mut found = Components { providers: vec!["infrastructure-internal".to_owned()], ..Components::default() };
    for (component, own, default, after) in all {
        let template = own.as_str().or(default.as_str()).unwrap_or_default();
        let (error, exposed) = match component_of(shared, of, region, component, template, after, &found).await? {
            Ok(exposed) => (None, exposed),
            Err(error) => (Some(error), Vec::new()),
        };
        let mut status = json!({"template": template});
        match error {
            Some(error) => {
                status["error"] = error.into();
                found.waiting.push(component.to_owned());
            }
            None => status["success"] = true.into(),
        }
        if !exposed.is_empty() {
            status["exposedProviders"] = json!(exposed);
        }
        found.providers.extend(exposed);
        found.status.insert(component.to_owned(), status);
    }
    found.providers.sort();
    found.providers.dedup();
    Ok(found)
}

/// What a component exposes once it is installed, or why it is not.
async fn component_of(
    shared: &Shared,
    of: &DynamicObject,
    region: Option<(&str, &str)>,
    component: &str,
    template: &str,
    after: Option<&str>,
    before: &Components,
) -> Result<Result<Vec<String>, String>> {
    let home = &shared.home;
    let Some(chart) = home.get(PROVIDER_TEMPLATE, None, template).await? else {
        let why = format!("providertemplates.k0rdent.mirantis.com \"{template}\" not found");
        return Ok(Err(format!("Failed to get ProviderTemplate {template}: {why}")));
    };
    if chart.data["status"]["valid"] != true {
        return Ok(Err(format!("Template {template} is not marked as valid")));
    }
    if let Some(after) = after.filter(|after| before.waiting.iter().any(|one| one == after)) {
        return Ok(Err(format!("Some dependencies are not ready yet. Waiting for {after}")));
    }
    let prefixed = |component: &str| match region {
        Some(_) => format!("{}-{component}", name(of)),
        None => component.to_owned(),
    };
    let release = prefixed(component);
    if release.len() > 63 {
        let why = format!("metadata.labels: Invalid value: \"{release}\": must be no more than 63 characters");
        return Ok(Err(format!("HelmRelease.helm.toolkit.fluxcd.io \"{release}\" is invalid: {why}")));
    }
    let place = if component == "projectsveltos" { component } else { SYSTEM };
    let mut labels = json!({"k0rdent.mirantis.com/managed": "true", "k0rdent.mirantis.com/component": "kcm"});
    let mut spec = json!({
        "interval": "10m", "releaseName": component, "targetNamespace": place, "chartRef": {"kind": "HelmChart", "name": template},
        "install": {"createNamespace": true, "remediation": {"retries": 3}}, "upgrade": {"remediation": {"retries": 3}},
        "dependsOn": after.into_iter().map(|after| json!({"name": prefixed(after)})).collect::<Vec<_>>(),
    });
    if let Some((secret, key)) = region {
        labels["k0rdent.mirantis.com/region"] = name(of).into();
        spec["kubeConfig"] = json!({"secretRef": {"name": secret, "key": key}});
    }
    let metadata = json!({"name": release, "namespace": SYSTEM, "labels": labels});
    home.apply(HELM_RELEASE, &json!({"metadata": metadata, "spec": spec})).await?;
    let there = home.get(HELM_RELEASE, Some(SYSTEM), &release).await?;
    if !there.as_ref().is_some_and(is_ready) {
        let message = there.as_ref().map(|there| cluster::condition(there, "Ready").1).unwrap_or_default();
        return Ok(Err(format!("HelmRelease {SYSTEM}/{release} is not yet ready: {message}")));
    }
    let exposed = chart.data["status"]["providers"].as_array().into_iter().flatten();
    Ok(Ok(exposed.filter_map(|one| one.as_str().map(str::to_owned)).collect()))
}

impl Components {
    /// Whether all are installed.
    pub fn ready(&self) -> bool {
        self.waiting.is_empty()
    }

    /// The fields of the status that tell of them.
    pub fn status(&self) -> Value {
        let contracts = self.providers.iter().filter(|one| *one != "infrastructure-internal");
        let contracts: Map<_, _> = contracts.map(|one| (one.clone(), json!({"v1beta1": "v1beta1"}))).collect();
        json!({"components": self.status, "availableProviders": self.providers, "capiContracts": contracts})
    }

    /// The condition that sums them up.
    pub fn condition(&self) -> Condition {
        if self.ready() {
            let message = "All components are successfully installed".to_owned();
            return Condition("Ready", "True", "AllComponentsHealthy", message);
        }
        let message = format!("Components not ready: [{}]", self.waiting.join(" "));
        Condition("Ready", "False", "NotAllComponentsHealthy", message)
    }
}
