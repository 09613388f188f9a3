//! `log.print`.

use runner_sdk::step::Nothing;
use runner_sdk::{Ability, Context, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a message matters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// Good to know.
    #[default]
    Info,
    /// Something to look at; each line begins with `warning:`.
    Warning,
    /// Something is wrong, and the run goes on; each line begins with `error:`.
    Error,
}

/// Prints a message to the log of the run.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Print {
    /// The message; it may have several lines.
    pub message: String,
    /// How much it matters.
    #[serde(default)]
    pub level: Level,
}

impl Step for Print {
    type Output = Nothing;
    const NAME: &'static str = "log.print";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const SPEAKS: bool = true;
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a warning",
        "- id: tell
  uses: log.print
  with:
    message: run {{run.name}} deploys to production
    level: warning",
        "steps.tell.status == 'succeeded'",
    )];
}

impl InProcess for Print {
    async fn run(&self, context: &Context) -> Result<Nothing> {
        let mark = match self.level {
            Level::Info => "",
            Level::Warning => "warning: ",
            Level::Error => "error: ",
        };
        for line in self.message.lines() {
            context.log(format!("{mark}{line}"));
        }
        Ok(Nothing {})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::World;

    #[tokio::test]
    async fn every_line_of_a_message_is_logged_with_its_level() {
        let world = World::new();
        world.run::<Print>(json!({"message": "one\ntwo\n"})).await.unwrap();
        world.run::<Print>(json!({"message": "three\r\nfour", "level": "warning"})).await.unwrap();
        world.run::<Print>(json!({"message": ""})).await.unwrap();
        assert_eq!(world.log.lines(), ["one", "two", "warning: three", "warning: four"]);
    }
}
