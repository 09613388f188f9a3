//! `archive.pack`.

use std::io::{self, Write};
use std::path::PathBuf;

use runner_sdk::{Ability, Change, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::format::Format;
use super::tree::{self, Item};
use super::{Kind, check_path, hex};
use crate::shared::aside;

/// Packs a folder, or a file, into an archive.
///
/// The same files give the same bytes, whoever packs them and when: entries stand in the order of their names, without
/// owner and time, and of permissions only whether a file is executable. The archive appears whole or not at all.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pack {
    /// The folder whose content is packed, or a file.
    pub from: PathBuf,
    /// The archive.
    pub to: PathBuf,
    /// How it is compressed. By default what its name says: `.tar`, `.tar.gz`, `.tgz`, `.tar.zst`, `.tzst`.
    pub format: Option<Format>,
}

/// What was packed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The absolute path of the archive.
    pub path: String,
    /// The number of files and links in it.
    pub files: u64,
    /// Its size in bytes.
    pub size: u64,
    /// Its SHA-256 in hexadecimal.
    pub sha256: String,
}

impl Pack {
    fn format(&self) -> Result<Format> {
        self.format.or_else(|| Format::of_name(&self.to)).ok_or_else(|| {
            let error = Error::input(format!("`to` does not say how `{}` is compressed", self.to.display()));
            error.hint("end it in `.tar`, `.tar.gz` or `.tar.zst`, or give `format`")
        })
    }

    /// Packs to `to`, and says what that was.
    fn write(&self, context: &Context, items: &[Item], to: &mut dyn Write) -> io::Result<(u64, String)> {
        let format = self.format().map_err(|error| io::Error::other(error.message))?;
        let mut counted = Counted { to, size: 0, digest: Sha256::new() };
        format.compress(&mut counted, &mut |tar| tree::write(context, items, tar))?;
        Ok((counted.size, hex(&counted.digest.finalize())))
    }

    fn output(&self, context: &Context, items: &[Item], (size, sha256): (u64, String)) -> Output {
        let path = context.place.path(&self.to).display().to_string();
        let files = items.iter().filter(|item| item.kind != Kind::Folder).count() as u64;
        Output { path, files, size, sha256 }
    }

    fn items(&self, context: &Context) -> Result<Vec<Item>> {
        tree::items(context, &context.place.path(&self.from), &context.place.path(&self.to))
    }

    /// What the archive would be, and whether it is there already.
    fn compare(&self, context: &Context) -> Result<(Output, bool)> {
        let items = self.items(context)?;
        let packed = self.write(context, &items, &mut io::sink()).map_err(|error| self.failed(context, &error))?;
        let to = context.place.path(&self.to);
        let standing = match context.files.open(&to) {
            Ok(mut file) => {
                let mut digest = Sha256::new();
                io::copy(&mut file, &mut digest).map_err(|error| Error::io("read", &to, &error))?;
                Some(hex(&digest.finalize()))
            }
            Err(_) => None,
        };
        let is_there = standing.as_ref() == Some(&packed.1);
        Ok((self.output(context, &items, packed), is_there))
    }

    fn failed(&self, context: &Context, error: &io::Error) -> Error {
        if context.cancel.is_cancelled() { Error::cancelled() } else { Error::io("pack", &self.from, error) }
    }
}

impl Step for Pack {
    type Output = Output;
    const NAME: &'static str = "archive.pack";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check];
    const EXAMPLES: &'static [Example] = &[
        Example::new(
            "a folder, packed and unpacked",
            "- id: page
  uses: file.write
  with: {path: site/de/index.html, content: hallo}
- id: pack
  uses: archive.pack
  with: {from: site, to: dist/site.tar.zst}
- id: unpack
  uses: archive.unpack
  with: {from: dist/site.tar.zst, to: public}
- id: back
  uses: file.read
  with: {path: public/de/index.html}",
            "steps.back.outputs.text == 'hallo' && steps.pack.outputs.files == 1 && size(steps.pack.outputs.sha256) == 64",
        ),
        Example::new(
            "the same files give the same archive",
            "- id: page
  uses: file.write
  with: {path: site/index.html, content: hallo}
- id: one
  uses: archive.pack
  with: {from: site, to: one.tgz}
- id: two
  uses: archive.pack
  with: {from: site, to: two.bin, format: gzip}",
            "steps.one.outputs.sha256 == steps.two.outputs.sha256",
        ),
    ];

    fn validate(&self) -> Result<()> {
        check_path("from", &self.from)?;
        check_path("to", &self.to)?;
        self.format().map(drop)
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let (step, context) = (self.clone(), context.clone());
        aside::run(move || {
            let (output, is_there) = step.compare(&context)?;
            Ok(Some(if is_there {
                Change::Nothing
            } else {
                let (from, to) = (step.from.display(), step.to.display());
                let summary = format!("would pack `{from}` into `{to}` ({} bytes)", output.size);
                Change::Would { summary, diff: String::new() }
            }))
        })
        .await
    }

    async fn check(&self, context: &Context) -> Result<Option<Output>> {
        let (step, context) = (self.clone(), context.clone());
        aside::run(move || step.compare(&context).map(|(output, is_there)| is_there.then_some(output))).await
    }
}

impl InProcess for Pack {
    async fn run(&self, context: &Context) -> Result<Output> {
        let (step, context) = (self.clone(), context.clone());
        aside::run(move || {
            let items = step.items(&context)?;
            let mut packed = None;
            let to = context.place.path(&step.to);
            let written = context.files.write_by(&to, None, &mut |file| {
                packed = Some(step.write(&context, &items, file)?);
                Ok(())
            });
            written.map_err(|error| step.failed(&context, &error))?;
            let packed = packed.ok_or_else(|| Error::permanent("nothing was packed"))?;
            Ok(step.output(&context, &items, packed))
        })
        .await
    }
}

/// Counts and hashes what goes through.
struct Counted<'a> {
    to: &'a mut dyn Write,
    size: u64,
    digest: Sha256,
}

impl Write for Counted<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.to.write(bytes)?;
        self.size += count as u64;
        self.digest.update(&bytes[..count]);
        Ok(count)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
