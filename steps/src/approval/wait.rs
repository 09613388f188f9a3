//! `approval.wait`.

use std::collections::BTreeMap;

use runner_sdk::{Ability, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Waits until a person approves.
///
/// On a terminal the person is asked there. Elsewhere the run goes on as far as it can and then pauses with exit code 22;
/// nothing of it lives meanwhile. `runner approve RUN STEP` answers, at any time and from anywhere; `--reject` fails the
/// step. It has no timeout of its own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// What the person is asked.
    pub message: String,
    /// What the person is to give besides: a form, by the names of its fields.
    #[serde(default)]
    pub inputs: BTreeMap<String, Field>,
}

/// A field of the form.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// What it takes.
    #[serde(default, rename = "type")]
    pub kind: FieldType,
    /// What it is for.
    pub description: Option<String>,
    /// Its value where the person gives none. Without one a value is required.
    pub default: Option<Value>,
    /// The values that are allowed.
    #[serde(rename = "enum")]
    pub choices: Option<Vec<Value>>,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// Text.
    #[default]
    String,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Who approved.
    pub who: String,
    /// When, in RFC 3339.
    pub at: String,
    /// What they said besides; empty where they said nothing.
    pub comment: String,
    /// The values of the form.
    pub inputs: Map<String, Value>,
}

impl FieldType {
    fn fits(self, value: &Value) -> bool {
        match self {
            Self::String => value.is_string(),
            Self::Integer => value.is_i64() || value.is_u64(),
            Self::Number => value.is_number(),
            Self::Boolean => value.is_boolean(),
        }
    }
}

impl Step for Wait {
    type Output = Output;
    const NAME: &'static str = "approval.wait";
    const IDEMPOTENT: bool = true;
    const WAITS: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Asks, Ability::Traceless];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "somebody approves a release, and says where; here nobody is asked, since it is only a test",
        "- id: release
  when: run.workflow == 'release'
  uses: approval.wait
  with:
    message: Release version 1.2.3?
    inputs:
      region: {enum: [eastus, westus], description: Where it goes first}
      percent: {type: integer, default: 10}",
        "steps.release.status == 'skipped'",
    )];

    fn validate(&self) -> Result<()> {
        for (name, field) in &self.inputs {
            let values = field.choices.iter().flatten().chain(&field.default);
            if let Some(value) = values.into_iter().find(|value| !field.kind.fits(value)) {
                return Err(Error::input(format!("`inputs.{name}`: `{value}` is not of its type")));
            }
            let allowed = |value: &Value| field.choices.as_ref().is_none_or(|choices| choices.contains(value));
            if let Some(value) = field.default.as_ref().filter(|value| !allowed(value)) {
                return Err(Error::input(format!("`inputs.{name}`: the default `{value}` is not one of its `enum`")));
            }
        }
        Ok(())
    }
}

impl InProcess for Wait {
    /// A person answers it; there is nothing to run.
    async fn run(&self, _: &Context) -> Result<Output> {
        Err(Error::permanent("`approval.wait` is answered by a person, and never run"))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::decode;

    #[test]
    fn a_default_or_choice_of_another_type_is_refused() {
        for wrong in [
            json!({"n": {"type": "integer", "default": "x"}}),
            json!({"n": {"enum": [1]}}),
            json!({"n": {"enum": ["a"], "default": "b"}}),
        ] {
            let step: Wait = decode(json!({"message": "go?", "inputs": wrong.clone()})).unwrap();
            assert!(step.validate().is_err(), "{wrong}");
        }
        let right =
            json!({"message": "go?", "inputs": {"n": {"type": "number", "default": 1, "enum": [1, 2.5]}, "s": {}}});
        decode::<Wait>(right).unwrap().validate().unwrap();
    }
}
