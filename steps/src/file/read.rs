//! `file.read`.

use std::path::PathBuf;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use runner_sdk::world::FileKind;
use runner_sdk::{Ability, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{check_path, sha256};

/// The largest file that is read: outputs larger than this do not fit in a run's record.
const LARGEST: u64 = 64 << 20;

/// How a file's content becomes an output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// As it stands, in `text`; it has to be UTF-8.
    #[default]
    Text,
    /// As the value of one JSON document, in `json`.
    Json,
    /// As a list of lines, in `lines`.
    Lines,
    /// In base64, in `base64`, for what is not text.
    Base64,
}

/// Reads a file.
///
/// For a configuration that decides what a workflow does, prefer `load` at its top: that is read once and checked
/// before anything starts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// The file.
    pub path: PathBuf,
    /// How its content becomes an output.
    #[serde(default)]
    pub format: Format,
    /// Whether the file may be missing: `exists` is then false, and the rest null.
    #[serde(default)]
    pub optional: bool,
    /// Whether the content is secret, such as a key: it is sealed before it is written down, and masked in all that is
    /// printed later.
    #[serde(default)]
    #[schemars(extend("x-seals" = ["text", "json", "lines", "base64", "sha256"]))]
    pub secret: bool,
}

/// What was read; of `text`, `json`, `lines` and `base64` the one that `format` asks for, the others are null.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The absolute path.
    pub path: String,
    /// Whether the file is there.
    pub exists: bool,
    /// The content as it stands.
    pub text: Option<String>,
    /// The value of the JSON document.
    pub json: Option<Value>,
    /// The lines, without their ends.
    pub lines: Option<Vec<String>>,
    /// The content in base64.
    pub base64: Option<String>,
    /// The size in bytes.
    pub size: Option<u64>,
    /// The SHA-256 of the content in hexadecimal.
    pub sha256: Option<String>,
}

impl Read {
    fn content(&self, context: &Context) -> Result<Option<Vec<u8>>> {
        let path = context.place.path(&self.path);
        match context.files.stat(&path).map_err(|e| Error::io("look at", &path, &e))? {
            None if self.optional => return Ok(None),
            // Reading a pipe or a device could wait for ever.
            Some(stat) if stat.kind == FileKind::Other => {
                return Err(Error::permanent(format!("`{}` is not a regular file", path.display())));
            }
            Some(stat) if stat.size > LARGEST => {
                let error = format!("`{}` has {} bytes: at most {LARGEST} can be an output", path.display(), stat.size);
                return Err(Error::permanent(error).hint("give later steps the path instead of the content"));
            }
            _ => {}
        }
        context.files.read(&path).map(Some).map_err(|e| Error::io("read", &path, &e))
    }
}

impl Step for Read {
    type Output = Output;
    const NAME: &'static str = "file.read";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Traceless];
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "the lines of a file",
            "- id: hosts
  uses: file.write
  with: {path: hosts, content: \"one\\ntwo\\n\"}
- id: back
  uses: file.read
  with: {path: hosts, format: lines}",
            "steps.back.outputs.lines == ['one', 'two'] && steps.back.outputs.size == 8",
        ),
        Example::new(
            "a file that may be missing",
            "- id: maybe
  uses: file.read
  with: {path: none.json, format: json, optional: true}",
            "!steps.maybe.outputs.exists && steps.maybe.outputs.json == null",
        ),
    ];

    fn validate(&self) -> Result<()> {
        check_path("path", &self.path)
    }
}

impl InProcess for Read {
    async fn run(&self, context: &Context) -> Result<Output> {
        let path = context.place.path(&self.path).display().to_string();
        let Some(bytes) = self.content(context)? else { return Ok(Output { path, ..Output::default() }) };
        let (size, digest) = (Some(bytes.len() as u64), Some(sha256(&bytes)));
        let mut output = Output { path, exists: true, size, sha256: digest, ..Output::default() };
        let bad = |why: String| Error::permanent(format!("`{}` is not {why}", output.path));
        match self.format {
            Format::Base64 => output.base64 = Some(BASE64_STANDARD.encode(bytes)),
            Format::Json => {
                let json = serde_json::from_slice(&bytes).map_err(|e| bad(format!("JSON: {e}")))?;
                output.json = Some(json);
            }
            Format::Text | Format::Lines => {
                let text = String::from_utf8(bytes).map_err(|e| {
                    let at = e.utf8_error().valid_up_to();
                    bad(format!("UTF-8 at byte {at}")).hint("read it with `format: base64`")
                })?;
                if self.format == Format::Text {
                    output.text = Some(text);
                } else {
                    output.lines = Some(text.lines().map(str::to_owned).collect());
                }
            }
        }
        Ok(output)
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;
    use serde_json::json;

    use super::*;
    use crate::testing::World;

    #[tokio::test]
    async fn a_file_is_read_in_each_format() {
        let world = World::new();
        world.files.put("/project/a", "[\"ü\"]\n");
        let read = async |format: &str| world.run::<Read>(json!({"path": "a", "format": format})).await.unwrap();
        assert_eq!(read("text").await.text.unwrap(), "[\"ü\"]\n");
        assert_eq!(read("json").await.json.unwrap(), json!(["ü"]));
        assert_eq!(read("lines").await.lines.unwrap(), ["[\"ü\"]"]);
        assert_eq!(read("base64").await.base64.unwrap(), "WyLDvCJdCg==");
        let output = read("text").await;
        assert_eq!((output.size, output.exists, output.json), (Some(7), true, None));
    }

    #[tokio::test]
    async fn what_does_not_fit_the_format_says_where() {
        let world = World::new();
        world.files.put("/project/a", b"ab\xff");
        let error = world.run::<Read>(json!({"path": "a"})).await.unwrap_err();
        assert_eq!(error.message, "`/project/a` is not UTF-8 at byte 2");
        world.files.put("/project/a", b"{\n]");
        let error = world.run::<Read>(json!({"path": "a", "format": "json"})).await.unwrap_err();
        assert!(error.kind == ErrorKind::Permanent && error.message.contains("line 2 column 1"), "{error}");
    }

    #[tokio::test]
    async fn a_missing_file_is_an_error_unless_optional() {
        let world = World::new();
        let error = world.run::<Read>(json!({"path": "a"})).await.unwrap_err();
        assert!(error.message.starts_with("cannot read `/project/a`: "), "{error}");
        let output = world.run::<Read>(json!({"path": "a", "optional": true})).await.unwrap();
        assert_eq!(output, Output { path: "/project/a".to_owned(), ..Output::default() });
    }

    #[tokio::test]
    async fn a_pipe_is_refused_instead_of_waited_for() {
        let world = World::new();
        world.files.put_kind("/project/a", FileKind::Other);
        let error = world.run::<Read>(json!({"path": "a"})).await.unwrap_err();
        assert_eq!(error.message, "`/project/a` is not a regular file");
    }
}
