//! Helpers that look into lists and objects.

use serde_json::Value;

use super::{Arguments, Helper, example, list, object, plain, text, wrong};
use crate::expression::shape::Type;

pub(super) static HELPERS: &[Helper] = &[
    Helper::new("join", "join LIST SEPARATOR", "the items of a list as one text", Type::String, join)
        .takes(2, 2)
        .examples(&[example(r#"{{join inputs.x ", "}}"#, r#"{"x": ["a", 1, true]}"#, r#""a, 1, true""#)]),
    Helper::new("length", "length VALUE", "how many items, fields or characters there are", Type::Int, length)
        .examples(&[
            example("{{length inputs.x}}", r#"{"x": ["a", "b"]}"#, "2"),
            example("{{length inputs.x}}", r#"{"x": "né"}"#, "2"),
        ]),
    Helper::new("first", "first LIST", "the first item of a list", Type::Dyn, first).examples(&[example(
        "{{first inputs.x}}",
        r#"{"x": [{"a": 1}, 2]}"#,
        r#"{"a": 1}"#,
    )]),
    Helper::new("last", "last LIST", "the last item of a list", Type::Dyn, last).examples(&[example(
        "{{last inputs.x}}",
        r#"{"x": [1, 2]}"#,
        "2",
    )]),
    Helper::new("keys", "keys OBJECT", "the names in an object, sorted", Type::Dyn, keys).examples(&[example(
        "{{keys inputs.x}}",
        r#"{"x": {"b": 1, "a": 2}}"#,
        r#"["a", "b"]"#,
    )]),
    Helper::new("values", "values OBJECT", "what an object holds, in the order of its sorted names", Type::Dyn, values)
        .examples(&[example("{{values inputs.x}}", r#"{"x": {"b": 1, "a": 2}}"#, "[2, 1]")]),
    Helper::new(
        "lookup",
        "lookup VALUE KEY",
        "what stands behind a name or an index that is itself a value",
        Type::Dyn,
        lookup,
    )
    .takes(2, 2)
    .examples(&[
        example("{{lookup inputs.sizes inputs.region}}", r#"{"sizes": {"eu": 3}, "region": "eu"}"#, "3"),
        example("{{lookup inputs.x 1}}", r#"{"x": ["a", "b"]}"#, r#""b""#),
    ]),
    Helper::new(
        "contains",
        "contains VALUE PART",
        "whether a list has an item, an object a name, a text a part",
        Type::Bool,
        contains,
    )
    .takes(2, 2)
    .examples(&[
        example(r#"{{contains inputs.x "b"}}"#, r#"{"x": ["a", "b"]}"#, "true"),
        example(r#"{{contains inputs.x "bc"}}"#, r#"{"x": "abcd"}"#, "true"),
        example(r#"{{contains inputs.x "b"}}"#, r#"{"x": {"a": 1}}"#, "false"),
    ]),
];

fn join(arguments: &Arguments<'_>) -> Result<Value, String> {
    let separator = text(arguments, 1)?;
    let parts = list(arguments, 0)?.iter().enumerate().map(|(index, item)| {
        plain(item).ok_or_else(|| format!("item {index} of argument 1 must be a string, number or boolean"))
    });
    Ok(parts.collect::<Result<Vec<_>, _>>()?.join(separator).into())
}

fn length(arguments: &Arguments<'_>) -> Result<Value, String> {
    match &*arguments[0] {
        Value::Array(items) => Ok(items.len().into()),
        Value::Object(fields) => Ok(fields.len().into()),
        Value::String(text) => Ok(text.chars().count().into()),
        _ => Err(wrong(arguments, 0, "a list, an object or a string")),
    }
}

fn first(arguments: &Arguments<'_>) -> Result<Value, String> {
    list(arguments, 0)?.first().cloned().ok_or_else(|| "the list is empty".to_owned())
}

fn last(arguments: &Arguments<'_>) -> Result<Value, String> {
    list(arguments, 0)?.last().cloned().ok_or_else(|| "the list is empty".to_owned())
}

fn sorted<'a>(arguments: &'a Arguments<'_>) -> Result<Vec<(&'a String, &'a Value)>, String> {
    let mut fields: Vec<_> = object(arguments, 0)?.iter().collect();
    fields.sort_by_key(|(name, _)| *name);
    Ok(fields)
}

fn keys(arguments: &Arguments<'_>) -> Result<Value, String> {
    Ok(sorted(arguments)?.into_iter().map(|(name, _)| Value::from(name.as_str())).collect())
}

fn values(arguments: &Arguments<'_>) -> Result<Value, String> {
    Ok(sorted(arguments)?.into_iter().map(|(_, value)| value.clone()).collect())
}

fn lookup(arguments: &Arguments<'_>) -> Result<Value, String> {
    match (&*arguments[0], &*arguments[1]) {
        (Value::Object(fields), Value::String(name)) => {
            fields.get(name).cloned().ok_or_else(|| format!("there is no `{name}` in the object"))
        }
        (Value::Array(items), Value::Number(index)) => {
            let found = index.as_u64().and_then(|at| items.get(usize::try_from(at).ok()?));
            found.cloned().ok_or_else(|| format!("there is no item {index} in a list of {}", items.len()))
        }
        (Value::Object(_), _) => Err(wrong(arguments, 1, "a string")),
        (Value::Array(_), _) => Err(wrong(arguments, 1, "a whole number")),
        _ => Err(wrong(arguments, 0, "an object or a list")),
    }
}

fn contains(arguments: &Arguments<'_>) -> Result<Value, String> {
    match &*arguments[0] {
        Value::Array(items) => Ok(items.iter().any(|item| super::logic::equal(item, &arguments[1])).into()),
        Value::Object(fields) => Ok(fields.contains_key(text(arguments, 1)?).into()),
        Value::String(whole) => Ok(whole.contains(text(arguments, 1)?).into()),
        _ => Err(wrong(arguments, 0, "a list, an object or a string")),
    }
}
