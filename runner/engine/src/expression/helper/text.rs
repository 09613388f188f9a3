//! Helpers that change text.

use serde_json::Value;

use super::{Arguments, Helper, count, example, scalar, text};
use crate::expression::shape::Type;

/// Spaces that `indent` puts in front of a line at most.
const WIDEST: u64 = 200;

pub(super) static HELPERS: &[Helper] =
    &[
        Helper::new("lower", "lower TEXT", "the text in lower case", Type::String, lower).examples(&[example(
            "{{lower inputs.x}}",
            r#"{"x": "East-US É"}"#,
            r#""east-us é""#,
        )]),
        Helper::new("upper", "upper TEXT", "the text in upper case", Type::String, upper).examples(&[example(
            "{{upper inputs.x}}",
            r#"{"x": "east"}"#,
            r#""EAST""#,
        )]),
        Helper::new("trim", "trim TEXT", "the text without white space at both ends", Type::String, trim)
            .examples(&[example("[{{trim inputs.x}}]", r#"{"x": " a b\n"}"#, r#""[a b]""#)]),
        Helper::new("replace", "replace TEXT FROM TO", "the text with every `FROM` replaced", Type::String, replace)
            .takes(3, 3)
            .examples(&[example(r#"{{replace inputs.x "." "-"}}"#, r#"{"x": "a.b.c"}"#, r#""a-b-c""#)]),
        Helper::new(
            "indent",
            "indent TEXT SPACES",
            "the text with every line that is not empty moved right",
            Type::String,
            indent,
        )
        .takes(2, 2)
        .examples(&[example("{{indent inputs.x 2}}", r#"{"x": "a:\n  b\n\nc"}"#, r#""  a:\n    b\n\n  c""#)]),
        Helper::new(
            "nindent",
            "nindent TEXT SPACES",
            "a line break, then the text as `indent` gives it",
            Type::String,
            nindent,
        )
        .takes(2, 2)
        .examples(&[example(
            "k:{{nindent (yaml inputs.x) 2}}",
            r#"{"x": {"a": 1, "b": 2}}"#,
            r#""k:\n  a: 1\n  b: 2""#,
        )]),
        Helper::new(
            "split",
            "split TEXT SEPARATOR",
            "the parts of the text as a list; of an empty text none",
            Type::Dyn,
            split,
        )
        .takes(2, 2)
        .examples(&[
            example(r#"{{split inputs.x ","}}"#, r#"{"x": "a,b,"}"#, r#"["a", "b", ""]"#),
            example(r#"{{split inputs.x ","}}"#, r#"{"x": ""}"#, "[]"),
        ]),
        Helper::new("basename", "basename PATH", "the last part of a path", Type::String, basename)
            .examples(&[example("{{basename inputs.x}}", r#"{"x": "/etc/k0s/k0s.yaml"}"#, r#""k0s.yaml""#)]),
        Helper::new(
            "dirname",
            "dirname PATH",
            "a path without its last part; `.` when it has only one",
            Type::String,
            dirname,
        )
        .examples(&[
            example("{{dirname inputs.x}}", r#"{"x": "/etc/k0s/k0s.yaml"}"#, r#""/etc/k0s""#),
            example("{{dirname inputs.x}}", r#"{"x": "a"}"#, r#"".""#),
            example("{{dirname inputs.x}}", r#"{"x": "/a/"}"#, r#""/""#),
        ]),
    ];

fn lower(arguments: &Arguments<'_>) -> Result<Value, String> {
    Ok(text(arguments, 0)?.to_lowercase().into())
}

fn upper(arguments: &Arguments<'_>) -> Result<Value, String> {
    Ok(text(arguments, 0)?.to_uppercase().into())
}

fn trim(arguments: &Arguments<'_>) -> Result<Value, String> {
    Ok(text(arguments, 0)?.trim().into())
}

fn replace(arguments: &Arguments<'_>) -> Result<Value, String> {
    let (text, from, to) = (text(arguments, 0)?, text(arguments, 1)?, text(arguments, 2)?);
    if from.is_empty() {
        return Err("argument 2 must not be empty".to_owned());
    }
    Ok(text.replace(from, to).into())
}

fn indented(arguments: &Arguments<'_>) -> Result<String, String> {
    let text = scalar(arguments, 0)?;
    let spaces = " ".repeat(count(arguments, 1, WIDEST)?);
    let mut moved = String::with_capacity(text.len() + spaces.len());
    for line in text.split_inclusive('\n') {
        if !line.trim_end_matches(['\r', '\n']).is_empty() {
            moved.push_str(&spaces);
        }
        moved.push_str(line);
    }
    Ok(moved)
}

fn indent(arguments: &Arguments<'_>) -> Result<Value, String> {
    indented(arguments).map(Value::String)
}

fn nindent(arguments: &Arguments<'_>) -> Result<Value, String> {
    indented(arguments).map(|text| format!("\n{text}").into())
}

fn split(arguments: &Arguments<'_>) -> Result<Value, String> {
    let (text, separator) = (text(arguments, 0)?, text(arguments, 1)?);
    if separator.is_empty() {
        return Err("argument 2 must not be empty".to_owned());
    }
    if text.is_empty() {
        return Ok(Value::Array(Vec::new()));
    }
    Ok(text.split(separator).map(Value::from).collect())
}

fn basename(arguments: &Arguments<'_>) -> Result<Value, String> {
    let path = text(arguments, 0)?;
    let trimmed = path.trim_end_matches('/');
    let last = trimmed.rsplit('/').next().unwrap_or_default();
    Ok(if trimmed.is_empty() && !path.is_empty() { "/" } else { last }.into())
}

fn dirname(arguments: &Arguments<'_>) -> Result<Value, String> {
    let path = text(arguments, 0)?;
    let trimmed = path.trim_end_matches('/');
    let parent = match trimmed.rsplit_once('/') {
        Some((parent, _)) => parent.trim_end_matches('/'),
        None if trimmed.is_empty() && !path.is_empty() => "",
        None => return Ok(".".into()),
    };
    Ok(if parent.is_empty() { "/" } else { parent }.into())
}
