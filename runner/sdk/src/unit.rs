//! Durations and sizes as people write them: `90s`, `1h30m`, `4Gi`.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// A duration such as `250ms`, `90s`, `10m`, `2h30m` or `7d`; whole numbers with units, largest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(pub std::time::Duration);

/// A size in bytes such as `512`, `64Ki`, `4Gi`, `10M`; binary units end in `i`, as in Kubernetes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Size(pub u64);

/// Milliseconds in each unit of a duration, largest first.
const DURATION_UNITS: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Bytes in each unit of a size.
const SIZE_UNITS: [(&str, u64); 10] = [
    ("", 1),
    ("k", 1000),
    ("M", 1_000_000),
    ("G", 1_000_000_000),
    ("T", 1_000_000_000_000),
    ("Ki", 1 << 10),
    ("Mi", 1 << 20),
    ("Gi", 1 << 30),
    ("Ti", 1 << 40),
    ("Pi", 1 << 50),
];

impl Duration {
    /// Parses a duration; the error says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a duration: write it like `90s`, `10m` or `2h30m`");
        let (mut rest, mut total, mut next) = (text, 0_u64, 0);
        while !rest.is_empty() {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            let number: u64 = rest[..digits].parse().map_err(|_| bad())?;
            rest = &rest[digits..];
            let letters = rest.bytes().take_while(u8::is_ascii_alphabetic).count();
            let (at, unit) = DURATION_UNITS
                .iter()
                .enumerate()
                .skip(next)
                .find(|(_, (name, _))| *name == &rest[..letters])
                .map(|(at, (_, unit))| (at, *unit))
                .ok_or_else(bad)?;
            (rest, next) = (&rest[letters..], at + 1);
            total = number.checked_mul(unit).and_then(|ms| total.checked_add(ms)).ok_or_else(bad)?;
        }
        if next == 0 { Err(bad()) } else { Ok(Self(std::time::Duration::from_millis(total))) }
    }

    /// The duration in milliseconds.
    pub fn millis(self) -> u64 {
        u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX)
    }
}

impl Size {
    /// Parses a size; the error says what is expected.
    pub fn parse(text: &str) -> Result<Self, String> {
        let bad = || format!("`{text}` is not a size: write it like `512`, `64Ki` or `4Gi`");
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number: u64 = text[..digits].parse().map_err(|_| bad())?;
        let unit = SIZE_UNITS.iter().find(|(name, _)| *name == &text[digits..]).ok_or_else(bad)?.1;
        number.checked_mul(unit).map(Self).ok_or_else(bad)
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.millis();
        if rest == 0 {
            return f.write_str("0s");
        }
        for (name, unit) in DURATION_UNITS {
            if rest / unit > 0 {
                write!(f, "{}{name}", rest / unit)?;
                rest %= unit;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let exact = SIZE_UNITS.iter().skip(5).rev().find(|(_, unit)| self.0 != 0 && self.0.is_multiple_of(*unit));
        match exact {
            Some((name, unit)) => write!(f, "{}{name}", self.0 / unit),
            None => write!(f, "{}", self.0),
        }
    }
}

/// Text or a bare number (seconds for durations are refused: the unit is part of the value; bytes for sizes are not).
#[derive(Deserialize)]
#[serde(untagged)]
enum Written {
    Text(String),
    Number(u64),
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Written::deserialize(deserializer)? {
            Written::Text(text) => Self::parse(&text).map_err(serde::de::Error::custom),
            Written::Number(bytes) => Ok(Self(bytes)),
        }
    }
}

impl Serialize for Duration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl JsonSchema for Duration {
    fn schema_name() -> Cow<'static, str> {
        "Duration".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": "string", "format": "duration", "pattern": r"^([0-9]+(w|d|h|ms|m|s))+$"})
    }
}

impl JsonSchema for Size {
    fn schema_name() -> Cow<'static, str> {
        "Size".into()
    }

    fn inline_schema() -> bool {
        true
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({"type": ["string", "integer"], "format": "size", "pattern": "^[0-9]+([kMGT]|[KMGTP]i)?$", "minimum": 0})
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_and_written_as_people_write_them() {
        for (text, ms) in
            [("250ms", 250), ("90s", 90_000), ("10m", 600_000), ("2h30m", 9_000_000), ("7d", 604_800_000), ("0s", 0)]
        {
            assert_eq!(Duration::parse(text).map(Duration::millis), Ok(ms), "{text}");
        }
        assert_eq!(Duration::parse("90s").map(|d| d.to_string()), Ok("1m30s".to_owned()));
    }

    #[test]
    fn what_is_not_a_duration_is_refused() {
        for text in [
            "",
            "10",
            "m",
            "1.5h",
            "10x",
            "30m2h",
            "5s5s",
            "-1s",
            " 1s",
            "99999999999999999999s",
            "18446744073709551615w",
            "٣s",
            "1é",
        ] {
            assert!(Duration::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn sizes_are_read_and_written_as_people_write_them() {
        for (text, bytes) in [("0", 0), ("512", 512), ("64Ki", 65_536), ("4Gi", 1 << 32), ("10M", 10_000_000)] {
            assert_eq!(Size::parse(text).map(|s| s.0), Ok(bytes), "{text}");
        }
        assert_eq!(Size(4 << 30).to_string(), "4Gi");
        for text in ["", "Gi", "4GB", "1.5Gi", "-1", "99999999999Pi"] {
            assert!(Size::parse(text).is_err(), "{text}");
        }
    }
}
