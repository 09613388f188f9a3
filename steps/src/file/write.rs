//! `file.write`.

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use runner_sdk::{Ability, Change, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{check_file, sha256};
use crate::shared::change;
use crate::shared::mode::Mode;

/// Writes a file.
///
/// The content is exactly one of `content`, `json` and `base64`. Missing folders are made. What stood there before is not
/// kept, so there is nothing to undo: give an `undo:` (such as `file.remove`) where you want one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Write {
    /// The file.
    pub path: PathBuf,
    /// The content, as text; nothing is added at its end.
    pub content: Option<String>,
    /// A value, written as indented JSON with a line end.
    #[serde(default, deserialize_with = "given")]
    #[schemars(with = "Option<Value>")]
    pub json: Option<Value>,
    /// The content in base64, for what is not text.
    pub base64: Option<String>,
    /// Permissions in octal, in quotes. By default those of the file that stands there, else 0644 as the umask allows.
    pub mode: Option<Mode>,
}

/// A value that was given, be it null.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The absolute path.
    pub path: String,
    /// Bytes written.
    pub size: u64,
    /// Their SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Write {
    fn bytes(&self) -> Result<Vec<u8>> {
        match (&self.content, &self.json, &self.base64) {
            (Some(text), None, None) => Ok(text.clone().into_bytes()),
            (None, Some(value), None) => Ok(format!("{value:#}\n").into_bytes()),
            (None, None, Some(text)) => {
                let text: String = text.split_ascii_whitespace().collect();
                BASE64_STANDARD.decode(text).map_err(|e| Error::input(format!("`base64` is not base64: {e}")))
            }
            (None, None, None) => Err(Error::input("one of `content`, `json` and `base64` is needed")),
            _ => Err(Error::input("`content`, `json` and `base64` exclude each other")),
        }
    }

    fn output(&self, context: &Context, bytes: &[u8]) -> Output {
        let path = context.place.path(&self.path).display().to_string();
        Output { path, size: bytes.len() as u64, sha256: sha256(bytes) }
    }
}

impl Step for Write {
    type Output = Output;
    const NAME: &'static str = "file.write";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check];
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "a text file that only its owner may read",
            "- id: note
  uses: file.write
  with:
    path: out/note.txt
    content: |
      deployed by {{run.name}}
    mode: \"0600\"
- id: back
  uses: file.read
  with: {path: out/note.txt}",
            "steps.back.outputs.text.startsWith('deployed by') && steps.note.outputs.path.endsWith('/out/note.txt')",
        ),
        Example::new(
            "a value as JSON",
            "- id: facts
  uses: file.write
  with:
    path: facts.json
    json: {regions: [eastus, westeurope], count: 2}
- id: back
  uses: file.read
  with: {path: facts.json, format: json}",
            "steps.back.outputs.json.regions[1] == 'westeurope' && steps.back.outputs.json.count == 2",
        ),
    ];

    fn validate(&self) -> Result<()> {
        check_file("path", &self.path)?;
        self.bytes().map(|_| ())
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        change::of_file(context, &context.place.path(&self.path), &self.bytes()?, self.mode).map(Some)
    }

    async fn check(&self, context: &Context) -> Result<Option<Output>> {
        let bytes = self.bytes()?;
        let before = change::present(context, &context.place.path(&self.path))?;
        Ok(change::same(before.as_ref(), &bytes, self.mode).then(|| self.output(context, &bytes)))
    }
}

