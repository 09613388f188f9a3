//! YAML that every reader takes alike.
//!
//! A YAML 1.2 writer leaves `no`, `017` or `12:30` bare, and the 1.1 readers of Ansible, `PyYAML` and Kubernetes take them
//! for a boolean, an octal and a sexagesimal number. Here a string stands bare only where no reader can take it for
//! anything else.

use serde_json::Value;

/// Words that some reader takes for a boolean or null.
const WORDS: [&str; 12] = ["y", "n", "yes", "no", "on", "off", "true", "false", "null", "nan", "inf", "infinity"];

/// The value in block style, without a line break at the end unless the value itself ends in one.
pub(super) fn write(value: &Value) -> String {
    let mut text = String::new();
    match value {
        Value::Array(items) if !items.is_empty() => sequence(items, 0, &mut text),
        Value::Object(fields) if !fields.is_empty() => mapping(fields, 0, &mut text),
        scalar => one(scalar, 0, &mut text),
    }
    // A literal block that keeps its last line break needs it.
    if text.ends_with('\n') && !ends_in_kept_block(value) {
        text.pop();
    }
    text
}

fn ends_in_kept_block(value: &Value) -> bool {
    match value {
        Value::Array(items) => items.last().is_some_and(ends_in_kept_block),
        Value::Object(fields) => fields.values().next_back().is_some_and(ends_in_kept_block),
        Value::String(text) => text.ends_with('\n') && blockable(text),
        _ => false,
    }
}

fn mapping(fields: &serde_json::Map<String, Value>, depth: usize, text: &mut String) {
    for (index, (key, value)) in fields.iter().enumerate() {
        if index > 0 {
            pad(depth, text);
        }
        if bare(key) {
            text.push_str(key);
        } else {
            text.push_str(&Value::from(key.as_str()).to_string());
        }
        text.push(':');
        match value {
            Value::Object(inner) if !inner.is_empty() => {
                text.push('\n');
                pad(depth + 1, text);
                mapping(inner, depth + 1, text);
            }
            Value::Array(inner) if !inner.is_empty() => {
                text.push('\n');
                pad(depth, text);
                sequence(inner, depth, text);
            }
            scalar => {
                text.push(' ');
                one(scalar, depth + 1, text);
                text.push('\n');
            }
        }
    }
}

fn sequence(items: &[Value], depth: usize, text: &mut String) {
    for (index, item) in items.iter().enumerate() {
        if index > 0 {
            pad(depth, text);
        }
        text.push_str("- ");
        match item {
            Value::Object(inner) if !inner.is_empty() => mapping(inner, depth + 1, text),
            Value::Array(inner) if !inner.is_empty() => sequence(inner, depth + 1, text),
            scalar => {
                one(scalar, depth + 1, text);
                text.push('\n');
            }
        }
    }
}

fn pad(depth: usize, text: &mut String) {
    for _ in 0..depth {
        text.push_str("  ");
    }
}

fn one(value: &Value, depth: usize, text: &mut String) {
    match value {
        Value::String(inner) if bare(inner) => text.push_str(inner),
        Value::String(inner) if blockable(inner) && depth > 0 => literal(inner, depth, text),
        other => text.push_str(&other.to_string()),
    }
}

/// A literal block: the lines as they are.
fn literal(inner: &str, depth: usize, text: &mut String) {
    text.push_str(if inner.ends_with('\n') { "|" } else { "|-" });
    for line in inner.trim_end_matches('\n').split('\n') {
        text.push('\n');
        if !line.is_empty() {
            pad(depth, text);
            text.push_str(line);
        }
    }
}

/// Whether lines can stand in a literal block and come back the same.
fn blockable(inner: &str) -> bool {
    inner.trim_end_matches('\n').contains('\n')
        && !inner.ends_with("\n\n")
        && !inner.starts_with([' ', '\n', '\t'])
        && inner
            .chars()
            .all(|c| c == '\n' || c == '\t' || (!c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')))
}

/// Whether no reader takes the string for anything but this string.
fn bare(inner: &str) -> bool {
    let mut chars = inner.chars();
    let starts = chars.next().is_some_and(|c| c.is_ascii_alphabetic() || c == '/' || c == '_');
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./ ".contains(c);
    starts && inner.chars().all(plain) && !inner.ends_with(' ') && !WORDS.contains(&inner.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::write;

    #[test]
    fn what_is_written_is_read_back() {
        for value in [
            json!({"a": {"b": [1, [2, [3, {"c": null}]], {"d": {"e": "f"}, "g": []}], "h": {}}, "i": 1.5}),
            json!([
                "x: y", "# no", "a #b", "- z", "", " ", "é🦀", "\t", "it's", "\"", "\\n", "null", "1", "~", "=", "*a",
                "&b", "!c"
            ]),
            json!({"script": "set -e\n  echo \"hi\"\n\nend\n", "cut": "a\nb", "more": "a\n\n\n", "lead": " a\nb", "nl": "\n", "crlf": "a\r\nb"}),
            json!({"": 1, "a b": 2, "a: b": 3, "12": 4, "yes": 5, "x\ny": 6}),
            json!([{"a": "x\ny\n", "b": ["p\nq"]}]),
            json!("two\nlines"),
            json!(null),
            json!([]),
        ] {
            let text = write(&value);
            let back: Value = serde_yaml::from_str(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            assert_eq!(back, value, "{text}");
        }
    }

    #[test]
    fn what_older_readers_take_for_something_else_is_quoted() {
        for text in [
            "no",
            "On",
            "y",
            "NULL",
            "017",
            "0o17",
            "12:30",
            "1_000",
            "1e3",
            ".5",
            "2026-01-01",
            "0x1f",
            ".inf",
            "<<",
            "-",
            "?",
        ] {
            assert_eq!(write(&json!(text)), format!("\"{text}\""));
        }
        assert_eq!(write(&json!({"path": "/etc/k0s.yaml"})), "path: /etc/k0s.yaml");
    }
}
