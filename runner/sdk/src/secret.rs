//! Outputs that nobody may see.

use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Serialize};

/// A text that is secret, such as a join token: as a field of a step's outputs it is sealed before it is written down, and
/// masked in everything that is printed from then on. Later steps use it like any text.
///
/// Where it depends on `with:` whether outputs are secret, the field that says so names them in its schema instead:
/// `#[schemars(extend("x-seals" = ["stdout"]))]`.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl JsonSchema for Secret {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Secret".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "x-secret": true})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_not_printed_and_its_schema_says_what_it_is() {
        #[derive(Debug, Serialize, Deserialize, JsonSchema)]
        struct Output {
            /// The token.
            token: Option<Secret>,
        }
        let output: Output = serde_json::from_str(r#"{"token": "hunter2"}"#).unwrap();
        assert!(!format!("{output:?}").contains("hunter2"));
        assert_eq!(serde_json::to_string(&output).unwrap(), r#"{"token":"hunter2"}"#);
        let settings = schemars::generate::SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
        let schema = settings.into_generator().into_root_schema_for::<Output>().to_value();
        assert!(schema["properties"]["token"].to_string().contains(r#""x-secret":true"#), "{schema}");
    }
}
