//! The functions that ask how the run goes. What there is, and from one type to another.

use super::{Function, On};
use crate::expression::shape::Type;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new(
        "success",
        "success()",
        "in `when`: no need failed, was cancelled, or was skipped because of one that was",
        Type::Bool,
    )
    .called(&[0])
    .examples(&[("success()", "true")]),
    Function::new("failure", "failure()", "in `when`: there is a failure among all needs of the needs", Type::Bool)
        .called(&[0])
        .examples(&[("failure()", "false")]),
    Function::new("always", "always()", "in `when`: true whatever happened", Type::Bool)
        .called(&[0])
        .examples(&[("always()", "true")]),
    Function::new("has", "has(VALUE.FIELD)", "whether an object has a field, be it null", Type::Bool)
        .called(&[1])
        .examples(&[("has(inputs.a) && !has(inputs.zz)", "true")]),
    Function::new("size", "size(VALUE)", "how many items, fields or characters there are", Type::Int)
        .called(&[1])
        .on(&[On::Text, On::List, On::Object], &[0])
        .examples(&[("size(inputs.list)", "3"), ("'né'.size()", "2")]),
    Function::new("type", "type(VALUE)", "the type of a value, to compare with `int`, `string` …", Type::Dyn)
        .called(&[1])
        .examples(&[("type(1) == int", "true")]),
    Function::new("dyn", "dyn(VALUE)", "the value, with its type forgotten by the check", Type::Dyn)
        .called(&[1])
        .examples(&[("dyn('a') == 'a'", "true")]),
    Function::new("bool", "bool(VALUE)", "a boolean from text", Type::Bool)
        .called(&[1])
        .examples(&[("bool('true')", "true")]),
    Function::new("int", "int(VALUE)", "a whole number from text, a number (cut) or a timestamp (seconds)", Type::Int)
        .called(&[1])
        .examples(&[("int('12') + int(3.9)", "15")]),
    Function::new("uint", "uint(VALUE)", "an unsigned whole number", Type::Uint)
        .called(&[1])
        .examples(&[("uint(3) == 3u", "true")]),
    Function::new("double", "double(VALUE)", "a number with a fraction", Type::Double)
        .called(&[1])
        .examples(&[("double(3) / 2.0", "1.5")]),
    Function::new("string", "string(VALUE)", "text from a number, boolean, duration or timestamp", Type::String)
        .called(&[1])
        .examples(&[("string(1) + 's'", r#""1s""#)]),
    Function::new("duration", "duration(TEXT)", "a span of time from text such as `90s` or `1h30m`", Type::Duration)
        .called(&[1])
        .examples(&[("duration('1h30m') > duration('80m')", "true")]),
    Function::new("timestamp", "timestamp(TEXT)", "an instant from RFC 3339 text or seconds", Type::Timestamp)
        .called(&[1])
        .examples(&[("timestamp('2026-01-02T03:04:05Z').getFullYear()", "2026")]),
];
