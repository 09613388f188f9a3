//! A template language small enough for a test: `{{name}}` and `{{name.member}}`, strict.

use runner_sdk::world::Render;
use runner_sdk::{Error, Result};
use serde_json::Value;

/// Replaces names by members of the data; an unknown one is an error.
pub(crate) struct TestRender;

impl Render for TestRender {
    fn render(&self, name: &str, text: &str, data: &Value) -> Result<String> {
        let mut parts = text.split("{{");
        let mut rendered = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let (path, rest) = part.split_once("}}").ok_or_else(|| Error::input(format!("{name}: unclosed `{{{{`")))?;
            let pointer = format!("/{}", path.trim().replace('.', "/"));
            match data.pointer(&pointer) {
                Some(Value::String(text)) => rendered.push_str(text),
                Some(value) => rendered.push_str(&value.to_string()),
                None => return Err(Error::input(format!("{name}: unknown name `{}`", path.trim()))),
            }
            rendered.push_str(rest);
        }
        Ok(rendered)
    }
}
