//! `state.remove`.

use runner_sdk::{Ability, Change, Context, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check_key;

/// Forgets a value that was left behind, and everything under its key.
///
/// Nothing there is success. Undo puts the value back, unless something else has been set since.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// The key, names joined by dots.
    pub key: String,
}

/// What stood there before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The value that was removed; null where there was none.
    pub previous: Value,
    /// Whether there was one.
    pub existed: bool,
}

impl Step for Remove {
    type Output = Output;
    const NAME: &'static str = "state.remove";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Undo];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a region that is gone",
        "- id: remember
  uses: state.set
  with: {key: regions.eastus, value: {version: 1.2.3}}
- id: forget
  uses: state.remove
  with: {key: regions.eastus}
- id: look
  uses: state.get
  with: {key: regions.eastus, default: null}",
        "steps.forget.outputs.previous.version == '1.2.3' && !steps.look.outputs.found",
    )];

    fn validate(&self) -> Result<()> {
        check_key(&self.key)
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        Ok(Some(match context.state.get(&self.key)? {
            None => Change::Nothing,
            Some(_) => Change::Would { summary: format!("would remove the state `{}`", self.key), diff: String::new() },
        }))
    }

    async fn undo(&self, output: &Output, context: &Context) -> Result<()> {
        if output.existed && context.state.get(&self.key)?.is_none() {
            context.state.set(&self.key, output.previous.clone())?;
        }
        Ok(())
    }
}

impl InProcess for Remove {
    async fn run(&self, context: &Context) -> Result<Output> {
        let previous = context.state.remove(&self.key)?;
        Ok(Output { existed: previous.is_some(), previous: previous.unwrap_or_default() })
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::world::State;
    use serde_json::json;

    use super::*;
    use crate::testing::{World, decode};

    #[tokio::test]
    async fn what_is_removed_can_be_put_back() {
        let world = World::new();
        let step: Remove = decode(json!({"key": "a"})).unwrap();
        assert_eq!(step.plan(&world.context()).await, Ok(Some(Change::Nothing)));
        world.state.set("a", json!({"b": 1})).unwrap();
        let output = step.run(&world.context()).await.unwrap();
        assert_eq!(output, Output { previous: json!({"b": 1}), existed: true });
        assert_eq!(world.state.get("a"), Ok(None));
        step.undo(&output, &world.context()).await.unwrap();
        assert_eq!(world.state.get("a"), Ok(Some(json!({"b": 1}))));
        world.state.set("a", json!("theirs")).unwrap();
        step.undo(&output, &world.context()).await.unwrap();
        assert_eq!(world.state.get("a"), Ok(Some(json!("theirs"))));
    }
}
