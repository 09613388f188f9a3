//! Finding the program of an attempt, and saying what is wrong with it.
//!
//! It is looked up here and not by the system, because the attempt's own `PATH` counts, because only so the message
//! can say what is missing, and because a program given by its path starts faster.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, access};
use rustix::io::Errno;

use crate::protocol::{FailureKind, SpawnFailure};

/// Where the system looks when there is no `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// The program's path, absolute if `folder` is.
pub(super) fn find(
    program: &OsStr,
    folder: &Path,
    environment: &[(OsString, OsString)],
) -> Result<PathBuf, SpawnFailure> {
    check_folder(folder)?;
    if program.is_empty() {
        return Err(failure(FailureKind::NotFound, "there is no program to start".to_owned()));
    }
    let shown = program.display();
    if program.as_bytes().contains(&b'/') {
        let path = folder.join(program);
        return match refusal(&path) {
            None => Ok(path),
            Some(Errno::NOENT | Errno::NOTDIR) => {
                Err(failure(FailureKind::NotFound, format!("program `{shown}` does not exist")))
            }
            Some(error) => Err(denied(&path, error)),
        };
    }
    let path = environment.iter().find(|(name, _)| name == "PATH").map_or(OsStr::new(DEFAULT_PATH), |(_, path)| path);
    let mut refused = None;
    for candidate in std::env::split_paths(path) {
        // An empty entry means the working folder.
        let candidate = folder.join(candidate).join(program);
        match refusal(&candidate) {
            None => return Ok(candidate),
            Some(Errno::NOENT | Errno::NOTDIR) => {}
            Some(error) => {
                refused.get_or_insert_with(|| denied(&candidate, error));
            }
        }
    }
    Err(refused.unwrap_or_else(|| {
        failure(
            FailureKind::NotFound,
            format!("program `{shown}` was not found in `PATH`, which is `{}`", path.display()),
        )
    }))
}

/// What the system said when it was asked to start the program, in words.
pub(super) fn explain(program: &Path, error: &io::Error) -> SpawnFailure {
    let shown = program.display();
    let (kind, what) = match error.raw_os_error().map(Errno::from_raw_os_error) {
        Some(Errno::NOENT) => (FailureKind::NotFound, "the interpreter in its first line does not exist".to_owned()),
        Some(Errno::NOEXEC) => (FailureKind::Other, "it is no program, nor does it begin with `#!`".to_owned()),
        Some(Errno::ACCESS | Errno::PERM) => (FailureKind::PermissionDenied, "permission denied".to_owned()),
        Some(Errno::TOOBIG) => (FailureKind::Other, "arguments and environment are too long together".to_owned()),
        Some(Errno::AGAIN | Errno::NOMEM | Errno::MFILE | Errno::NFILE | Errno::NOSPC | Errno::TXTBSY) => {
            (FailureKind::Exhausted, error.to_string())
        }
        _ => (FailureKind::Other, error.to_string()),
    };
    failure(kind, format!("program `{shown}` cannot be started: {what}"))
}

pub(super) fn failure(kind: FailureKind, message: String) -> SpawnFailure {
    SpawnFailure { kind, message }
}

fn check_folder(folder: &Path) -> Result<(), SpawnFailure> {
    let what = match fs::metadata(folder) {
        Ok(found) if found.is_dir() && folder.is_absolute() => return Ok(()),
        Ok(found) if found.is_dir() => "is not an absolute path".to_owned(),
        Ok(_) => "is not a folder".to_owned(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => "does not exist".to_owned(),
        Err(error) => error.to_string(),
    };
    Err(failure(FailureKind::BadFolder, format!("working folder `{}`: {what}", folder.display())))
}

/// Why the file cannot be executed, if so.
fn refusal(path: &Path) -> Option<Errno> {
    match fs::metadata(path) {
        Ok(found) if found.is_dir() => Some(Errno::ISDIR),
        Ok(_) => access(path, Access::EXEC_OK).err(),
        Err(error) => Some(error.raw_os_error().map_or(Errno::IO, Errno::from_raw_os_error)),
    }
}

fn denied(path: &Path, error: Errno) -> SpawnFailure {
    let what = match error {
        Errno::ISDIR => "is a folder".to_owned(),
        Errno::ACCESS => "permission denied".to_owned(),
        error => io::Error::from(error).to_string(),
    };
    failure(FailureKind::PermissionDenied, format!("program `{}`: {what}", path.display()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn search(program: &str, folder: &Path, path: &str) -> Result<PathBuf, (FailureKind, String)> {
        let environment = [(OsString::from("PATH"), OsString::from(path))];
        find(OsStr::new(program), folder, &environment).map_err(|failure| (failure.kind, failure.message))
    }

    #[test]
    fn the_first_that_may_be_executed_is_found() {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in [("a", 0o644), ("b", 0o755), ("c", 0o755)] {
            fs::create_dir(folder.path().join(name)).unwrap();
            let file = folder.path().join(name).join("tool");
            fs::write(&file, "").unwrap();
            fs::set_permissions(file, fs::Permissions::from_mode(mode)).unwrap();
        }
        let b = folder.path().join("b/tool");
        assert_eq!(search("tool", folder.path(), "none:a:b:c"), Ok(b.clone()));
        assert_eq!(search("b/tool", folder.path(), ""), Ok(b));
        let (kind, message) = search("tool", folder.path(), "none:a").unwrap_err();
        assert_eq!(kind, FailureKind::PermissionDenied);
        assert_eq!(message, format!("program `{}`: permission denied", folder.path().join("a/tool").display()));
    }

    #[test]
    fn what_is_missing_is_named() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            search("tool", folder.path(), "/nowhere").unwrap_err(),
            (FailureKind::NotFound, "program `tool` was not found in `PATH`, which is `/nowhere`".to_owned())
        );
        assert_eq!(
            search("./tool", folder.path(), "").unwrap_err(),
            (FailureKind::NotFound, "program `./tool` does not exist".to_owned())
        );
        assert_eq!(
            search("true", Path::new("/nowhere"), "/bin").unwrap_err(),
            (FailureKind::BadFolder, "working folder `/nowhere`: does not exist".to_owned())
        );
        let (kind, _) = search("/", folder.path(), "").unwrap_err();
        assert_eq!(kind, FailureKind::PermissionDenied);
    }
}
