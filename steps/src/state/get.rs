//! `state.get`.

use runner_sdk::{Ability, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{check_key, given};

/// Reads a value that an earlier run, or an earlier step, left behind.
///
/// The root `state` of expressions is as it was when the run started; this step sees what the run itself has written since.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Get {
    /// The key, names joined by dots.
    pub key: String,
    /// The value when there is none; without it, the step fails then.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Value>")]
    pub default: Option<Value>,
}

/// What was found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The value, or the default.
    pub value: Value,
    /// Whether there was one.
    pub found: bool,
}

impl Step for Get {
    type Output = Output;
    const NAME: &'static str = "state.get";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "what another step has set, and a default",
        "- id: remember
  uses: state.set
  with: {key: regions.eastus.version, value: 1.2.3}
- id: version
  uses: state.get
  with: {key: regions.eastus.version}
- id: none
  uses: state.get
  with: {key: regions.westeurope.version, default: none}",
        "steps.version.outputs.value == '1.2.3' && steps.none.outputs.value == 'none' && !steps.none.outputs.found",
    )];

    fn validate(&self) -> Result<()> {
        check_key(&self.key)
    }
}

impl InProcess for Get {
    async fn run(&self, context: &Context) -> Result<Output> {
        match (context.state.get(&self.key)?, &self.default) {
            (Some(value), _) => Ok(Output { value, found: true }),
            (None, Some(value)) => Ok(Output { value: value.clone(), found: false }),
            (None, None) => {
                let error = Error::permanent(format!("there is no state `{}`", self.key));
                Err(error.hint("give a `default` where it may be missing"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;
    use runner_sdk::world::State;
    use serde_json::json;

    use super::*;
    use crate::testing::{World, decode};

    #[tokio::test]
    async fn a_missing_value_needs_a_default_be_it_null() {
        let world = World::new();
        let error = world.run::<Get>(json!({"key": "a.b"})).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Permanent, "there is no state `a.b`"));
        let output = world.run::<Get>(json!({"key": "a.b", "default": null})).await.unwrap();
        assert_eq!(output, Output { value: Value::Null, found: false });
        world.state.set("a.b", json!([1])).unwrap();
        let output = world.run::<Get>(json!({"key": "a.b", "default": null})).await.unwrap();
        assert_eq!(output, Output { value: json!([1]), found: true });
    }

    #[test]
    fn keys_are_names_joined_by_dots() {
        for key in ["a", "a.b-c.d_e", "region.ü.1"] {
            assert!(decode::<Get>(json!({"key": key})).unwrap().validate().is_ok(), "{key}");
        }
        for key in ["", ".", "a.", ".a", "a..b", "a b", "a\n"] {
            assert!(decode::<Get>(json!({"key": key})).unwrap().validate().is_err(), "{key}");
        }
    }
}
