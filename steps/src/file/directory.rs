//! `file.directory`.

use std::path::{Path, PathBuf};

use runner_sdk::world::FileKind;
use runner_sdk::{Ability, Change, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check_path;
use crate::shared::mode::Mode;

/// Makes sure that a folder is there.
///
/// Missing parents are made. Undo removes the folders that were made if nothing is in them; what others put there stays.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Directory {
    /// The folder.
    pub path: PathBuf,
    /// Its permissions in octal, in quotes. By default those it has, else 0755 as the umask allows.
    pub mode: Option<Mode>,
}

/// Where the folder is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The absolute path.
    pub path: String,
    /// The outermost folder that was made for it; null where it was there already.
    #[serde(default)]
    pub made: Option<String>,
}

impl Directory {
    fn output(&self, context: &Context) -> Output {
        Output { path: context.place.path(&self.path).display().to_string(), made: None }
    }

    /// The outermost folder on the way to it that is not there.
    fn missing(&self, context: &Context) -> Result<Option<PathBuf>> {
        let path = context.place.path(&self.path);
        let mut missing = None;
        for folder in path.ancestors() {
            if context.files.stat(folder).map_err(|e| Error::io("look at", folder, &e))?.is_some() {
                break;
            }
            missing = Some(folder.to_path_buf());
        }
        Ok(missing)
    }

    /// What running would do, in words; `None`: nothing.
    fn change(&self, context: &Context) -> Result<Option<String>> {
        let path = context.place.path(&self.path);
        let name = self.path.display();
        Ok(match context.files.stat(&path).map_err(|e| Error::io("look at", &path, &e))? {
            None => Some(format!("would make the folder `{name}`")),
            Some(stat) if stat.kind == FileKind::Folder => match self.mode {
                Some(mode) if mode.0 != stat.mode => {
                    Some(format!("would set the mode of `{name}` ({} → {mode})", Mode(stat.mode)))
                }
                _ => None,
            },
            // A link to a folder is one.
            Some(stat) if stat.kind == FileKind::Link && context.files.list(&path).is_ok() => None,
            Some(_) => return Err(Error::permanent(format!("`{}` is there and is not a folder", path.display()))),
        })
    }
}

impl Step for Directory {
    type Output = Output;
    const NAME: &'static str = "file.directory";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check, Ability::Undo];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a folder for keys",
        "- id: keys
  uses: file.directory
  with: {path: out/keys, mode: \"0700\"}
- id: look
  uses: exec.run
  with: {argv: [ls, -ld, '{{steps.keys.outputs.path}}'], capture: text}",
        "steps.look.outputs.stdout.startsWith('drwx------')",
    )];

    fn validate(&self) -> Result<()> {
        check_path("path", &self.path)
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        Ok(Some(match self.change(context)? {
            None => Change::Nothing,
            Some(summary) => Change::Would { summary, diff: String::new() },
        }))
    }

    async fn check(&self, context: &Context) -> Result<Option<Output>> {
        Ok(self.change(context)?.is_none().then(|| self.output(context)))
    }

    async fn undo(&self, output: &Output, context: &Context) -> Result<()> {
        let Some(made) = &output.made else { return Ok(()) };
        for folder in Path::new(&output.path).ancestors().take_while(|folder| folder.starts_with(made)) {
            if context.files.stat(folder).map_err(|e| Error::io("look at", folder, &e))?.is_none() {
                continue;
            }
            if !context.files.list(folder).map_err(|e| Error::io("list", folder, &e))?.is_empty() {
                context.log(format!("`{}` stays: it is not empty", folder.display()));
                break;
            }
            context.files.remove(folder).map_err(|e| Error::io("remove", folder, &e))?;
        }
        Ok(())
    }
}

impl InProcess for Directory {
    async fn run(&self, context: &Context) -> Result<Output> {
        let path = context.place.path(&self.path);
        self.change(context)?;
        let made = self.missing(context)?.map(|made| made.display().to_string());
        let mode = self.mode.map(|mode| mode.0);
        context.files.make_folder(&path, mode).map_err(|e| Error::io("make the folder", &path, &e))?;
        Ok(Output { made, ..self.output(context) })
    }
}

#[cfg(test)]
mod tests {
    use runner_sdk::world::Files;
    use serde_json::json;

    use super::*;
    use crate::testing::{World, decode};

    #[tokio::test]
    async fn a_folder_is_made_once_and_then_only_its_mode_set() {
        let world = World::new();
        let step: Directory = decode(json!({"path": "a/b", "mode": "0700"})).unwrap();
        assert_eq!(step.check(&world.context()).await, Ok(None));
        let output = step.run(&world.context()).await.unwrap();
        assert_eq!((output.path.as_str(), output.made.as_deref()), ("/project/a/b", Some("/project/a")));
        let again = Output { made: None, ..output };
        assert_eq!(step.run(&world.context()).await, Ok(again.clone()));
        assert_eq!(step.check(&world.context()).await, Ok(Some(again)));
        world.files.set_mode("/project/a/b".as_ref(), 0o755).unwrap();
        let Some(Change::Would { summary, .. }) = step.plan(&world.context()).await.unwrap() else { panic!() };
        assert_eq!(summary, "would set the mode of `a/b` (0755 → 0700)");
    }

    #[tokio::test]
    async fn a_file_in_the_way_is_an_error() {
        let world = World::new();
        world.files.put("/project/a", "");
        let error = world.run::<Directory>(json!({"path": "a"})).await.unwrap_err();
        assert_eq!(error.message, "`/project/a` is there and is not a folder");
    }

    #[tokio::test]
    async fn undo_leaves_a_folder_that_was_there_before() {
        let world = World::new();
        let step: Directory = decode(json!({"path": "a"})).unwrap();
        step.run(&world.context()).await.unwrap();
        let second = step.run(&world.context()).await.unwrap();
        step.undo(&second, &world.context()).await.unwrap();
        assert!(world.files.stat("/project/a".as_ref()).unwrap().is_some());
    }

    #[tokio::test]
    async fn undo_removes_what_was_made_only_when_it_is_empty() {
        let world = World::new();
        let step: Directory = decode(json!({"path": "a/b"})).unwrap();
        let output = step.run(&world.context()).await.unwrap();
        world.files.put("/project/a/kept", "");
        step.undo(&output, &world.context()).await.unwrap();
        assert!(world.files.get("/project/a/kept").is_some());
        assert_eq!(world.log.lines(), ["`/project/a` stays: it is not empty"]);
        assert!(world.files.stat("/project/a/b".as_ref()).unwrap().is_none());
        world.files.remove("/project/a/kept".as_ref()).unwrap();
        step.undo(&output, &world.context()).await.unwrap();
        assert!(world.files.stat("/project/a".as_ref()).unwrap().is_none());
        step.undo(&output, &world.context()).await.unwrap();
    }
}
