//! Instants and spans of time. What may not be there: `a.?b`, `a[?b]`.

use super::{Function, On};
use crate::expression::shape::Type;

pub(super) static FUNCTIONS: &[Function] = &[
    Function::new("getFullYear", "TIMESTAMP.getFullYear([ZONE])", "the year", Type::Int)
        .on(&[On::Timestamp], &[0, 1])
        .wants(&[Type::String])
        .examples(&[("timestamp('2026-01-02T03:04:05Z').getFullYear()", "2026")]),
    Function::new("getMonth", "TIMESTAMP.getMonth([ZONE])", "the month, from 0", Type::Int)
        .on(&[On::Timestamp], &[0, 1])
        .wants(&[Type::String])
        .examples(&[("timestamp('2026-01-02T03:04:05Z').getMonth()", "0")]),
    Function::new("getDayOfMonth", "TIMESTAMP.getDayOfMonth([ZONE])", "the day of the month, from 0", Type::Int)
        .on(&[On::Timestamp], &[0, 1])
        .wants(&[Type::String])
        .examples(&[("timestamp('2026-01-02T03:04:05Z').getDayOfMonth()", "1")]),
    Function::new("getDate", "TIMESTAMP.getDate([ZONE])", "the day of the month, from 1", Type::Int)
        .on(&[On::Timestamp], &[0, 1])
        .wants(&[Type::String])
        .examples(&[("timestamp('2026-01-02T03:04:05Z').getDate()", "2")]),
    Function::new("getDayOfWeek", "TIMESTAMP.getDayOfWeek([ZONE])", "the day of the week, Sunday is 0", Type::Int)
        .on(&[On::Timestamp], &[0, 1])
        .wants(&[Type::String])
        .examples(&[("timestamp('2026-01-02T03:04:05Z').getDayOfWeek()", "5")]),
    Function::new("getDayOfYear", "TIMESTAMP.getDayOfYear([ZONE])", "the day of the year, from 0", Type::Int)
        .on(&[On::Timestamp], &[0, 1])
        .wants(&[Type::String])
        .examples(&[("timestamp('2026-01-02T03:04:05Z').getDayOfYear()", "1")]),
    Function::new("getHours", "VALUE.getHours([ZONE])", "hours of the day, or a duration in hours", Type::Int)
        .on(&[On::Timestamp, On::Duration], &[0, 1])
        .wants(&[Type::String])
        .examples(&[("duration('1h30m').getHours()", "1")]),
    Function::new("getMinutes", "VALUE.getMinutes([ZONE])", "minutes of the hour, or a duration in minutes", Type::Int)
        .on(&[On::Timestamp, On::Duration], &[0, 1])
        .wants(&[Type::String])
        .examples(&[("duration('1h30m').getMinutes()", "90")]),
    Function::new(
        "getSeconds",
        "VALUE.getSeconds([ZONE])",
        "seconds of the minute, or a duration in seconds",
        Type::Int,
    )
    .on(&[On::Timestamp, On::Duration], &[0, 1])
    .wants(&[Type::String])
    .examples(&[("duration('1h30m').getSeconds()", "5400")]),
    Function::new(
        "getMilliseconds",
        "VALUE.getMilliseconds([ZONE])",
        "milliseconds of the second, or a duration in milliseconds",
        Type::Int,
    )
    .on(&[On::Timestamp, On::Duration], &[0, 1])
    .wants(&[Type::String])
    .examples(&[("duration('1h30m').getMilliseconds()", "5400000")]),
    Function::new("optional.of", "optional.of(VALUE)", "a value that may be asked whether it is there", Type::Dyn)
        .called(&[1])
        .examples(&[("optional.of(1).hasValue()", "true")]),
    Function::new("optional.none", "optional.none()", "nothing, that may be asked", Type::Dyn)
        .called(&[0])
        .examples(&[("optional.none().orValue(2)", "2")]),
    Function::new(
        "optional.ofNonZeroValue",
        "optional.ofNonZeroValue(VALUE)",
        "the value unless it is empty, zero or false",
        Type::Dyn,
    )
    .called(&[1])
    .examples(&[("optional.ofNonZeroValue('').orValue('x')", r#""x""#)]),
    Function::new("hasValue", "OPTIONAL.hasValue()", "whether something is there", Type::Bool)
        .on(&[], &[0])
        .examples(&[("inputs.?zz.hasValue()", "false")]),
    Function::new("value", "OPTIONAL.value()", "what is there; fails where nothing is", Type::Dyn)
        .on(&[], &[0])
        .examples(&[("inputs.?a.value()", "1")]),
    Function::new("or", "OPTIONAL.or(OPTIONAL)", "the first that is there", Type::Dyn)
        .on(&[], &[1])
        .examples(&[("inputs.?zz.or(inputs.?a).value()", "1")]),
    Function::new("orValue", "OPTIONAL.orValue(VALUE)", "what is there, else the value", Type::Dyn)
        .on(&[], &[1])
        .examples(&[("inputs.?zz.orValue(5)", "5")]),
    Function::new("optMap", "OPTIONAL.optMap(NAME, VALUE)", "a value made of what is there", Type::Dyn)
        .on(&[], &[2])
        .examples(&[("inputs.?a.optMap(x, x + 1).orValue(0)", "2")]),
    Function::new("optFlatMap", "OPTIONAL.optFlatMap(NAME, OPTIONAL)", "an optional made of what is there", Type::Dyn)
        .on(&[], &[2])
        .examples(&[("inputs.?a.optFlatMap(x, optional.of(x)).value()", "1")]),
];
