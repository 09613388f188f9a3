//! What became of a plugin's attempt: what it printed, and how it ended.

use runner_sdk::{Captured, Error, ErrorKind, Exit, Result};
use serde::Deserialize;
use serde_json::{Map, Value};

/// What a plugin prints of an attempt: outputs, or an error.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Answer {
    #[serde(default)]
    outputs: Option<Map<String, Value>>,
    #[serde(default)]
    error: Option<Failure>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Failure {
    kind: Kind,
    message: String,
    #[serde(default)]
    hint: Option<String>,
}

/// The kinds of errors that a plugin tells apart.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Input,
    Transient,
    Permanent,
}

/// The outputs of an attempt of the plugin `who`.
pub(super) fn outputs(who: &str, exit: Exit, captured: &Captured) -> Result<Value> {
    let said = captured.stdout.trim_ascii();
    let answer = serde_json::from_slice::<Answer>(said);
    match (answer, exit) {
        (Ok(Answer { error: Some(failure), .. }), _) => {
            let kind = match failure.kind {
                Kind::Input => ErrorKind::Input,
                Kind::Transient => ErrorKind::Transient,
                Kind::Permanent => ErrorKind::Permanent,
            };
            let error = Error::new(kind, failure.message).exit_code(Some(exit.code()));
            Err(match failure.hint {
                Some(hint) => error.hint(hint),
                None => error,
            })
        }
        (_, Exit::Code(code)) if code != 0 => {
            Err(failed(who, &format!("exited with code {code}"), exit, &captured.tail))
        }
        (_, Exit::Signal(signal)) => Err(failed(who, &format!("was ended by signal {signal}"), exit, &captured.tail)),
        (Ok(answer), _) => Ok(answer.outputs.unwrap_or_default().into()),
        // A step without outputs need not say so.
        (Err(_), _) if said.is_empty() => Ok(Map::new().into()),
        (Err(error), _) => {
            let begin: String = String::from_utf8_lossy(said).chars().take(60).collect();
            let message = format!("`{who}` printed `{}`, which is no answer: {error}", begin.escape_debug());
            let hint =
                "it is to print `{\"outputs\": {…}}` or `{\"error\": {…}}` alone; what it logs goes to standard error";
            Err(Error::permanent(message).hint(hint))
        }
    }
}

/// Most programs that fail once may succeed the next time.
fn failed(who: &str, how: &str, exit: Exit, tail: &str) -> Error {
    let last = tail.lines().rev().map(str::trim).find(|line| !line.is_empty());
    let last = last.map(|line| format!(": {line}")).unwrap_or_default();
    Error::transient(format!("`{who}` {how}{last}")).exit_code(Some(exit.code()))
}
