//! Status codes: which are expected, and what an unexpected one means.

use std::borrow::Cow;
use std::fmt;

use runner_sdk::ErrorKind;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{Deserializer, Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};

/// Status codes as people write them: `200`, `2xx`, `200-204`, or a list of these.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statuses(Vec<(u16, u16)>);

impl Statuses {
    /// All that mean success: 200 to 299.
    pub fn success() -> Self {
        Self(vec![(200, 299)])
    }

    /// Whether a code is among them.
    pub fn contains(&self, status: u16) -> bool {
        self.0.iter().any(|(first, last)| (*first..=*last).contains(&status))
    }
}

/// What trying again after an unexpected status can bring.
pub(super) fn kind(status: u16) -> ErrorKind {
    match status {
        // Request timeout, too early, too many requests, and what the server says is its own fault.
        408 | 425 | 429 | 500.. => ErrorKind::Transient,
        _ => ErrorKind::Permanent,
    }
}

/// A code with the words that people know it by.
pub(super) fn shown(status: u16) -> String {
    let words = match status {
        301 => " Moved Permanently",
        302 => " Found",
        304 => " Not Modified",
        307 => " Temporary Redirect",
        308 => " Permanent Redirect",
        400 => " Bad Request",
        401 => " Unauthorized",
        403 => " Forbidden",
        404 => " Not Found",
        405 => " Method Not Allowed",
        408 => " Request Timeout",
        409 => " Conflict",
        410 => " Gone",
        413 => " Content Too Large",
        415 => " Unsupported Media Type",
        422 => " Unprocessable Content",
        425 => " Too Early",
        429 => " Too Many Requests",
        500 => " Internal Server Error",
        501 => " Not Implemented",
        502 => " Bad Gateway",
        503 => " Service Unavailable",
        504 => " Gateway Timeout",
        _ => "",
    };
    format!("{status}{words}")
}

fn parse(text: &str) -> Option<(u16, u16)> {
    let code = |text: &str| text.parse().ok().filter(|code| text.len() == 3 && (100..=599).contains(code));
    if let Some(class) = text.strip_suffix("xx") {
        let hundred = class.parse::<u16>().ok().filter(|class| text.len() == 3 && (1..=5).contains(class))? * 100;
        return Some((hundred, hundred + 99));
    }
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (code(first)?, code(last)?);
    (first <= last).then_some((first, last))
}

impl fmt::Display for Statuses {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, (first, last)) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            match (first, last) {
                (first, last) if first == last => write!(f, "{comma}{first}")?,
                (first, last) if first % 100 == 0 && first + 99 == *last => write!(f, "{comma}{}xx", first / 100)?,
                (first, last) => write!(f, "{comma}{first}-{last}")?,
            }
        }
        Ok(())
    }
}

struct Written;

impl<'de> Visitor<'de> for Written {
    type Value = Statuses;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a status such as `200`, `2xx` or `200-204`, or a list of these")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Statuses, E> {
        let bad = || E::custom(format!("`{text}` is not a status: write it like `200`, `2xx` or `200-204`"));
        parse(text).map(|range| Statuses(vec![range])).ok_or_else(bad)
    }

    fn visit_u64<E: serde::de::Error>(self, code: u64) -> Result<Statuses, E> {
        self.visit_str(&code.to_string())
    }

    fn visit_i64<E: serde::de::Error>(self, code: i64) -> Result<Statuses, E> {
        self.visit_str(&code.to_string())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Statuses, A::Error> {
        let mut ranges = Vec::new();
        while let Some(Statuses(item)) = list.next_element()? {
            ranges.extend(item);
        }
        if ranges.is_empty() { Err(A::Error::custom("no status is expected")) } else { Ok(Statuses(ranges)) }
    }
}

impl<'de> Deserialize<'de> for Statuses {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

impl Serialize for Statuses {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|range| Self(vec![*range]).to_string()))
    }
}

impl JsonSchema for Statuses {
    fn schema_name() -> Cow<'static, str> {
        "Statuses".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let one = json_schema!({
            "type": ["string", "integer"],
            "pattern": "^([1-5][0-9][0-9](-[1-5][0-9][0-9])?|[1-5]xx)$",
            "minimum": 100,
            "maximum": 599,
        });
        json_schema!({"oneOf": [one, {"type": "array", "items": one, "minItems": 1}]})
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(value: Value) -> Result<Statuses, String> {
        serde_json::from_value(value).map_err(|error| error.to_string())
    }

    #[test]
    fn statuses_are_read_and_shown_as_people_write_them() {
        for (written, shown, inside, outside) in [
            (json!(404), "404", 404, 200),
            (json!("204"), "204", 204, 205),
            (json!("3xx"), "3xx", 399, 400),
            (json!("200-204"), "200-204", 202, 205),
            (json!(["2xx", 404, "409-410"]), "2xx, 404, 409-410", 410, 405),
        ] {
            let statuses = read(written).unwrap();
            assert_eq!(statuses.to_string(), shown);
            assert!(statuses.contains(inside) && !statuses.contains(outside), "{shown}");
            assert_eq!(read(serde_json::to_value(&statuses).unwrap()), Ok(statuses));
        }
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for wrong in [json!(99), json!(600), json!(-200), json!("xx"), json!("6xx"), json!("+xx"), json!("204-200")] {
            let error = read(wrong.clone()).unwrap_err();
            assert!(error.contains("is not a status: write it like `200`"), "{wrong}: {error}");
        }
        assert!(read(json!([])).unwrap_err().contains("no status is expected"));
        assert!(read(json!(true)).unwrap_err().contains("expected a status such as `200`"));
    }

    #[test]
    fn only_what_may_pass_is_worth_another_try() {
        for status in [408, 425, 429, 500, 502, 503, 504] {
            assert_eq!(kind(status), ErrorKind::Transient, "{status}");
        }
        for status in [101, 200, 302, 400, 401, 403, 404, 409, 422] {
            assert_eq!(kind(status), ErrorKind::Permanent, "{status}");
        }
    }
}
