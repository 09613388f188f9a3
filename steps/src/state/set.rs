//! `state.set`.

use runner_sdk::{Ability, Change, Context, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::check_key;

/// Leaves a value behind for later steps and later runs.
///
/// Undo puts back what stood there before, unless something else has been set since.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// The key, names joined by dots.
    pub key: String,
    /// The value, of any type.
    pub value: Value,
}

/// What stood there before.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The value that was replaced; null where there was none.
    pub previous: Value,
    /// Whether there was one.
    pub existed: bool,
}

impl Step for Set {
    type Output = Output;
    const NAME: &'static str = "state.set";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Undo];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a value, and what it replaced",
        "- id: first
  uses: state.set
  with: {key: gateway.address, value: 10.0.0.1}
- id: second
  uses: state.set
  with: {key: gateway.address, value: 10.0.0.2}",
        "!steps.first.outputs.existed && steps.second.outputs.previous == '10.0.0.1'",
    )];

    fn validate(&self) -> Result<()> {
        check_key(&self.key)
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let before = context.state.get(&self.key)?;
        Ok(Some(if before.as_ref() == Some(&self.value) {
            Change::Nothing
        } else {
            let what = if before.is_some() { "change" } else { "set" };
            Change::Would { summary: format!("would {what} the state `{}`", self.key), diff: String::new() }
        }))
    }

    async fn undo(&self, output: &Output, context: &Context) -> Result<()> {
        if context.state.get(&self.key)?.as_ref() != Some(&self.value) {
            context.log(format!("the state `{}` stays: something else has been set since", self.key));
        } else if output.existed {
            context.state.set(&self.key, output.previous.clone())?;
        } else {
            context.state.remove(&self.key)?;
        }
        Ok(())
    }
}

impl InProcess for Set {
    async fn run(&self, context: &Context) -> Result<Output> {
        let previous = context.state.set(&self.key, self.value.clone())?;
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
    async fn undo_puts_back_what_stood_there() {
        let world = World::new();
        world.state.set("a", json!(1)).unwrap();
        let step: Set = decode(json!({"key": "a", "value": 2})).unwrap();
        let output = step.run(&world.context()).await.unwrap();
        assert_eq!(output, Output { previous: json!(1), existed: true });
        step.undo(&output, &world.context()).await.unwrap();
        assert_eq!(world.state.get("a"), Ok(Some(json!(1))));
        step.undo(&output, &world.context()).await.unwrap();
        assert_eq!(world.state.get("a"), Ok(Some(json!(1))), "a second undo changes nothing");
    }

    #[tokio::test]
    async fn undo_removes_what_was_new_and_leaves_what_others_set() {
        let world = World::new();
        let step: Set = decode(json!({"key": "a", "value": null})).unwrap();
        let output = step.run(&world.context()).await.unwrap();
        assert_eq!(output, Output { previous: Value::Null, existed: false });
        step.undo(&output, &world.context()).await.unwrap();
        assert_eq!(world.state.get("a"), Ok(None));
        world.state.set("a", json!("theirs")).unwrap();
        step.undo(&output, &world.context()).await.unwrap();
        assert_eq!(world.state.get("a"), Ok(Some(json!("theirs"))));
    }

    #[tokio::test]
    async fn plan_compares_with_what_is_there() {
        let world = World::new();
        let step: Set = decode(json!({"key": "a", "value": {"b": 1}})).unwrap();
        let Some(Change::Would { summary, .. }) = step.plan(&world.context()).await.unwrap() else { panic!() };
        assert_eq!(summary, "would set the state `a`");
        step.run(&world.context()).await.unwrap();
        assert_eq!(step.plan(&world.context()).await, Ok(Some(Change::Nothing)));
    }
}
