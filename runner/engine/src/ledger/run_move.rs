//! Runs that come and go as a whole: imported, and removed.
//!
//! Both happen beside the runs, under names that begin with a dot and so are no run's: what was killed in the middle is never
//! taken for a run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::disk::{Disk, RealDisk, create_folders};
use super::error::LedgerError;
use super::machine;
use super::run_folder::{RunFolder, Runs, ignore_in_git, looks_like_id};

/// What the name of a folder begins with that is being imported; its id and the process that does it follow.
const IMPORT: &str = ".import-";
/// What the name of a folder begins with that is being removed.
const REMOVED: &str = ".removed-";

impl Runs {
    /// Makes an empty folder beside the runs, for the content of one with this id.
    pub fn stage(&self, id: &str) -> Result<PathBuf, LedgerError> {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if !looks_like_id(id) || !id.chars().all(plain) {
            return Err(LedgerError::NoSuchRun { message: format!("`{}` is no run's id", id.escape_debug()) });
        }
        let runs = self.folder();
        create_folders(&RealDisk, &runs).map_err(|error| LedgerError::io("create", &runs, error))?;
        ignore_in_git(&RealDisk, self.home())?;
        self.refuse_existing(id)?;
        let staged = runs.join(format!("{IMPORT}{id}-{}", std::process::id()));
        fs::create_dir(&staged).map_err(|error| LedgerError::io("create", &staged, error))?;
        Ok(staged)
    }

    /// Gives a staged folder, whose files are synced, its place among the runs; durable when this returns.
    pub fn adopt(&self, staged: &Path, id: &str) -> Result<RunFolder, LedgerError> {
        self.refuse_existing(id)?;
        let (runs, path) = (self.folder(), self.folder().join(id));
        let place = || {
            sync_folders(staged)?;
            fs::rename(staged, &path)?;
            RealDisk.sync_folder(&runs)
        };
        place().map_err(|error| LedgerError::io("create", &path, error))?;
        self.find(id)
    }

    /// Removes what an import or a removal has left that was killed.
    pub fn sweep(&self) -> Result<(), LedgerError> {
        let runs = self.folder();
        for entry in fs::read_dir(&runs).into_iter().flatten().flatten() {
            let Ok(name) = entry.file_name().into_string() else { continue };
            let importer = name.strip_prefix(IMPORT).and_then(|rest| rest.rsplit('-').next()?.parse().ok());
            let is_left = name.starts_with(REMOVED) || importer.is_some_and(|pid| machine::look(pid).is_none());
            if is_left {
                let path = entry.path();
                fs::remove_dir_all(&path).map_err(|error| LedgerError::io("remove", &path, error))?;
            }
        }
        Ok(())
    }

    fn folder(&self) -> PathBuf {
        self.home().join("runs")
    }

    fn refuse_existing(&self, id: &str) -> Result<(), LedgerError> {
        if self.folder().join(id).exists() {
            return Err(LedgerError::NoSuchRun { message: format!("there is a run `{id}` already") });
        }
        Ok(())
    }
}

impl RunFolder {
    /// Removes the run with all that belongs to it. Its locks are held by the caller.
    pub fn remove(&self) -> Result<(), LedgerError> {
        let failed = |error| LedgerError::io("remove", self.path(), error);
        let runs = self.path().parent().unwrap_or(self.path());
        let beside = runs.join(format!("{REMOVED}{}", self.id()));
        fs::rename(self.path(), &beside).map_err(failed)?;
        RealDisk.sync_folder(runs).map_err(failed)?;
        fs::remove_dir_all(&beside).map_err(failed)
    }
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    RealDisk.sync_folder(folder)
}
