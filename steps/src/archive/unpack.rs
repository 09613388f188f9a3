//! `archive.unpack`.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use runner_sdk::world::{FileKind, NewFolder};
use runner_sdk::{Ability, Change, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::read::{self, Entry};
use super::{Kind, check_path};
use crate::shared::aside;

/// Unpacks an archive into a folder of its own.
///
/// What it is compressed with is told by its content: tar, gzip or zstd. The folder appears whole or not at all. An archive
/// with absolute paths, with `..`, with links that lead out of the folder, or with devices is refused as a whole.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Unpack {
    /// The archive.
    pub from: PathBuf,
    /// The folder, which is made. One that is there already and is not empty must hold just what the archive holds.
    pub to: PathBuf,
    /// Whether a folder that is there already is replaced by what the archive holds.
    #[serde(default)]
    pub replace: bool,
}

/// What was unpacked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The absolute path of the folder.
    pub path: String,
    /// The number of files and links in it.
    pub files: u64,
    /// The size of all files in bytes.
    pub size: u64,
    /// Whether anything was written; not where it was there already.
    pub changed: bool,
}

impl Unpack {
    /// Goes through the archive, and says how much is in it.
    fn each(
        &self,
        context: &Context,
        mut each: impl FnMut(&Entry, &mut dyn Read) -> io::Result<()>,
    ) -> io::Result<Output> {
        let mut output = Output { path: context.place.path(&self.to).display().to_string(), ..Output::default() };
        let file = context.files.open(&context.place.path(&self.from))?;
        read::entries(file, |entry, content| {
            if context.cancel.is_cancelled() {
                return Err(io::Error::other("cancelled"));
            }
            output.files += u64::from(entry.kind != Kind::Folder);
            output.size += if let Kind::File(size) = entry.kind { size } else { 0 };
            each(entry, content)
        })?;
        Ok(output)
    }

    /// What is in the archive, and whether the folder holds just that.
    fn compare(&self, context: &Context) -> Result<(Output, bool)> {
        let to = context.place.path(&self.to);
        let (mut same, mut expected) = (true, BTreeSet::new());
        let output = self.each(context, |entry, content| {
            expected.insert(entry.path.clone());
            same = same && is_there(context, &to, entry, content)?;
            Ok(())
        });
        let output = output.map_err(|error| self.failed(context, &error))?;
        let same = same && is_folder(context, &to)? && only(context, &to, Path::new(""), &expected)?;
        Ok((output, same))
    }

    fn failed(&self, context: &Context, error: &io::Error) -> Error {
        if context.cancel.is_cancelled() { Error::cancelled() } else { Error::io("unpack", &self.from, error) }
    }

