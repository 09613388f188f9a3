//! `kube.get`.

use runner_sdk::kube::Verb;
use runner_sdk::{Ability, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::object::{self, Place};
use crate::shared::cluster::Cluster;

/// Reads an object of a Kubernetes cluster.
///
/// Of a Secret only the keys are read, with null for each value, unless `secret: true` asks for the values.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// Which cluster.
    #[serde(flatten)]
    pub cluster: Cluster,
    /// The group and version, such as `v1` or `apps/v1`. Without it the kind is looked for in all groups.
    pub api_version: Option<String>,
    /// The kind as in objects, such as `ConfigMap`.
    pub kind: String,
    /// The object's name.
    pub name: String,
    /// Whether an object that is not there fails the step; else `object` is null then.
    #[serde(default = "yes")]
    pub required: bool,
    /// Whether the object is secret: it is sealed before it is written down, and masked in all that is printed later.
    #[serde(default)]
    #[schemars(extend("x-seals" = ["object"]))]
    pub secret: bool,
}

fn yes() -> bool {
    true
}

/// What was read.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The object, without `metadata.managedFields`; null where there is none.
    pub object: Option<Value>,
}

impl Step for Get {
    type Output = Output;
    const NAME: &'static str = "kube.get";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "an object that is there, and one that need not be",
        "- id: space
  uses: kube.get
  with: {kind: Namespace, name: kube-system}
- id: settings
  uses: kube.get
  with: {api_version: v1, kind: ConfigMap, name: settings, namespace: kube-system, required: false}",
        "steps.space.outputs.object.status.phase == 'Active' && steps.settings.outputs.object == null",
    )
    .with("cluster")];

    fn validate(&self) -> Result<()> {
        self.cluster.check()?;
        object::check_kind(&self.kind)?;
        if self.name.is_empty() {
            return Err(Error::input("`name` is empty"));
        }
        Ok(())
    }
}

impl InProcess for Get {
    async fn run(&self, context: &Context) -> Result<Output> {
        context
            .unless_cancelled(async {
                let place = Place::of(context, &self.cluster, self.api_version.as_deref(), &self.kind).await?;
                match place.send(context, Verb::Get { name: self.name.clone() }).await? {
                    Value::Null if self.required => {
                        Err(Error::permanent(format!("there is no `{}`", place.shown(&self.name)))
                            .hint("`required: false` takes that as an answer"))
                    }
                    Value::Null => Ok(Output { object: None }),
                    object => Ok(Output { object: Some(object::shown(object, self.secret)) }),
                }
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
    async fn of_a_secret_only_the_keys_are_read_unless_it_is_asked_for_as_one() {
        let world = World::new();
        let metadata = json!({"name": "s", "managedFields": [1],
            "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "word", "a": "b"}});
        world.kube.put("a", json!({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": {"k": "word"}}));
        let with = json!({"kind": "Secret", "name": "s", "namespace": "a"});
        let object = world.run::<Get>(with.clone()).await.unwrap().object.unwrap();
        assert_eq!(object["data"], json!({"k": null}));
        assert_eq!(object["metadata"], json!({"name": "s", "annotations": {"a": "b"}}));
        let mut with = with;
        with["secret"] = json!(true);
        assert_eq!(world.run::<Get>(with).await.unwrap().object.unwrap()["data"]["k"], "word");
    }

    #[tokio::test]
    async fn what_is_not_there_is_an_error_or_null() {
        let world = World::new();
        let error = world.run::<Get>(json!({"kind": "ConfigMap", "name": "c"})).await.unwrap_err();
        assert_eq!(error.message, "there is no `ConfigMap default/c`");
        let output = world.run::<Get>(json!({"kind": "ConfigMap", "name": "c", "required": false})).await.unwrap();
        assert_eq!(output.object, None);
        let error = world.run::<Get>(json!({"kind": "configmaps", "name": "c"})).await.unwrap_err();
        assert!(error.hint.unwrap().contains("ConfigMap"));
    }
}
