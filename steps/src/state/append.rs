//! `state.append`.

use runner_sdk::{Ability, Change, Context, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check_key;

/// Adds a value to the end of a list that is left behind.
///
/// A list that is not there is made. The state knows which step of which run has added what, so an interrupted attempt
/// that is repeated adds its value once.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Append {
    /// The key of the list, names joined by dots.
    pub key: String,
    /// The value to add, of any type.
    pub value: Value,
}

/// What the list became.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Its length.
    pub length: u64,
}

impl Step for Append {
    type Output = Output;
    const NAME: &'static str = "state.append";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "an event in a list of events",
        "- id: event
  uses: state.append
  with:
    key: regions.eastus.events
    value: {what: deployed, version: 1.2.3}
- id: events
  uses: state.get
  with: {key: regions.eastus.events}",
        "steps.events.outputs.value[0].what == 'deployed' && steps.event.outputs.length == 1",
    )];

    fn validate(&self) -> Result<()> {
        check_key(&self.key)
    }

    async fn plan(&self, _: &Context) -> Result<Option<Change>> {
        let summary = format!("would append to the state `{}`", self.key);
        Ok(Some(Change::Would { summary, diff: String::new() }))
    }
}

impl InProcess for Append {
    async fn run(&self, context: &Context) -> Result<Output> {
        Ok(Output { length: context.state.append(&self.key, self.value.clone())? })
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::world::State;
    use serde_json::json;

    use super::*;
    use crate::testing::World;

    #[tokio::test]
    async fn values_are_added_in_order_to_lists_only() {
        let world = World::new();
        assert_eq!(world.run::<Append>(json!({"key": "a", "value": 1})).await.unwrap().length, 1);
        assert_eq!(world.run::<Append>(json!({"key": "a", "value": [2]})).await.unwrap().length, 2);
        assert_eq!(world.state.get("a"), Ok(Some(json!([1, [2]]))));
        world.state.set("b", json!("text")).unwrap();
        assert!(world.run::<Append>(json!({"key": "b", "value": 1})).await.is_err());
    }
}
