//! What a program printed, as outputs.

use runner_sdk::{Captured, Error, Result};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How standard output becomes an output of the step.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Capture {
    /// As text in `stdout`, without the line ends at its end.
    Text,
    /// As the value of one JSON document in `json`.
    Json,
    /// As a list of lines in `lines`.
    Lines,
}

/// What a program left: one of `stdout`, `json` and `lines` where `capture` asks for it; the others are null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// Standard output with `capture: text`, without the line ends at its end. Bytes that are not UTF-8 become `�`.
    pub stdout: Option<String>,
    /// Standard output with `capture: json`.
    pub json: Option<Value>,
    /// The lines of standard output with `capture: lines`.
    pub lines: Option<Vec<String>>,
    /// The exit code; null while a service runs.
    pub exit_code: Option<i32>,
}

impl Output {
    /// The outputs of a program (`who` in messages) that ended with `exit_code`.
    pub fn ended(who: &str, capture: Option<Capture>, stdout: &[u8], exit_code: i32) -> Result<Self> {
        let mut output = Self { exit_code: Some(exit_code), ..Self::default() };
        match capture {
            None => {}
            Some(Capture::Text) => output.stdout = Some(text(stdout)),
            Some(Capture::Lines) => output.lines = Some(lines(stdout)),
            Some(Capture::Json) => output.json = Some(json(who, stdout)?),
        }
        Ok(output)
    }

    /// The outputs so far of a program that runs; `None` while its JSON is not whole.
    pub fn so_far(capture: Option<Capture>, captured: &Captured) -> Option<Self> {
        let stdout = &captured.stdout;
        // A line that is still being written is not a line yet.
        let whole = stdout.iter().rposition(|byte| *byte == b'\n').map_or(&stdout[..0], |end| &stdout[..=end]);
        let whole = if capture == Some(Capture::Lines) { whole } else { stdout };
        let output = Self::ended("", capture, whole, 0).ok()?;
        Some(Self { exit_code: None, ..output })
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim_end_matches(['\n', '\r']).to_owned()
}

fn lines(bytes: &[u8]) -> Vec<String> {
    match text(bytes) {
        nothing if nothing.is_empty() => Vec::new(),
        text => text.split('\n').map(|line| line.trim_end_matches('\r').to_owned()).collect(),
    }
}

fn json(who: &str, bytes: &[u8]) -> Result<Value> {
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Error::permanent(format!("{who} printed nothing, and `capture: json` expects JSON")));
    }
    serde_json::from_slice(bytes).map_err(|e| {
        let error = Error::permanent(format!("what {who} printed is not JSON: {e}"));
        match serde_json::Deserializer::from_slice(bytes).into_iter::<Value>().next() {
            Some(Ok(_)) => error.hint("something follows the first document; for JSON Lines, use `capture: lines`"),
            _ => error,
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn of(capture: Capture, stdout: &[u8]) -> Result<Output> {
        Output::ended("`it`", Some(capture), stdout, 0)
    }

    #[test]
    fn text_loses_only_the_line_ends_at_its_end() {
        assert_eq!(of(Capture::Text, b" a\n\nb \r\n\n").unwrap().stdout.unwrap(), " a\n\nb ");
        assert_eq!(of(Capture::Text, b"").unwrap().stdout.unwrap(), "");
        assert_eq!(of(Capture::Text, b"\xff").unwrap().stdout.unwrap(), "\u{fffd}");
    }

    #[test]
    fn lines_keep_empty_ones_inside() {
        assert_eq!(of(Capture::Lines, b"a\r\n\nb\n").unwrap().lines.unwrap(), ["a", "", "b"]);
        assert!(of(Capture::Lines, b"\n").unwrap().lines.unwrap().is_empty());
        assert!(of(Capture::Lines, b"").unwrap().lines.unwrap().is_empty());
    }

    #[test]
    fn json_that_does_not_parse_is_permanent_and_tells_where() {
        assert_eq!(of(Capture::Json, b"{\"a\": [1]}\n").unwrap().json, Some(json!({"a": [1]})));
        let error = of(Capture::Json, b"{\n  oops\n}").unwrap_err();
        assert_eq!(error.kind, runner_sdk::ErrorKind::Permanent);
        assert!(error.message.contains("line 2 column"), "{error}");
        assert!(of(Capture::Json, b" \n").unwrap_err().message.contains("printed nothing"));
        assert!(of(Capture::Json, b"{}\n{}\n").unwrap_err().hint.unwrap().contains("capture: lines"));
    }

    #[test]
    fn a_running_program_has_said_only_whole_lines_and_whole_json() {
        let so_far =
            |capture, stdout: &str| Output::so_far(capture, &Captured { stdout: stdout.into(), ..Captured::default() });
        assert_eq!(so_far(None, "").unwrap(), Output::default());
        assert_eq!(so_far(Some(Capture::Text), "listen").unwrap().stdout.unwrap(), "listen");
        assert_eq!(so_far(Some(Capture::Lines), "one\ntw").unwrap().lines.unwrap(), ["one"]);
        assert_eq!(so_far(Some(Capture::Json), "{\"port\": 4"), None);
        assert_eq!(so_far(Some(Capture::Json), "{\"port\": 4}\n").unwrap().json, Some(json!({"port": 4})));
    }
}
