//! `assert.that`.

use runner_sdk::step::Nothing;
use runner_sdk::{Ability, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::Deserialize;

/// Fails unless a claim holds.
///
/// `that` is an expression like those of `when`, over inputs and the outputs of earlier steps. It is not retried: what it
/// speaks of does not change by waiting.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct That {
    /// The claim, an expression that is true or false, such as `steps.count.outputs.json.ready == 3`.
    #[schemars(extend("x-cel" = "bool"))]
    pub that: bool,
    /// What to say when it does not hold.
    pub message: Option<String>,
}

impl Step for That {
    type Output = Nothing;
    const NAME: &'static str = "assert.that";
    const IDEMPOTENT: bool = true;
    const INSTANT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "an output of an earlier step",
        "- id: count
  uses: exec.run
  with: {argv: [echo, '{\"ready\": 3}'], capture: json}
- id: enough
  uses: assert.that
  with:
    that: steps.count.outputs.json.ready >= 3
    message: only {{steps.count.outputs.json.ready}} are ready, and 3 are needed",
        "steps.enough.status == 'succeeded'",
    )];
}

impl InProcess for That {
    async fn run(&self, _: &Context) -> Result<Nothing> {
        match &self.message {
            _ if self.that => Ok(Nothing {}),
            Some(message) => Err(Error::permanent(message.clone())),
            None => Err(Error::permanent("the claim does not hold").hint("say what it means with `message`")),
        }
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::{ErrorKind, StepType};
    use serde_json::json;

    use super::*;
    use crate::testing::World;

    #[tokio::test]
    async fn a_claim_that_does_not_hold_fails_for_good_with_its_message() {
        assert_eq!(World::new().run::<That>(json!({"that": true})).await, Ok(Nothing {}));
        let with = json!({"that": false, "message": "only 2 are ready"});
        let error = World::new().run::<That>(with).await.unwrap_err();
        assert_eq!((error.kind, error.message.as_str()), (ErrorKind::Permanent, "only 2 are ready"));
        assert!(World::new().run::<That>(json!({"that": false})).await.is_err());
    }

    #[test]
    fn the_schema_says_that_the_claim_is_an_expression() {
        let schema = StepType::in_process::<That>().with_schema();
        assert_eq!(schema["properties"]["that"]["x-cel"], "bool");
        assert_eq!(schema["required"], json!(["that"]));
    }
}
