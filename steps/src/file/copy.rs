//! `file.copy`.

use std::path::{Path, PathBuf};

use runner_sdk::world::FileKind;
use runner_sdk::{Ability, Change, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check_path;
use crate::shared::mode::Mode;

/// Copies a file, or a folder with everything in it.
///
/// `to` is the copy itself, not the folder to put it into. Copying a folder onto one that is there adds and replaces files
/// and removes none. Each file appears whole or not at all.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Copy {
    /// The file or folder to copy.
    pub from: PathBuf,
    /// The copy.
    pub to: PathBuf,
    /// Permissions of the copied files in octal, in quotes. By default those of each original.
    pub mode: Option<Mode>,
}

/// What was copied.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The absolute path of the copy.
    pub path: String,
    /// The number of files.
    pub files: u64,
    /// Their size in bytes.
    pub size: u64,
}

/// One thing to copy: what, whence, whither, with which mode, how large.
struct Item {
    folder: bool,
    from: PathBuf,
    to: PathBuf,
    mode: u32,
    size: u64,
}

impl Copy {
    /// Everything to copy, folders before what is in them.
    fn items(&self, context: &Context) -> Result<Vec<Item>> {
        let (from, to) = (context.place.path(&self.from), context.place.path(&self.to));
        if to.starts_with(&from) {
            return Err(Error::input(format!("`{}` cannot be copied into itself", from.display())));
        }
        let mut items = Vec::new();
        self.add(context, &from, &to, true, &mut items)?;
        Ok(items)
    }

    fn add(&self, context: &Context, from: &Path, to: &Path, top: bool, items: &mut Vec<Item>) -> Result<()> {
        let stat = context.files.stat(from).map_err(|e| Error::io("look at", from, &e))?;
        let stat = stat.ok_or_else(|| Error::io("copy", from, &std::io::ErrorKind::NotFound.into()))?;
        let listed = match stat.kind {
            FileKind::Folder => Some(context.files.list(from).map_err(|e| Error::io("list", from, &e))?),
            FileKind::Link if top => context.files.list(from).ok(),
            FileKind::File => None,
            FileKind::Link => {
                let error = Error::permanent(format!("`{}` is a link, and links are not copied", from.display()));
                return Err(error.hint("`exec.run` with `cp -a` copies links"));
            }
            FileKind::Other => {
                return Err(Error::permanent(format!("`{}` is neither a file nor a folder", from.display())));
            }
        };
        let (folder, link) = (listed.is_some(), stat.kind == FileKind::Link);
        let mode = match self.mode {
            Some(mode) if !folder => mode.0,
            // The bits of a link say nothing about what it points to.
            _ if link => {
                if folder {
                    0o755
                } else {
                    0o644
                }
            }
            _ => stat.mode,
        };
        let size = match stat.kind {
            _ if folder => 0,
            FileKind::Link => context.files.read(from).map_err(|e| Error::io("read", from, &e))?.len() as u64,
            _ => stat.size,
        };
        items.push(Item { folder, from: from.to_owned(), to: to.to_owned(), mode, size });
        for name in listed.into_iter().flatten() {
            self.add(context, &from.join(&name), &to.join(&name), false, items)?;
        }
        Ok(())
    }

    fn output(&self, context: &Context, items: &[Item]) -> Output {
        let path = context.place.path(&self.to).display().to_string();
        let files = items.iter().filter(|item| !item.folder).count() as u64;
        Output { path, files, size: items.iter().map(|item| item.size).sum() }
    }
}

/// Whether the copy is there already, with the same content and mode.
fn is_there(context: &Context, item: &Item) -> Result<bool> {
    let Some(stat) = context.files.stat(&item.to).map_err(|e| Error::io("look at", &item.to, &e))? else {
        return Ok(false);
    };
    let kind = if item.folder { FileKind::Folder } else { FileKind::File };
    if stat.kind != kind || stat.mode != item.mode {
        return Ok(false);
    }
    let read = |path: &Path| context.files.read(path).map_err(|e| Error::io("read", path, &e));
    Ok(item.folder || (stat.size == item.size && read(&item.from)? == read(&item.to)?))
}

impl Step for Copy {
    type Output = Output;
    const NAME: &'static str = "file.copy";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a folder with what is in it",
        "- id: page
  uses: file.write
  with: {path: site/de/index.html, content: hallo}
- id: publish
  uses: file.copy
  with: {from: site, to: public}
- id: back
  uses: file.read
  with: {path: public/de/index.html}",
        "steps.back.outputs.text == 'hallo' && steps.publish.outputs.files == 1",
    )];

    fn validate(&self) -> Result<()> {
        check_path("from", &self.from)?;
        check_path("to", &self.to)
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        let items = self.items(context)?;
        let mut count = 0;
        for item in &items {
            count += usize::from(!is_there(context, item)?);
        }
        let what = |count: usize| if count == 1 { String::new() } else { format!(" ({count} files and folders)") };
        Ok(Some(if count == 0 {
            Change::Nothing
        } else {
            let summary = format!("would copy `{}` to `{}`{}", self.from.display(), self.to.display(), what(count));
            Change::Would { summary, diff: String::new() }
        }))
    }

    async fn check(&self, context: &Context) -> Result<Option<Output>> {
        let items = self.items(context)?;
        for item in &items {
            if !is_there(context, item)? {
                return Ok(None);
            }
        }
        Ok(Some(self.output(context, &items)))
    }
}

