//! A cluster, as the controllers see it: objects are JSON.

use std::time::Duration;

use k8s_openapi::jiff::Timestamp;
use kube::api::{Api, ApiResource, DeleteParams, DynamicObject, ListParams, Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::core::GroupVersionKind;
use kube::{Client, Config};
use serde_json::{Value, json};

/// What may go wrong on the way to a cluster, or there.
pub type Result<T, E = kube::Error> = std::result::Result<T, E>;

/// A kind of objects.
#[derive(Clone, Copy, Debug)]
pub struct Kind(&'static str, &'static str, &'static str, &'static str);

const KCM: &str = "k0rdent.mirantis.com";
pub const CRD: Kind = Kind("apiextensions.k8s.io", "v1", "CustomResourceDefinition", "customresourcedefinitions");
pub const NAMESPACE: Kind = Kind("", "v1", "Namespace", "namespaces");
pub const SECRET: Kind = Kind("", "v1", "Secret", "secrets");
pub const SERVICE: Kind = Kind("", "v1", "Service", "services");
pub const RELEASE: Kind = Kind(KCM, "v1beta1", "Release", "releases");
pub const MANAGEMENT: Kind = Kind(KCM, "v1beta1", "Management", "managements");
pub const REGION: Kind = Kind(KCM, "v1beta1", "Region", "regions");
pub const CREDENTIAL: Kind = Kind(KCM, "v1beta1", "Credential", "credentials");
pub const DEPLOYMENT: Kind = Kind(KCM, "v1beta1", "ClusterDeployment", "clusterdeployments");
pub const PROVIDER_TEMPLATE: Kind = Kind(KCM, "v1beta1", "ProviderTemplate", "providertemplates");
pub const CLUSTER_TEMPLATE: Kind = Kind(KCM, "v1beta1", "ClusterTemplate", "clustertemplates");
pub const INTERFACE: Kind = Kind(KCM, "v1beta1", "ProviderInterface", "providerinterfaces");
pub const IDENTITY: Kind =
    Kind("infrastructure.cluster.x-k8s.io", "v1beta1", "AzureClusterIdentity", "azureclusteridentities");
pub const HELM_RELEASE: Kind = Kind("helm.toolkit.fluxcd.io", "v2", "HelmRelease", "helmreleases");
pub const HELM_CHART: Kind = Kind("source.toolkit.fluxcd.io", "v1", "HelmChart", "helmcharts");
pub const WEBHOOKS: [Kind; 2] = [
    Kind("admissionregistration.k8s.io", "v1", "ValidatingWebhookConfiguration", "validatingwebhookconfigurations"),
    Kind("admissionregistration.k8s.io", "v1", "MutatingWebhookConfiguration", "mutatingwebhookconfigurations"),
];

impl Kind {
    /// As kube-rs asks for it.
    pub fn resource(self) -> ApiResource {
        ApiResource::from_gvk_with_plural(&GroupVersionKind::gvk(self.0, self.1, self.2), self.3)
    }
}

/// A cluster and how to talk to it.
#[derive(Clone)]
pub struct Cluster {
    pub client: Client,
}

impl Cluster {
    /// The one of a kubeconfig. With `brief` no answer is waited for long.
    pub async fn of(kubeconfig: &str, brief: bool) -> Result<Self, String> {
        let parsed = Kubeconfig::from_yaml(kubeconfig).map_err(|error| error.to_string())?;
        let config = Config::from_custom_kubeconfig(parsed, &KubeConfigOptions::default()).await;
        let mut config = config.map_err(|error| error.to_string())?;
        if brief {
            config.connect_timeout = Some(Duration::from_secs(2));
            config.read_timeout = Some(Duration::from_secs(5));
        }
        Client::try_from(config).map(|client| Self { client }).map_err(|error| error.to_string())
    }

    /// Objects of a kind, in a namespace or in all.
    pub fn api(&self, kind: Kind, namespace: Option<&str>) -> Api<DynamicObject> {
        match namespace {
            Some(namespace) => Api::namespaced_with(self.client.clone(), namespace, &kind.resource()),
            None => Api::all_with(self.client.clone(), &kind.resource()),
        }
    }

    /// An object, if it is there.
    pub async fn get(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<Option<DynamicObject>> {
        self.api(kind, namespace).get_opt(name).await
    }

    /// All of a kind with these labels.
    pub async fn list(&self, kind: Kind, namespace: Option<&str>, labels: &str) -> Result<Vec<DynamicObject>> {
        Ok(self.api(kind, namespace).list(&ListParams::default().labels(labels)).await?.items)
    }

    /// Makes it so, whoever has set what stands there.
    pub async fn apply(&self, kind: Kind, object: &Value) -> Result<()> {
        let mut object = object.clone();
        let resource = kind.resource();
        object["apiVersion"] = resource.api_version.into();
        object["kind"] = resource.kind.into();
        let text = |field: &str| object["metadata"][field].as_str().map(str::to_owned);
        let (name, namespace) = (text("name").unwrap(), text("namespace"));
        let how = PatchParams::apply("kcm-controller-manager").force();
        self.api(kind, namespace.as_deref()).patch(&name, &how, &Patch::Apply(object)).await.map(drop)
    }

    /// Makes it, unless there is one of that name.
    pub async fn create(&self, kind: Kind, object: &Value) -> Result<()> {
        let mut object = object.clone();
        let resource = kind.resource();
        object["apiVersion"] = resource.api_version.into();
        object["kind"] = resource.kind.into();
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        match self.api(kind, object.metadata.namespace.as_deref()).create(&PostParams::default(), &object).await {
            Err(kube::Error::Api(status)) if status.reason == "AlreadyExists" => Ok(()),
            other => other.map(drop),
        }
    }

    /// Changes it by a merge patch.
    pub async fn merge(&self, kind: Kind, object: &DynamicObject, patch: &Value) -> Result<()> {
        let api = self.api(kind, object.metadata.namespace.as_deref());
        forgive(api.patch(&name(object), &PatchParams::default(), &Patch::Merge(patch)).await)
    }

    /// Has it deleted; fine if it is not there.
    pub async fn delete(&self, kind: Kind, namespace: Option<&str>, name: &str) -> Result<()> {
        forgive(self.api(kind, namespace).delete(name, &DeleteParams::default()).await)
    }

    /// Adds a finalizer, or takes it away.
    pub async fn finalizer(&self, kind: Kind, object: &DynamicObject, finalizer: &str, wanted: bool) -> Result<()> {
        let mut all = object.metadata.finalizers.clone().unwrap_or_default();
        if all.iter().any(|one| one == finalizer) == wanted {
            return Ok(());
        }
        if wanted {
            all.push(finalizer.to_owned());
        } else {
            all.retain(|one| one != finalizer);
        }
        // With its version: somebody else may have added one meanwhile.
        let metadata = json!({"finalizers": all, "resourceVersion": object.metadata.resource_version});
        self.merge(kind, object, &json!({"metadata": metadata})).await
    }

    /// Sets fields of the status and its conditions, if they are not so yet.
    pub async fn status(
        &self,
        kind: Kind,
        object: &DynamicObject,
        mut status: Value,
        conditions: &[Condition],
    ) -> Result<()> {
        let old = &object.data["status"];
        let mut all = old["conditions"].as_array().cloned().unwrap_or_default();
        for condition in conditions {
            let mut new = json!({
                "type": condition.0, "status": condition.1, "reason": condition.2, "message": condition.3,
                "observedGeneration": object.metadata.generation,
            });
            let place = all.iter().position(|one| one["type"] == condition.0);
            let before = place.map(|place| all.remove(place)).unwrap_or_default();
            new["lastTransitionTime"] = match &before["lastTransitionTime"] {
                time if before["status"] == new["status"] && !time.is_null() => time.clone(),
                _ => Timestamp::now().to_string().into(),
            };
            all.insert(place.unwrap_or(all.len()), new);
        }
        status["conditions"] = all.into();
        let fields = status.as_object().unwrap();
        if fields.iter().all(|(field, value)| &old[field] == value) {
            return Ok(());
        }
        let api = self.api(kind, object.metadata.namespace.as_deref());
        let patch = Patch::Merge(json!({"status": status}));
        forgive(api.patch_status(&name(object), &PatchParams::default(), &patch).await)
    }

    /// Sets fields of a status that has no conditions.
    pub async fn status_alone(&self, kind: Kind, object: &DynamicObject, status: Value) -> Result<()> {
        let api = self.api(kind, object.metadata.namespace.as_deref());
        let patch = Patch::Merge(json!({"status": status}));
        forgive(api.patch_status(&name(object), &PatchParams::default(), &patch).await)
    }

    /// A key of a Secret as text, or in Go's words why there is none.
    pub async fn secret(
        &self,
        namespace: &str,
        secret: &str,
        key: &str,
    ) -> Result<std::result::Result<String, String>> {
        let Some(object) = self.get(SECRET, Some(namespace), secret).await? else {
            return Ok(Err(format!("secrets \"{secret}\" not found")));
        };
        let text = object.data["data"][key].as_str().and_then(decode);
        Ok(text.ok_or_else(|| format!("secret {namespace}/{secret} has no key {key}")))
    }
}

/// Type, status, reason, message.
#[derive(Clone, Debug)]
pub struct Condition(pub &'static str, pub &'static str, pub &'static str, pub String);

/// The condition of this type: its status and its message.
pub fn condition<'a>(object: &'a DynamicObject, kind: &str) -> (&'a str, &'a str) {
    let all = object.data["status"]["conditions"].as_array();
    let found = all.and_then(|all| all.iter().find(|one| one["type"] == kind));
    found.map_or(("", ""), |one| (one["status"].as_str().unwrap_or(""), one["message"].as_str().unwrap_or("")))
}

/// Whether its Ready is True, for its newest generation.
pub fn is_ready(object: &DynamicObject) -> bool {
    let all = object.data["status"]["conditions"].as_array();
    let ready = all.and_then(|all| all.iter().find(|one| one["type"] == "Ready"));
    ready.is_some_and(|one| one["status"] == "True" && one["observedGeneration"] == json!(object.metadata.generation))
}

/// Its name.
pub fn name(object: &DynamicObject) -> String {
    object.metadata.name.clone().unwrap_or_default()
}

/// Its namespace.
pub fn namespace(object: &DynamicObject) -> String {
    object.metadata.namespace.clone().unwrap_or_default()
}

/// What is not there any more needs no change.
fn forgive<T>(result: Result<T>) -> Result<()> {
    match result {
        Err(kube::Error::Api(status)) if status.code == 404 => Ok(()),
        other => other.map(drop),
    }
}

fn decode(text: &str) -> Option<String> {
    use base64::Engine as _;
    String::from_utf8(base64::engine::general_purpose::STANDARD.decode(text).ok()?).ok()
}
