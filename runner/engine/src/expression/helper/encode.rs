//! Helpers that write a value in another notation.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::{Arguments, Helper, example, list, plain, scalar, text, wrong};
use crate::expression::shape::Type;

pub(super) static HELPERS: &[Helper] = &[
    Helper::new("json", "json VALUE", "the value as JSON on one line", Type::String, |arguments| {
        Ok(arguments[0].to_string().into())
    })
    .examples(&[
        example("{{json inputs.tags}}", r#"{"tags": ["a", 1]}"#, r#""[\"a\",1]""#),
        example("x: {{json inputs.name}}", r#"{"name": "say \"hi\""}"#, r#""x: \"say \\\"hi\\\"\"""#),
    ]),
    Helper::new(
        "json_pretty",
        "json_pretty VALUE",
        "the value as JSON on many lines, indented by two",
        Type::String,
        json_pretty,
    )
    .examples(&[example("{{json_pretty inputs}}", r#"{"a": 1}"#, r#""{\n  \"a\": 1\n}""#)]),
    Helper::new(
        "yaml",
        "yaml VALUE",
        "the value as YAML, without a line break at the end",
        Type::String,
        |arguments| Ok(super::yaml::write(&arguments[0]).into()),
    )
    .examples(&[example(
        "{{yaml inputs.labels}}",
        r#"{"labels": {"app": "web", "on": "no"}}"#,
        r#""app: web\n\"on\": \"no\"""#,
    )]),
    Helper::new("base64", "base64 TEXT", "the text in base64 (standard alphabet, padded)", Type::String, base64)
        .examples(&[example("{{base64 inputs.x}}", r#"{"x": "hello"}"#, r#""aGVsbG8=""#)]),
    Helper::new(
        "base64_decode",
        "base64_decode TEXT",
        "the UTF-8 text behind base64; line breaks in it are passed over",
        Type::String,
        base64_decode,
    )
    .examples(&[example("{{base64_decode inputs.x}}", r#"{"x": "aGVs\nbG8="}"#, r#""hello""#)]),
    Helper::new("sha256", "sha256 TEXT", "the SHA-256 of the text, in hexadecimal", Type::String, sha256).examples(&[
        example(
            "{{sha256 inputs.x}}",
            r#"{"x": "abc"}"#,
            r#""ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad""#,
        ),
    ]),
    Helper::new(
        "quote",
        "quote VALUE",
        "a string, number or boolean in double quotes, as JSON and YAML read it",
        Type::String,
        quote,
    )
    .examples(&[
        example("name: {{quote inputs.x}}", r#"{"x": "a: \"b\"\n"}"#, r#""name: \"a: \\\"b\\\"\\n\"""#),
        example("{{quote inputs.x}}", r#"{"x": 1.20}"#, r#""\"1.2\"""#),
    ]),
    Helper::new(
        "shell_quote",
        "shell_quote VALUE",
        "one word for a POSIX shell; a list gives one word for each item",
        Type::String,
        shell_quote,
    )
    .examples(&[
        example("rm {{shell_quote inputs.x}}", r#"{"x": "it's here"}"#, r#""rm 'it'\\''s here'""#),
        example("{{shell_quote inputs.x}}", r#"{"x": ["a b", "c", ""]}"#, r#""'a b' c ''""#),
    ]),
    Helper::new(
        "url_encode",
        "url_encode TEXT",
        "the text with everything but letters, digits and `-._~` percent-encoded",
        Type::String,
        url_encode,
    )
    .examples(&[example("/q?x={{url_encode inputs.x}}", r#"{"x": "a b/é"}"#, r#""/q?x=a%20b%2F%C3%A9""#)]),
];

fn json_pretty(arguments: &Arguments<'_>) -> Result<Value, String> {
    serde_json::to_string_pretty(&*arguments[0]).map(Value::String).map_err(|error| error.to_string())
}

fn base64(arguments: &Arguments<'_>) -> Result<Value, String> {
    Ok(Value::String(STANDARD.encode(scalar(arguments, 0)?.as_bytes())))
}

fn base64_decode(arguments: &Arguments<'_>) -> Result<Value, String> {
    let packed: String = text(arguments, 0)?.split_ascii_whitespace().collect();
    let bytes = STANDARD.decode(packed).map_err(|error| format!("argument 1 is not base64: {error}").to_lowercase())?;
    let text = String::from_utf8(bytes).map_err(|_| "argument 1 is base64 of something that is not UTF-8 text")?;
    Ok(Value::String(text))
}

fn sha256(arguments: &Arguments<'_>) -> Result<Value, String> {
    use std::fmt::Write;
    let mut text = String::with_capacity(64);
    for byte in Sha256::digest(scalar(arguments, 0)?.as_bytes()) {
        // Writing into a `String` cannot fail.
        write!(text, "{byte:02x}").unwrap_or_default();
    }
    Ok(Value::String(text))
}

fn quote(arguments: &Arguments<'_>) -> Result<Value, String> {
    let text = scalar(arguments, 0)?.into_owned();
    Ok(Value::String(Value::String(text).to_string()))
}

fn shell_quote(arguments: &Arguments<'_>) -> Result<Value, String> {
    if arguments[0].is_array() {
        let words = list(arguments, 0)?.iter().map(|item| {
            let word = plain(item).ok_or("argument 1 must be a list of strings, numbers or booleans")?;
            shell_word(&word)
        });
        return Ok(Value::String(words.collect::<Result<Vec<_>, String>>()?.join(" ")));
    }
    let word = scalar(arguments, 0).map_err(|_| wrong(arguments, 0, "a string, number, boolean or a list of such"))?;
    shell_word(&word).map(Value::String)
}

fn shell_word(word: &str) -> Result<String, String> {
    if word.contains('\0') {
        return Err("a shell word cannot hold a zero byte".to_owned());
    }
    let safe = |c: char| c.is_ascii_alphanumeric() || "_@%+=:,./-".contains(c);
    if !word.is_empty() && word.chars().all(safe) {
        return Ok(word.to_owned());
    }
    Ok(format!("'{}'", word.replace('\'', "'\\''")))
}

fn url_encode(arguments: &Arguments<'_>) -> Result<Value, String> {
    use std::fmt::Write;
    let mut text = String::new();
    for byte in scalar(arguments, 0)?.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            // Writing into a `String` cannot fail.
            write!(text, "%{byte:02X}").unwrap_or_default();
        }
    }
    Ok(Value::String(text))
}
