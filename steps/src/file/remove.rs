//! `file.remove`.

use std::path::{Path, PathBuf};

use runner_sdk::world::FileKind;
use runner_sdk::{Ability, Change, Context, Error, Example, InProcess, Result, Step};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::check_path;

/// Removes a file, a link or a folder.
///
/// Nothing there is success. A folder that is not empty is removed only with `recursive`; the root, the home, the project
/// and what they stand in never are. A link is removed itself, not what it points to.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Remove {
    /// What to remove.
    pub path: PathBuf,
    /// Whether a folder is removed with everything in it.
    #[serde(default)]
    pub recursive: bool,
}

/// What is gone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Output {
    /// The absolute path.
    pub path: String,
}

impl Remove {
    fn output(&self, context: &Context) -> Output {
        Output { path: context.place.path(&self.path).display().to_string() }
    }

    /// Where it is and what it is, or `None` where nothing is there; refuses what must not be removed.
    fn target(&self, context: &Context) -> Result<Option<(PathBuf, FileKind)>> {
        let path = context.place.path(&self.path);
        let Some(stat) = context.files.stat(&path).map_err(|e| Error::io("look at", &path, &e))? else {
            return Ok(None);
        };
        if stat.kind == FileKind::Folder {
            let plain = without_dots(&path);
            let protected = [std::env::home_dir(), Some(context.place.project.clone())];
            if protected.iter().flatten().any(|kept| kept.starts_with(&plain)) {
                let message = format!("`{}` is not removed: the project or the home is in it", path.display());
                return Err(Error::input(message));
            }
            if !self.recursive && !context.files.list(&path).map_err(|e| Error::io("list", &path, &e))?.is_empty() {
                let message = format!("the folder `{}` is not empty", path.display());
                return Err(Error::permanent(message).hint("`recursive: true` removes it with everything in it"));
            }
        }
        Ok(Some((path, stat.kind)))
    }
}

/// The path without `.` and `..`, by its form alone.
fn without_dots(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            std::path::Component::CurDir => {}
            std::path::Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

impl Step for Remove {
    type Output = Output;
    const NAME: &'static str = "file.remove";
    const IDEMPOTENT: bool = true;
    const ABILITIES: &'static [Ability] = &[Ability::Plan, Ability::Check];
    const EXAMPLES: &'static [Example] = &[Example::new(
        "a folder and what is in it",
        "- id: scratch
  uses: file.write
  with: {path: scratch/note.txt, content: soon gone}
- id: clean
  uses: file.remove
  with: {path: scratch, recursive: true}
- id: look
  uses: file.read
  with: {path: scratch/note.txt, optional: true}",
        "!steps.look.outputs.exists",
    )];

    fn validate(&self) -> Result<()> {
        check_path("path", &self.path)
    }

    async fn plan(&self, context: &Context) -> Result<Option<Change>> {
        Ok(Some(match self.target(context)? {
            None => Change::Nothing,
            Some((_, kind)) => {
                let what = match kind {
                    FileKind::Folder => "the folder ",
                    FileKind::Link => "the link ",
                    FileKind::File | FileKind::Other => "",
                };
                Change::Would { summary: format!("would remove {what}`{}`", self.path.display()), diff: String::new() }
            }
        }))
    }

    async fn check(&self, context: &Context) -> Result<Option<Output>> {
        let path = context.place.path(&self.path);
        let stat = context.files.stat(&path).map_err(|e| Error::io("look at", &path, &e))?;
        Ok(stat.is_none().then(|| self.output(context)))
    }
}

impl InProcess for Remove {
    async fn run(&self, context: &Context) -> Result<Output> {
        if let Some((path, _)) = self.target(context)? {
            context.files.remove(&path).map_err(|e| Error::io("remove", &path, &e))?;
        }
        Ok(self.output(context))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::testing::{World, decode};

    #[tokio::test]
    async fn what_is_not_there_is_removed_already() {
        let world = World::new();
        world.files.put("/project/a", "");
        let first = world.run::<Remove>(json!({"path": "a"})).await.unwrap();
        assert!(world.files.get("/project/a").is_none());
        assert_eq!(world.run::<Remove>(json!({"path": "a"})).await, Ok(first));
    }

    #[tokio::test]
    async fn a_full_folder_needs_recursive() {
        let world = World::new();
        world.files.put("/project/a/b", "");
        let error = world.run::<Remove>(json!({"path": "a"})).await.unwrap_err();
        assert_eq!(error.message, "the folder `/project/a` is not empty");
        world.run::<Remove>(json!({"path": "a", "recursive": true})).await.unwrap();
        assert!(world.files.get("/project/a").is_none());
        world.files.put_kind("/project/empty", FileKind::Folder);
        world.run::<Remove>(json!({"path": "empty"})).await.unwrap();
    }

    #[tokio::test]
    async fn the_project_and_what_it_stands_in_are_never_removed() {
        let world = World::new();
        world.files.put("/project/a/b", "");
        for path in [".", "/", "a/..", "..", "/project", "/project/"] {
            let error = world.run::<Remove>(json!({"path": path, "recursive": true})).await;
            assert!(error.is_err(), "{path}");
        }
        assert!(world.files.get("/project/a/b").is_some());
    }

    #[tokio::test]
    async fn plan_says_what_would_go() {
        let world = World::new();
        world.files.put_kind("/project/l", FileKind::Link);
        let step: Remove = decode(json!({"path": "l"})).unwrap();
        let Some(Change::Would { summary, .. }) = step.plan(&world.context()).await.unwrap() else { panic!() };
        assert_eq!(summary, "would remove the link `l`");
        assert_eq!(step.check(&world.context()).await, Ok(None));
        step.run(&world.context()).await.unwrap();
        assert_eq!(step.plan(&world.context()).await, Ok(Some(Change::Nothing)));
        assert!(step.check(&world.context()).await.unwrap().is_some());
    }
}
