//! `kube.list`.

use runner_sdk::kube::{Selection, Verb};
use runner_sdk::{Ability, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::object::{self, Place};
use crate::shared::cluster::Cluster;

/// Reads all objects of a kind that a selector chooses.
///
/// Of Secrets only the keys are read, with null for each value.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct List {
    /// Which cluster.
    #[serde(flatten)]
    pub cluster: Cluster,
    /// The group and version, such as `v1` or `apps/v1`. Without it the kind is looked for in all groups.
    pub api_version: Option<String>,
    /// The kind as in objects, such as `ConfigMap`.
    pub kind: String,
    /// A selector of labels, such as `app=web,tier!=cache`.
    #[serde(default)]
    pub labels: String,
    /// A selector of fields, such as `status.phase=Running`.
    #[serde(default)]
    pub fields: String,
    /// Whether all namespaces are meant, and not one.
    #[serde(default)]
    pub all_namespaces: bool,
}

/// What was read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The objects, without `metadata.managedFields`, in the order of the server: by namespace and name.
    pub objects: Vec<Value>,
}

impl Step for List {
    type Output = Output;
    const NAME: &'static str = "kube.list";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "the namespaces of the cluster's own",
        "- id: spaces
  uses: kube.list
  with: {kind: Namespace, fields: metadata.name=kube-system}",
        "steps.spaces.outputs.objects.map(one, one.metadata.name) == ['kube-system']",
    )
    .with("cluster")];

    fn validate(&self) -> Result<()> {
        self.cluster.check()?;
        object::check_kind(&self.kind)?;
        if self.all_namespaces && self.cluster.namespace.is_some() {
            return Err(Error::input("`namespace` and `all_namespaces` exclude each other"));
        }
        Ok(())
    }
}

impl InProcess for List {
    async fn run(&self, context: &Context) -> Result<Output> {
        context
            .unless_cancelled(async {
                let mut place = Place::of(context, &self.cluster, self.api_version.as_deref(), &self.kind).await?;
                if self.all_namespaces {
                    place.namespace = None;
                }
                let selection = Selection { labels: self.labels.clone(), fields: self.fields.clone() };
                let mut list = place.send(context, Verb::List(selection)).await?;
                let Value::Array(objects) = list["items"].take() else {
                    return Err(Error::transient(format!("the answer about `{}` is not a list", self.kind)));
                };
                let objects = objects.into_iter().map(|object| object::shown(object, false)).collect();
                Ok(Output { objects })
            })
            .await
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::World;

    #[tokio::test]
    async fn one_namespace_is_listed_or_all() {
        let world = World::new();
        for (namespace, name) in [("a", "one"), ("b", "two")] {
            let object = json!({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "data": {"k": "v"}});
            world.kube.put(namespace, object);
        }
        let one = world.run::<List>(json!({"kind": "Secret", "namespace": "a"})).await.unwrap().objects;
        assert_eq!((one.len(), &one[0]["data"]), (1, &json!({"k": null})));
        let all = world.run::<List>(json!({"kind": "Secret", "all_namespaces": true})).await.unwrap().objects;
        assert_eq!(all.len(), 2);
        let both = json!({"kind": "Secret", "namespace": "a", "all_namespaces": true});
        assert!(world.run::<List>(both).await.unwrap_err().message.contains("exclude"));
    }
}