    fn fill(&self, context: &Context, folder: &mut dyn NewFolder) -> io::Result<Output> {
        self.each(context, |entry, content| match &entry.kind {
            Kind::Folder => folder.folder(&entry.path, entry.mode | 0o700),
            Kind::File(size) => {
                let written = folder.file(&entry.path, entry.mode, content)?;
                if written == *size { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
            }
            Kind::Link(target) => folder.link(&entry.path, target),
            Kind::Same(original) => folder.hard_link(&entry.path, original),
        })
    }

    fn unpack(&self, context: &Context) -> Result<Output> {
        let to = context.place.path(&self.to);
        let is_empty = is_folder(context, &to)?
            && context.files.list(&to).map_err(|error| Error::io("list", &to, &error))?.is_empty();
        let stands = context.files.stat(&to).map_err(|error| Error::io("look at", &to, &error))?.is_some();
        if stands && !is_empty {
            let (output, same) = self.compare(context)?;
            if same {
                return Ok(output);
            }
            if !self.replace {
                let message = format!("`{}` is there already, and is not what the archive holds", self.to.display());
                return Err(Error::permanent(message).hint("`replace: true` puts the archive's content in its place"));
            }
        }
        let mut output = Output::default();
        let filled = context.files.replace_folder(&to, &mut |folder| {
            output = self.fill(context, folder)?;
            Ok(())
        });
        filled.map_err(|error| self.failed(context, &error))?;
        Ok(Output { changed: true, ..output })
    }
}

impl Step for Unpack {
    type Output = Output;
    const NAME: &'static str = "archive.unpack";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "an archive that another program made, unpacked anew when it changes",
        "- id: pack
  uses: exec.run
  interrupted: repeat
  with:
    script: mkdir -p site && echo hallo >site/index.html && tar -czf site.tgz site
    publishes: [site.tgz]
- id: unpack
  uses: archive.unpack
  with: {from: site.tgz, to: public, replace: true}
- id: again
  uses: archive.unpack
  with: {from: site.tgz, to: public}
- id: back
  uses: file.read
  with: {path: public/site/index.html}",
        "steps.back.outputs.text == 'hallo\\n' && steps.unpack.outputs.changed && !steps.again.outputs.changed",
    )];

    fn validate(&self) -> Result<()> {
        check_path("from", &self.from)?;
        check_path("to", &self.to)
    }

    fn reads(&self) -> Vec<PathBuf> {
        vec![self.from.clone()]
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let (step, context) = (self.clone(), context.clone());
        aside::run(move || {
            let (output, same) = step.compare(&context)?;
            Ok(Some(if same {
                Change::Nothing
            } else {
                let (from, to) = (step.from.display(), step.to.display());
                let summary = format!("would unpack `{from}` into `{to}` ({} files)", output.files);
                Change::Would { summary, diff: String::new() }
            }))
        })
        .await
    }

    async fn check(&self, context: &Context) -> Result<Option<Output>> {
        let (step, context) = (self.clone(), context.clone());
        aside::run(move || step.compare(&context).map(|(output, same)| same.then_some(output))).await
    }
}

impl InProcess for Unpack {
    async fn run(&self, context: &Context) -> Result<Output> {
        let (step, context) = (self.clone(), context.clone());
        aside::run(move || step.unpack(&context)).await
    }
}

fn is_folder(context: &Context, path: &Path) -> Result<bool> {
    let stat = context.files.stat(path).map_err(|error| Error::io("look at", path, &error))?;
    Ok(stat.is_some_and(|stat| stat.kind == FileKind::Folder))
}

/// Whether an entry stands in the folder as it is in the archive.
fn is_there(context: &Context, to: &Path, entry: &Entry, content: &mut dyn Read) -> io::Result<bool> {
    let path = to.join(&entry.path);
    let Some(stat) = context.files.stat(&path)? else { return Ok(false) };
    Ok(match &entry.kind {
        Kind::Folder => stat.kind == FileKind::Folder && stat.mode == entry.mode | 0o700,
        Kind::File(size) => {
            stat.kind == FileKind::File
                && (stat.size, stat.mode) == (*size, entry.mode)
                && equal(&mut context.files.open(&path)?, content)?
        }
        Kind::Link(target) => stat.kind == FileKind::Link && context.files.read_link(&path)? == *target,
        Kind::Same(original) => {
            stat.kind == FileKind::File
                && equal(&mut context.files.open(&path)?, &mut context.files.open(&to.join(original))?)?
        }
    })
}

fn equal(one: &mut dyn Read, other: &mut dyn Read) -> io::Result<bool> {
    let (mut first, mut second) = (vec![0; 1 << 16], vec![0; 1 << 16]);
    loop {
        let count = one.read(&mut first)?;
        if count == 0 {
            return Ok(other.read(&mut second[..1])? == 0);
        }
        match other.read_exact(&mut second[..count]) {
            Ok(()) if first[..count] == second[..count] => {}
            Ok(()) => return Ok(false),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(false),
            Err(error) => return Err(error),
        }
    }
}

/// Whether a folder holds nothing else than these paths.
fn only(context: &Context, to: &Path, path: &Path, expected: &BTreeSet<PathBuf>) -> Result<bool> {
    let folder = to.join(path);
    for name in context.files.list(&folder).map_err(|error| Error::io("list", &folder, &error))? {
        let inside = path.join(&name);
        let is_known = expected.contains(&inside);
        if !is_known || (is_folder(context, &to.join(&inside))? && !only(context, to, &inside, expected)?) {
            return Ok(false);
        }
    }
    Ok(true)
}
