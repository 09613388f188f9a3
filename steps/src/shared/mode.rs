//! Permission bits as people write them.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Permission bits in octal, as text such as `"0640"`. A number is refused: YAML reads `0640` as six hundred and forty.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mode(pub u32);

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04o}", self.0)
    }
}

impl<'de> Deserialize<'de> for Mode {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Octal).map(Self)
    }
}

struct Octal;

impl Visitor<'_> for Octal {
    type Value = u32;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("permissions as octal text in quotes, such as \"0644\"")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<u32, E> {
        let octal = (3..=4).contains(&text.len()) && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
        let wrong = || E::invalid_value(serde::de::Unexpected::Str(text), &self);
        if octal { u32::from_str_radix(text, 8).map_err(|_| wrong()) } else { Err(wrong()) }
    }
}

impl Serialize for Mode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Mode {
    fn schema_name() -> Cow<'static, str> {
        "Mode".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "pattern": "^[0-7]{3,4}$", "examples": ["0644", "0600"]})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn modes_are_octal_text() {
        for (text, bits) in [("0644", 0o644), ("755", 0o755), ("4755", 0o4755)] {
            assert_eq!(serde_json::from_value::<Mode>(json!(text)).unwrap().0, bits);
        }
        for wrong in [json!(644), json!("rw"), json!("0688"), json!("+644"), json!(""), json!("00644"), json!("٠٦٤")]
        {
            let error = serde_json::from_value::<Mode>(wrong).unwrap_err().to_string();
            assert!(error.contains("octal text in quotes"), "{error}");
        }
    }
}
