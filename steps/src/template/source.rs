//! A template that stands in a file.

use std::path::PathBuf;

use runner_sdk::{Context, Error, Result};
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A template's file: read when the run began where the workflow names it as it stands; else when the step runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// By its path.
    Path(PathBuf),
    /// By what was read.
    Read {
        /// What it is called in messages.
        name: String,
        /// Its text.
        text: String,
    },
}

impl<'de> Deserialize<'de> for Source {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wrong = || serde::de::Error::custom("the path of a template is needed");
        match Value::deserialize(deserializer)? {
            Value::String(path) => Ok(Self::Path(path.into())),
            Value::Object(mut read) => match (read.remove("name"), read.remove("text")) {
                (Some(Value::String(name)), Some(Value::String(text))) => Ok(Self::Read { name, text }),
                _ => Err(wrong()),
            },
            _ => Err(wrong()),
        }
    }
}

impl Source {
    /// Its path, where it was not read yet.
    pub fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Path(path) => Some(path.clone()),
            Self::Read { .. } => None,
        }
    }

    /// What it is called in messages, and its text.
    pub fn read(&self, context: &Context) -> Result<(String, String)> {
        let path = match self {
            Self::Read { name, text } => return Ok((name.clone(), text.clone())),
            Self::Path(path) => path,
        };
        let beside = context.place.source.join(path);
        let there = context.files.stat(&beside).map_err(|e| Error::io("look at", &beside, &e))?.is_some();
        let file = if there { beside } else { context.place.project.join("templates").join(path) };
        let bytes = context.files.read(&file).map_err(|e| Error::io("read the template", &file, &e))?;
        let text = String::from_utf8(bytes).map_err(|e| {
            let at = e.utf8_error().valid_up_to();
            Error::permanent(format!("the template `{}` is not UTF-8 at byte {at}", file.display()))
        })?;
        Ok((path.display().to_string(), text))
    }
}
