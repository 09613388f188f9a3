//! What the steps of the namespace have in common about objects.

use runner_sdk::kube::{Resource, Verb};
use runner_sdk::{Context, Error, Result, kube};
use serde_json::Value;

use crate::shared::cluster::Cluster;

/// A kind of a cluster, found there.
pub(super) struct Place {
    cluster: kube::Cluster,
    pub(super) resource: Resource,
    /// The namespace of one object; none where the kind has none.
    pub(super) namespace: Option<String>,
}

impl Place {
    /// Asks the cluster how it serves `kind`.
    pub(super) async fn of(
        context: &Context,
        cluster: &Cluster,
        api_version: Option<&str>,
        kind: &str,
    ) -> Result<Self> {
        let at = cluster.at(&context.place);
        let resource = context.kube.resource(&at, api_version, kind).await?;
        let namespace = match (&cluster.namespace, resource.namespaced) {
            (_, false) => None,
            (Some(namespace), true) => Some(namespace.clone()),
            (None, true) => Some(context.kube.namespace(&at).await?),
        };
        Ok(Self { cluster: at, resource, namespace })
    }

    /// Does what is asked.
    pub(super) async fn send(&self, context: &Context, verb: Verb) -> Result<Value> {
        let request = kube::Request { resource: self.resource.clone(), namespace: self.namespace.clone(), verb };
        context.kube.send(&self.cluster, request).await
    }

    /// `ConfigMap a/b`, as messages name an object.
    pub(super) fn shown(&self, name: &str) -> String {
        match &self.namespace {
            Some(namespace) => format!("{} {namespace}/{name}", self.resource.kind),
            None => format!("{} {name}", self.resource.kind),
        }
    }
}

/// Refuses a kind that cannot be one.
pub(super) fn check_kind(kind: &str) -> Result<()> {
    if kind.starts_with(|c: char| c.is_ascii_uppercase()) && kind.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Ok(());
    }
    Err(Error::input(format!("`{kind}` is not a kind")).hint("it is written as in objects, such as `ConfigMap`"))
}

/// An object as it may be shown: without what only the server's own bookkeeping needs, and of a Secret, unless it is asked for as
/// one, only which keys it has.
pub(super) fn shown(mut object: Value, secret: bool) -> Value {
    if let Some(metadata) = object["metadata"].as_object_mut() {
        metadata.remove("managedFields");
    }
    if object["kind"] == "Secret" && !secret {
        for field in ["data", "stringData"] {
            for value in
                object.get_mut(field).and_then(Value::as_object_mut).into_iter().flat_map(|all| all.values_mut())
            {
                *value = Value::Null;
            }
        }
        // `kubectl apply` keeps there what it was given.
        let annotations = object["metadata"].get_mut("annotations").and_then(Value::as_object_mut);
        annotations.and_then(|all| all.remove("kubectl.kubernetes.io/last-applied-configuration"));
    }
    object
}
