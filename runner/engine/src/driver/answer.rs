//! Questions to people: asked at the terminal where somebody sits, answered there or from elsewhere.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use runner_core::{Answer, Input, Path};
use serde_json::{Map, Value, json};

use super::{DriveError, Driver, Message};
use crate::when;

/// Asks whoever sits at the terminal; `None` where nobody does, or they do not answer now.
#[derive(Clone)]
pub struct Asker(pub Arc<Ask>);

/// What asks.
pub type Ask = dyn Fn(&Path, &Value) -> Option<Answer> + Send + Sync;

impl std::fmt::Debug for Asker {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Asker")
    }
}

/// Who answers, and what they say besides yes or no.
#[derive(Clone, Debug, Default)]
pub struct Said {
    /// Who.
    pub by: String,
    /// Whether they agree.
    pub approved: bool,
    /// What they say.
    pub comment: Option<String>,
    /// The fields of the form, as text.
    pub inputs: BTreeMap<String, String>,
}

impl Driver<'_> {
    /// Asks a person, where there is one.
    pub(super) fn ask(&mut self, path: Path) {
        let (Some(asker), Some(asked)) = (self.options.asker.clone(), self.question(&path)) else { return };
        self.asking += 1;
        let to = self.messages.0.clone();
        // A thread of its own, which nobody waits for: the person may not answer before the run ends otherwise.
        std::thread::spawn(move || {
            let answer = (asker.0)(&path, &asked);
            drop(to.send(Message::Answered { path, answer }));
        });
    }

    fn question(&self, path: &Path) -> Option<Value> {
        let state = self.machine.state();
        let node = state.node(state.find(path)?);
        node.asks().then(|| node.question.as_ref().map(|question| question.asked.clone()))?
    }

    /// What came of asking. Once nobody is being asked any more, the run pauses for what is still open.
    pub(super) fn answered(&mut self, path: Path, answer: Option<Answer>) -> Result<(), DriveError> {
        self.asking = self.asking.saturating_sub(1);
        if let Some(answer) = answer {
            self.feed(input(path, answer), None)?;
        } else {
            self.unanswered = true;
        }
        if self.asking == 0 && self.unanswered {
            self.machine.attend(false);
            self.feed_quietly(Input::Resume)?;
        }
        Ok(())
    }
}

/// An answer, for the core.
pub(super) fn input(path: Path, answer: Answer) -> Input {
    let Answer { by, approved, comment, output } = answer;
    Input::Answer { path, by, approved, comment, output }
}

/// The answer to a question, if it is one: the fields of the form typed, defaults filled in.
pub fn answer(asked: &Value, said: &Said) -> Result<Answer, String> {
    let Said { by, approved, comment, inputs } = said;
    let mut output = Value::Null;
    if *approved && asked["kind"] == "approval" {
        let inputs = filled(&asked["inputs"], inputs)?;
        let at = when::rfc3339(when::now());
        output = json!({"who": by, "at": at, "comment": comment.clone().unwrap_or_default(), "inputs": inputs});
    } else if let Some(name) = inputs.keys().next() {
        return Err(format!("there is no form to be filled in, so no `{name}`"));
    }
    Ok(Answer { by: by.clone(), approved: *approved, comment: comment.clone(), output })
}

fn filled(form: &Value, given: &BTreeMap<String, String>) -> Result<Map<String, Value>, String> {
    let empty = Map::new();
    let fields = form.as_object().unwrap_or(&empty);
    if let Some(unknown) = given.keys().find(|name| !fields.contains_key(*name)) {
        let known: Vec<_> = fields.keys().map(|name| format!("`{name}`")).collect();
        let known = if known.is_empty() { "it has none".to_owned() } else { format!("it has {}", known.join(", ")) };
        return Err(format!("the form has no field `{unknown}`; {known}"));
    }
    let mut filled = Map::new();
    for (name, field) in fields {
        let value = match given.get(name) {
            Some(text) => typed(name, field, text)?,
            None if !field["default"].is_null() => field["default"].clone(),
            None => return Err(format!("the form needs `{}`", shown(name, field))),
        };
        filled.insert(name.clone(), value);
    }
    Ok(filled)
}

/// A field with what it takes, as a person reads it.
pub fn shown(name: &str, field: &Value) -> String {
    let mut text = format!("{name}={}", field["type"].as_str().unwrap_or("string"));
    if let Some(choices) = field["enum"].as_array() {
        let choices: Vec<_> = choices.iter().map(plain).collect();
        text = format!("{name}={}", choices.join("|"));
    }
    if let Some(description) = field["description"].as_str() {
        let _ = write!(text, " ({description})");
    }
    text
}

/// A value as a person writes it.
pub fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The value that a text means for a field.
pub fn typed(name: &str, field: &Value, text: &str) -> Result<Value, String> {
    let (value, what) = match field["type"].as_str() {
        Some("integer") => (text.parse::<i64>().ok().map(Value::from), "a whole number"),
        Some("number") => (text.parse().ok().and_then(serde_json::Number::from_f64).map(Value::from), "a number"),
        Some("boolean") => (text.parse::<bool>().ok().map(Value::from), "`true` or `false`"),
        _ => (Some(Value::from(text)), "text"),
    };
    let value = value.ok_or_else(|| format!("`{name}` is `{text}`, which is not {what}"))?;
    match field["enum"].as_array() {
        Some(choices) if !choices.iter().any(|choice| same(choice, &value)) => {
            let choices: Vec<_> = choices.iter().map(|choice| format!("`{}`", plain(choice))).collect();
            Err(format!("`{name}` is `{text}`, which is not one of {}", choices.join(", ")))
        }
        _ => Ok(value),
    }
}

fn same(one: &Value, other: &Value) -> bool {
    one == other || one.as_f64().is_some_and(|one| Some(one) == other.as_f64())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(inputs: &[(&str, &str)]) -> Said {
        let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        Said { by: "ada".to_owned(), approved: true, comment: None, inputs }
    }

    #[test]
    fn a_form_is_typed_and_its_defaults_are_filled_in() {
        let asked = json!({"kind": "approval", "message": "go?", "inputs": {
            "region": {"enum": ["eastus", "westus"]}, "percent": {"type": "integer", "default": 10}}});
        let answer = |inputs: &[(&str, &str)]| answer(&asked, &said(inputs));
        let output = answer(&[("region", "eastus")]).unwrap().output;
        assert_eq!((&output["who"], &output["inputs"]), (&json!("ada"), &json!({"region": "eastus", "percent": 10})));
        assert_eq!(answer(&[]), Err("the form needs `region=eastus|westus`".to_owned()));
        assert!(answer(&[("region", "eu")]).unwrap_err().contains("not one of `eastus`, `westus`"));
        assert!(answer(&[("region", "eastus"), ("percent", "x")]).unwrap_err().contains("not a whole number"));
        assert!(answer(&[("regoin", "eastus")]).unwrap_err().contains("no field `regoin`"));
    }

    #[test]
    fn what_is_only_confirmed_or_rejected_has_no_form() {
        let confirm = json!({"kind": "confirm", "message": "sure?"});
        assert_eq!(answer(&confirm, &said(&[])).unwrap().output, Value::Null);
        assert!(answer(&confirm, &said(&[("a", "b")])).is_err());
        let rejected = Said { approved: false, ..said(&[]) };
        assert!(!answer(&json!({"kind": "approval", "inputs": {"a": {}}}), &rejected).unwrap().approved);
    }
}
