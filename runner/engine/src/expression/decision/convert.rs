//! Between JSON and the values of CEL, by hand.
//!
//! The crate's own conversion makes every non-negative integer unsigned, so `steps.a.n + 1` would fail.

use std::collections::HashMap;
use std::sync::Arc;

use cel::Value as Cel;
use cel::objects::{Key, Map as CelMap, OptionalValue};
use serde_json::{Number, Value};

/// JSON as CEL sees it: a whole number is an int where it fits, then a uint, else a double.
pub(super) fn to_cel(value: &Value) -> Cel {
    match value {
        Value::Null => Cel::Null,
        Value::Bool(inner) => Cel::Bool(*inner),
        Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(whole), _) => Cel::Int(whole),
            (None, Some(whole)) => Cel::UInt(whole),
            (None, None) => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => Cel::String(Arc::new(text.clone())),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_cel).collect())),
        Value::Object(fields) => map(fields.iter().map(|(name, value)| (name.clone(), to_cel(value)))),
    }
}

/// JSON of which every number is a double.
pub(super) fn to_double(value: &Value) -> Cel {
    match value {
        Value::Number(number) => Cel::Float(number.as_f64().unwrap_or(f64::NAN)),
        Value::Array(items) => Cel::List(Arc::new(items.iter().map(to_double).collect())),
        other => to_cel(other),
    }
}

/// An object of CEL.
pub(super) fn map(fields: impl Iterator<Item = (String, Cel)>) -> Cel {
    let fields: HashMap<Key, Cel> = fields.map(|(name, value)| (Key::String(Arc::new(name)), value)).collect();
    Cel::Map(CelMap { map: Arc::new(fields) })
}

/// CEL as JSON. Durations become text like `90s`, timestamps RFC 3339; an optional is its value or null.
///
/// # Errors
/// What has no JSON: bytes, numbers that are none, types.
pub(super) fn to_json(value: &Cel) -> Result<Value, String> {
    Ok(match value {
        Cel::Null => Value::Null,
        Cel::Bool(inner) => Value::Bool(*inner),
        Cel::Int(whole) => Value::from(*whole),
        Cel::UInt(whole) => Value::from(*whole),
        Cel::Float(number) => Value::Number(
            Number::from_f64(*number).ok_or_else(|| format!("the result is {number}, which is no number in JSON"))?,
        ),
        Cel::String(text) => Value::String(text.to_string()),
        Cel::List(items) => items.iter().map(to_json).collect::<Result<_, _>>()?,
        Cel::Map(inner) => {
            let mut fields: Vec<(String, &Cel)> = inner.map.iter().map(|(key, value)| (name(key), value)).collect();
            fields.sort_by(|a, b| a.0.cmp(&b.0));
            let fields = fields.into_iter().map(|(name, value)| Ok((name, to_json(value)?)));
            Value::Object(fields.collect::<Result<_, String>>()?)
        }
        Cel::Duration(span) => Value::String(duration(span.num_seconds(), span.subsec_nanos())),
        Cel::Timestamp(instant) => Value::String(instant.to_rfc3339()),
        Cel::Bytes(_) => {
            return Err("the result is bytes, which have no JSON; `string(…)` makes text of them".to_owned());
        }
        Cel::Opaque(_) => match <&OptionalValue>::try_from(value) {
            Ok(optional) => optional.value().map_or(Ok(Value::Null), to_json)?,
            Err(_) => return Err("the result is a type, not a value".to_owned()),
        },
        Cel::Function(..) | Cel::Struct(_) => return Err("the result is not a value".to_owned()),
    })
}

fn name(key: &Key) -> String {
    match key {
        Key::Int(whole) => whole.to_string(),
        Key::Uint(whole) => whole.to_string(),
        Key::Bool(inner) => inner.to_string(),
        Key::String(text) => text.to_string(),
    }
}

/// Seconds with as many decimals as needed, as CEL's own `string(duration)` writes them.
fn duration(seconds: i64, nanos: i32) -> String {
    let sign = if seconds < 0 || nanos < 0 { "-" } else { "" };
    let (seconds, nanos) = (seconds.unsigned_abs(), nanos.unsigned_abs());
    if nanos == 0 {
        return format!("{sign}{seconds}s");
    }
    let decimals = format!("{nanos:09}");
    format!("{sign}{seconds}.{}s", decimals.trim_end_matches('0'))
}

#[cfg(test)]
mod tests {
    use cel::Value as Cel;
    use serde_json::json;

    use super::{to_cel, to_json};

    #[test]
    fn whole_numbers_are_ints_where_they_fit() {
        assert_eq!(to_cel(&json!(1)), Cel::Int(1));
        assert_eq!(to_cel(&json!(-1)), Cel::Int(-1));
        assert_eq!(to_cel(&json!(u64::MAX)), Cel::UInt(u64::MAX));
        assert_eq!(to_cel(&json!(1.5)), Cel::Float(1.5));
    }

    #[test]
    fn json_survives_the_way_there_and_back() {
        let value = json!({"a": [1, -2, 1.5, "é", null, true, {"b": []}], "n": u64::MAX});
        assert_eq!(to_json(&to_cel(&value)), Ok(value));
    }

    #[test]
    fn what_has_no_json_is_refused() {
        assert!(to_json(&Cel::Float(f64::NAN)).unwrap_err().contains("NaN"));
        assert!(to_json(&Cel::Bytes(std::sync::Arc::new(vec![1]))).is_err());
    }
}