impl InProcess for Copy {
    async fn run(&self, context: &Context) -> Result<Output> {
        let items = self.items(context)?;
        for (done, item) in items.iter().enumerate() {
            if context.cancel.is_cancelled() {
                return Err(Error::cancelled());
            }
            let mode = Some(item.mode);
            if item.folder {
                // A folder that its owner may not write to gets its mode once it is full.
                let mode = Some(item.mode | 0o700);
                context.files.make_folder(&item.to, mode).map_err(|e| Error::io("make the folder", &item.to, &e))?;
            } else {
                context.files.copy(&item.from, &item.to, mode).map_err(|e| {
                    let to = item.to.display();
                    Error::io("copy", &item.from, &e).hint(format!("it was being copied to `{to}`"))
                })?;
            }
            if items.len() > 1 {
                context.progress(done as u64 + 1, items.len() as u64, &item.to.display().to_string());
            }
        }
        for item in items.iter().rev().filter(|item| item.folder && item.mode & 0o700 != 0o700) {
            context.files.set_mode(&item.to, item.mode).map_err(|e| Error::io("set the mode of", &item.to, &e))?;
        }
        Ok(self.output(context, &items))
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::ErrorKind;
    use runner_sdk::world::Files;
    use serde_json::json;

    use super::*;
    use crate::testing::{World, decode};

    fn copy(with: serde_json::Value) -> Copy {
        decode(with).unwrap()
    }

    #[tokio::test]
    async fn a_file_is_copied_with_its_mode() {
        let world = World::new();
        world.files.put("/project/a", "hello");
        world.files.set_mode("/project/a".as_ref(), 0o755).unwrap();
        let output = world.run::<Copy>(json!({"from": "a", "to": "x/b"})).await.unwrap();
        assert_eq!(output, Output { path: "/project/x/b".to_owned(), files: 1, size: 5 });
        assert_eq!(world.files.get("/project/x/b").unwrap(), "hello");
        assert_eq!(world.files.stat("/project/x/b".as_ref()).unwrap().unwrap().mode, 0o755);
        world.run::<Copy>(json!({"from": "a", "to": "x/b", "mode": "0600"})).await.unwrap();
        assert_eq!(world.files.stat("/project/x/b".as_ref()).unwrap().unwrap().mode, 0o600);
    }

    #[tokio::test]
    async fn a_folder_is_copied_whole_and_onto_what_is_there() {
        let world = World::new();
        world.files.put("/project/a/one", "1");
        world.files.put("/project/a/deep/two", "22");
        world.files.put("/project/b/kept", "");
        let with = json!({"from": "a", "to": "b"});
        assert_eq!(copy(with.clone()).check(&world.context()).await, Ok(None));
        let output = world.run::<Copy>(with.clone()).await.unwrap();
        assert_eq!((output.files, output.size), (2, 3));
        assert_eq!(world.files.get("/project/b/deep/two").unwrap(), "22");
        assert!(world.files.get("/project/b/kept").is_some());
        assert_eq!(copy(with.clone()).check(&world.context()).await, Ok(Some(output)));
        assert_eq!(copy(with.clone()).plan(&world.context()).await, Ok(Some(Change::Nothing)));
        world.files.put("/project/a/one", "9");
        let Some(Change::Would { summary, .. }) = copy(with).plan(&world.context()).await.unwrap() else { panic!() };
        assert_eq!(summary, "would copy `a` to `b`");
        assert_eq!(world.log.progress().last().unwrap().0, 4);
    }

    #[tokio::test]
    async fn links_inside_and_copies_into_itself_are_refused() {
        let world = World::new();
        world.files.put_kind("/project/a/link", FileKind::Link);
        let error = world.run::<Copy>(json!({"from": "a", "to": "b"})).await.unwrap_err();
        assert_eq!(error.message, "`/project/a/link` is a link, and links are not copied");
        assert!(world.files.get("/project/b").is_none(), "nothing is copied before everything is known");
        let error = world.run::<Copy>(json!({"from": "a", "to": "a/b"})).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Input);
        let error = world.run::<Copy>(json!({"from": "none", "to": "b"})).await.unwrap_err();
        assert!(error.message.starts_with("cannot copy `/project/none`"), "{error}");
    }

    #[tokio::test]
    async fn a_cancelled_copy_stops_between_files() {
        let world = World::new();
        world.files.put("/project/a/one", "1");
        world.cancel();
        let error = world.run::<Copy>(json!({"from": "a", "to": "b"})).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Cancelled);
    }

    #[tokio::test]
    async fn a_folder_that_may_not_be_written_is_filled_first() {
        let world = World::new();
        world.files.put("/project/a/one", "1");
        world.files.set_mode("/project/a".as_ref(), 0o555).unwrap();
        world.run::<Copy>(json!({"from": "a", "to": "b"})).await.unwrap();
        assert_eq!(world.files.stat("/project/b".as_ref()).unwrap().unwrap().mode, 0o555);
    }
}
