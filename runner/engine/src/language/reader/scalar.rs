//! What a plain scalar is: the core schema of YAML 1.2 (section 10.3.2 of its specification).

use serde_json::{Number, Value};

pub(super) fn is_null(text: &str) -> bool {
    matches!(text, "" | "~" | "null" | "Null" | "NULL")
}

/// The value of a plain scalar. A number that JSON cannot hold stays text; the reader has reported it.
pub(super) fn resolve(text: &str) -> Value {
    match text {
        _ if is_null(text) => Value::Null,
        "true" | "True" | "TRUE" => Value::Bool(true),
        "false" | "False" | "FALSE" => Value::Bool(false),
        _ => number(text).map_or_else(|| Value::String(text.to_owned()), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    if let Some(digits) = text.strip_prefix("0x") {
        let all = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
        return u64::from_str_radix(digits, 16).ok().filter(|_| all).map(Number::from);
    }
    if let Some(digits) = text.strip_prefix("0o") {
        let all = digits.bytes().all(|byte| matches!(byte, b'0'..=b'7'));
        return u64::from_str_radix(digits, 8).ok().filter(|_| all).map(Number::from);
    }
    let (integer, float) = shape(text)?;
    if integer {
        let text = text.strip_prefix('+').unwrap_or(text);
        return text.parse::<i64>().map(Number::from).or_else(|_| text.parse::<u64>().map(Number::from)).ok();
    }
    float.then(|| text.parse::<f64>().ok().and_then(Number::from_f64)).flatten()
}

/// Whether it looks like an integer, and whether like a float: `[-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?`.
fn shape(text: &str) -> Option<(bool, bool)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole = digits(rest);
    let mut rest = &rest[whole..];
    if whole > 0 && rest.is_empty() {
        return Some((true, true));
    }
    if let Some(after) = rest.strip_prefix('.') {
        let fraction = digits(after);
        if whole == 0 && fraction == 0 {
            return None;
        }
        rest = &after[fraction..];
    } else if whole == 0 {
        return None;
    }
    if let Some(after) = rest.strip_prefix(['e', 'E']) {
        let after = after.strip_prefix(['-', '+']).unwrap_or(after);
        let exponent = digits(after);
        rest = if exponent > 0 { &after[exponent..] } else { return None };
    }
    rest.is_empty().then_some((false, true))
}

/// Whether it is a number by its looks that JSON cannot hold exactly: not finite, or beyond 64 bits.
pub(super) fn is_beyond_json(text: &str) -> bool {
    let special = text.strip_prefix(['-', '+']).unwrap_or(text);
    if matches!(special, ".inf" | ".Inf" | ".INF") || matches!(text, ".nan" | ".NaN" | ".NAN") {
        return true;
    }
    let radix = |prefix: &str, allowed: fn(&u8) -> bool| {
        text.strip_prefix(prefix).is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| allowed(&byte)))
    };
    let number_like =
        shape(text).is_some() || radix("0x", u8::is_ascii_hexdigit) || radix("0o", |byte| matches!(byte, b'0'..=b'7'));
    number_like && number(text).is_none()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn plain_scalars_follow_the_core_schema() {
        let cases = [
            ("", json!(null)),
            ("~", json!(null)),
            ("NULL", json!(null)),
            ("nULL", json!("nULL")),
            ("true", json!(true)),
            ("False", json!(false)),
            ("tRue", json!("tRue")),
            ("yes", json!("yes")),
            ("0", json!(0)),
            ("-7", json!(-7)),
            ("+12", json!(12)),
            ("18446744073709551615", json!(u64::MAX)),
            ("0x1F", json!(31)),
            ("0o17", json!(15)),
            ("0x", json!("0x")),
            ("0x+1", json!("0x+1")),
            ("0b1", json!("0b1")),
            ("1.", json!(1.0)),
            (".5", json!(0.5)),
            ("1e3", json!(1000.0)),
            ("-1.5E-2", json!(-0.015)),
            ("0644", json!(644)),
            (".", json!(".")),
            ("e3", json!("e3")),
            ("1e", json!("1e")),
            ("1_000", json!("1_000")),
            ("1.2.3", json!("1.2.3")),
            ("-", json!("-")),
            ("+", json!("+")),
            ("-.5", json!(-0.5)),
            ("1 2", json!("1 2")),
        ];
        for (text, value) in cases {
            assert_eq!(resolve(text), value, "{text}");
        }
    }

    #[test]
    fn what_json_cannot_hold_is_known() {
        for text in
            [".inf", "-.INF", ".nan", "1e999", "99999999999999999999999", "0xfffffffffffffffff", "-9223372036854775809"]
        {
            assert!(is_beyond_json(text), "{text}");
            assert!(resolve(text).is_string(), "{text}");
        }
        for text in ["1", "1e3", "inf", "0x", "v1.2", "0o8", ""] {
            assert!(!is_beyond_json(text), "{text}");
        }
    }
}
