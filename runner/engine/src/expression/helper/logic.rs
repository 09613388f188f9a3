//! Helpers that decide, for `{{#if (…)}}`, and `default`.

use std::cmp::Ordering;

use handlebars::JsonTruthy;
use serde_json::Value;

use super::{ANY, Arguments, Helper, example};
use crate::expression::shape::{Type, kind};

pub(super) static HELPERS: &[Helper] = &[
    Helper::new(
        "default",
        "default VALUE FALLBACK",
        "the value, or the fallback where the value is null or not there",
        Type::Dyn,
        |arguments| Ok(arguments[usize::from(arguments[0].is_null())].clone().into_owned()),
    )
    .takes(2, 2)
    .lenient()
    .examples(&[
        example(r#"{{default inputs.x "none"}}"#, r#"{"x": null}"#, r#""none""#),
        example("{{default inputs.labels.tier 3}}", r#"{"labels": {}}"#, "3"),
        example(r#"{{default inputs.x "none"}}"#, r#"{"x": ""}"#, r#""""#),
    ]),
    Helper::new(
        "eq",
        "eq A B",
        "whether two values are equal; `1` equals `1.0`, never `\"1\"`",
        Type::Bool,
        |arguments| Ok(equal(&arguments[0], &arguments[1]).into()),
    )
    .takes(2, 2)
    .examples(&[
        example(r#"{{#if (eq inputs.x "prod")}}yes{{else}}no{{/if}}"#, r#"{"x": "prod"}"#, r#""yes""#),
        example("{{eq inputs.x 1.0}}", r#"{"x": 1}"#, "true"),
    ]),
    Helper::new("ne", "ne A B", "whether two values differ", Type::Bool, |arguments| {
        Ok((!equal(&arguments[0], &arguments[1])).into())
    })
    .takes(2, 2)
    .examples(&[example(r#"{{ne inputs.x "1"}}"#, r#"{"x": 1}"#, "true")]),
    Helper::new("lt", "lt A B", "whether a number or a text is less than another", Type::Bool, |arguments| {
        Ok(order(arguments)?.is_lt().into())
    })
    .takes(2, 2)
    .examples(&[example("{{lt inputs.x 2.5}}", r#"{"x": 2}"#, "true")]),
    Helper::new("le", "le A B", "whether a number or a text is less than another or equal", Type::Bool, |arguments| {
        Ok(order(arguments)?.is_le().into())
    })
    .takes(2, 2)
    .examples(&[example(r#"{{le inputs.x "b"}}"#, r#"{"x": "b"}"#, "true")]),
    Helper::new("gt", "gt A B", "whether a number or a text is greater than another", Type::Bool, |arguments| {
        Ok(order(arguments)?.is_gt().into())
    })
    .takes(2, 2)
    .examples(&[example("{{gt (length inputs.x) 0}}", r#"{"x": []}"#, "false")]),
    Helper::new(
        "ge",
        "ge A B",
        "whether a number or a text is greater than another or equal",
        Type::Bool,
        |arguments| Ok(order(arguments)?.is_ge().into()),
    )
    .takes(2, 2)
    .examples(&[example("{{ge inputs.x 3}}", r#"{"x": 3}"#, "true")]),
    Helper::new(
        "and",
        "and A B …",
        "whether all hold; null, false, 0 and what is empty do not hold",
        Type::Bool,
        |arguments| Ok(arguments.iter().all(|value| value.is_truthy(false)).into()),
    )
    .takes(2, ANY)
    .examples(&[example("{{and inputs.a inputs.b true}}", r#"{"a": "x", "b": []}"#, "false")]),
    Helper::new(
        "or",
        "or A B …",
        "whether any holds; null, false, 0 and what is empty do not hold",
        Type::Bool,
        |arguments| Ok(arguments.iter().any(|value| value.is_truthy(false)).into()),
    )
    .takes(2, ANY)
    .examples(&[example("{{or inputs.a inputs.b}}", r#"{"a": "", "b": 1}"#, "true")]),
    Helper::new(
        "not",
        "not A",
        "whether it does not hold; null, false, 0 and what is empty do not hold",
        Type::Bool,
        |arguments| Ok((!arguments[0].is_truthy(false)).into()),
    )
    .examples(&[example("{{#if (not inputs.a)}}none{{/if}}", r#"{"a": []}"#, r#""none""#)]),
];

/// Equality in which `1` is `1.0`, also inside lists and objects.
pub(super) fn equal(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(_), Value::Number(_)) => numbers(a, b) == Some(Ordering::Equal),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| equal(a, b)))
        }
        (a, b) => a == b,
    }
}

fn numbers(a: &Value, b: &Value) -> Option<Ordering> {
    match (a.as_i64(), b.as_i64(), a.as_u64(), b.as_u64()) {
        (Some(a), Some(b), ..) => Some(a.cmp(&b)),
        (.., Some(a), Some(b)) => Some(a.cmp(&b)),
        _ => a.as_f64()?.partial_cmp(&b.as_f64()?),
    }
}

fn order(arguments: &Arguments<'_>) -> Result<Ordering, String> {
    let (a, b) = (&*arguments[0], &*arguments[1]);
    let found = match (a, b) {
        (Value::String(a), Value::String(b)) => Some(a.cmp(b)),
        (Value::Number(_), Value::Number(_)) => numbers(a, b),
        _ => None,
    };
    found.ok_or_else(|| format!("{} and {} have no order; two numbers or two strings have", kind(a), kind(b)))
}