impl InProcess for Write {
    /// Writes also what is there already: an earlier attempt may have died before it was on disk.
    async fn run(&self, context: &Context) -> Result<Output> {
        let (path, bytes) = (context.place.path(&self.path), self.bytes()?);
        let mode = self.mode.map(|mode| mode.0);
        context.files.write(&path, &bytes, mode).map_err(|e| Error::io("write", &path, &e))?;
        Ok(self.output(context, &bytes))
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use runner_sdk::ErrorKind;
    use runner_sdk::world::{FileKind, Files};
    use serde_json::json;

    use super::*;
    use crate::testing::{World, decode};

    #[tokio::test]
    async fn each_kind_of_content_is_written_exactly() {
        let world = World::new();
        for (with, content) in [
            (json!({"path": "a/b", "content": "no end"}), "no end"),
            (json!({"path": "a/b", "content": ""}), ""),
            (json!({"path": "a/b", "json": {"b": 1, "a": [null]}}), "{\n  \"a\": [\n    null\n  ],\n  \"b\": 1\n}\n"),
            (json!({"path": "a/b", "json": null}), "null\n"),
            (json!({"path": "a/b", "base64": "aGVs\nbG8="}), "hello"),
        ] {
            let output = world.run::<Write>(with).await.unwrap();
            assert_eq!(world.files.get("/project/a/b").unwrap(), content);
            assert_eq!((output.path.as_str(), output.size), ("/project/a/b", content.len() as u64));
        }
    }

    #[tokio::test]
    async fn mode_is_set_and_twice_gives_the_same() {
        let world = World::new();
        let with = json!({"path": "/etc/x", "content": "x", "mode": "0600"});
        let first = world.run::<Write>(with.clone()).await.unwrap();
        assert_eq!(world.run::<Write>(with).await.unwrap(), first);
        assert_eq!(world.files.stat("/etc/x".as_ref()).unwrap().unwrap().mode, 0o600);
    }

    #[tokio::test]
    async fn check_holds_only_for_the_same_content_and_mode() {
        let world = World::new();
        let step: Write = decode(json!({"path": "a", "content": "x", "mode": "0600"})).unwrap();
        assert_eq!(step.check(&world.context()).await, Ok(None));
        world.files.put("/project/a", "x");
        assert_eq!(step.check(&world.context()).await, Ok(None));
        let output = step.run(&world.context()).await.unwrap();
        assert_eq!(step.check(&world.context()).await, Ok(Some(output)));
        assert_eq!(step.plan(&world.context()).await, Ok(Some(Change::Nothing)));
    }

    #[tokio::test]
    async fn a_full_disk_is_transient_and_a_forbidden_place_is_not() {
        let world = World::new();
        for (kind, class) in [
            (io::ErrorKind::StorageFull, ErrorKind::Transient),
            (io::ErrorKind::PermissionDenied, ErrorKind::Permanent),
        ] {
            world.files.refuse("/project/a", kind);
            let error = world.run::<Write>(json!({"path": "a", "content": "hunter2"})).await.unwrap_err();
            assert_eq!(error.kind, class);
            assert!(error.message.starts_with("cannot write `/project/a`: ") && !error.message.contains("hunter2"));
        }
    }

    #[tokio::test]
    async fn a_folder_in_the_way_is_an_error() {
        let world = World::new();
        world.files.put_kind("/project/a", FileKind::Folder);
        assert!(world.run::<Write>(json!({"path": "a", "content": ""})).await.is_err());
        let step: Write = decode(json!({"path": "a", "content": ""})).unwrap();
        assert_eq!(step.plan(&world.context()).await.unwrap_err().message, "`/project/a` is a folder");
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        for (with, message) in [
            (json!({"path": "a"}), "one of"),
            (json!({"path": "a", "content": "", "json": 1}), "exclude each other"),
            (json!({"path": "a", "base64": "?"}), "is not base64"),
            (json!({"path": "", "content": ""}), "`path` is empty"),
            (json!({"path": "a/", "content": ""}), "names a folder"),
            (json!({"path": "..", "content": ""}), "names a folder"),
            (json!({"path": "a\0", "content": ""}), "NUL"),
        ] {
            let error = decode::<Write>(with).unwrap().validate().unwrap_err();
            assert!(error.kind == ErrorKind::Input && error.message.contains(message), "{error}");
        }
    }
}
