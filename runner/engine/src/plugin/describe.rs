//! What a plugin says of itself.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::find::is_namespace;
use super::{PREFIX, PROTOCOL, PluginError};

/// What a plugin says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Description {
    /// The version of the protocol that it speaks.
    pub protocol: u64,
    /// Its steps.
    pub steps: Vec<DescribedStep>,
}

/// What a plugin says of a step.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescribedStep {
    /// The verb: `uses: namespace.verb`.
    pub name: String,
    /// What it does: the first line stands in lists.
    pub description: String,
    /// The JSON Schema of `with:`.
    #[serde(default = "anything")]
    pub with: Value,
    /// The JSON Schema of the outputs.
    #[serde(default = "anything")]
    pub outputs: Value,
    /// Whether twice is the same as once.
    pub idempotent: bool,
    /// Raised when the same `with:` begins to mean something else.
    #[serde(default = "first")]
    pub version: u32,
    /// Programs that it needs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub needs: Vec<DescribedNeed>,
    /// Examples: each a list of steps in YAML.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub examples: Vec<DescribedExample>,
}

/// A program that a step needs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescribedNeed {
    /// Its name on `PATH`.
    pub program: String,
    /// The Debian package that has it.
    #[serde(default)]
    pub package: String,
    /// How to get it, in one line.
    #[serde(default)]
    pub how: String,
}

/// An example.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DescribedExample {
    /// What it shows.
    pub title: String,
    /// A list of steps in YAML.
    pub steps: String,
}

/// The schema of an object without fields.
fn anything() -> Value {
    serde_json::json!({"type": "object", "properties": {}})
}

fn first() -> u32 {
    1
}

impl Description {
    /// Reads what the plugin at `shown` printed.
    pub(super) fn read(said: &[u8], shown: &str, namespace: &str) -> Result<Self, PluginError> {
        let wrong = |why: String| {
            let hint = "it is to print `{\"protocol\": 1, \"steps\": […]}`: docs/plugins.md has all of it";
            PluginError::new(format!("the plugin `{shown}` does not describe itself: {why}"), hint)
        };
        let value: Value = serde_json::from_slice(said).map_err(|error| {
            let said = String::from_utf8_lossy(said);
            let begin: String = said.chars().take(40).collect();
            wrong(format!("it printed `{}`, which is no JSON ({error})", begin.escape_debug()))
        })?;
        if let Some(found) = value["protocol"].as_u64().filter(|&found| found > PROTOCOL) {
            let message = format!("the plugin `{shown}` speaks protocol {found}, this runner knows up to {PROTOCOL}");
            return Err(PluginError::new(message, "use a newer runner, or an older plugin"));
        }
        let mut description: Self = serde_path_to_error::deserialize(value)
            .map_err(|error| wrong(format!("`{}`: {}", error.path(), error.inner())))?;
        description.steps.sort_by(|a, b| a.name.cmp(&b.name));
        for (at, step) in description.steps.iter_mut().enumerate() {
            step.settle().map_err(|why| wrong(format!("step {} (`{}`): {why}", at + 1, step.name)))?;
        }
        if let Some(twice) = description.steps.windows(2).find(|two| two[0].name == two[1].name) {
            return Err(wrong(format!("the step `{}` is there twice", twice[0].name)));
        }
        if description.steps.is_empty() {
            return Err(wrong(format!("it has no steps: nothing can be used as `{namespace}.…`")));
        }
        Ok(description)
    }
}

impl DescribedStep {
    /// Checks it, and completes its schemas to what the engine works with.
    fn settle(&mut self) -> Result<(), String> {
        if !is_namespace(&self.name) {
            return Err("a name is `[a-z][a-z0-9_]*`".to_owned());
        }
        if self.description.trim().is_empty() {
            return Err("its `description` is empty".to_owned());
        }
        for (what, schema) in [("with", &mut self.with), ("outputs", &mut self.outputs)] {
            let members =
                schema.as_object_mut().ok_or_else(|| format!("`{what}` is no JSON Schema: it is no object"))?;
            if *members.entry("type").or_insert_with(|| "object".into()) != "object" {
                return Err(format!("`{what}` must be the schema of an object"));
            }
            if !members.entry("properties").or_insert_with(|| Map::new().into()).is_object() {
                return Err(format!("`properties` of `{what}` must be an object"));
            }
            jsonschema::validator_for(schema).map_err(|error| format!("`{what}` is no JSON Schema: {error}"))?;
        }
        // A field that nobody knows is a mistake of who wrote it, as with the steps that are built in.
        if let Some(members) = self.with.as_object_mut() {
            members.entry("additionalProperties").or_insert(Value::Bool(false));
            members.insert("description".to_owned(), self.description.trim().into());
        }
        Ok(())
    }
}

/// The executable of a namespace, as messages name it.
pub(super) fn executable(namespace: &str) -> String {
    format!("{PREFIX}{namespace}")
}
