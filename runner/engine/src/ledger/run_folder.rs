//! The folders of a project's runs: `.runner/runs/<id>/`.
//!
//! An id begins with the time, so that names sort like runs, and ends with four hexadecimal digits:
//! `20261121-101502-vagrant-up-7f3a`. Of these the first two say when in that second the run began, in steps of 4 ms;
//! the others are random. What makes an id unique is that creating a folder that exists fails.

use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::disk::{Disk, RealDisk, create_folders};
use super::error::LedgerError;
use super::journal::JOURNAL;
use super::when;

/// How much of a workflow's name goes into an id, in characters.
const NAME: usize = 40;
/// The length of the time at an id's begin.
const STAMP: usize = "20261121-101502".len();
/// After so many ids that were taken, a run's place within its second is given up.
const CROWD: u32 = 64;
/// How many runs an error lists.
const SHOWN: usize = 5;

/// The runs of one project.
#[derive(Clone, Debug)]
pub struct Runs {
    /// The project's `.runner` folder.
    home: PathBuf,
}

/// The folder of one run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunFolder {
    id: String,
    path: PathBuf,
}

impl Runs {
    /// The runs of the project in `project`, whether or not there are any yet.
    pub fn of(project: &Path) -> Self {
        Self { home: project.join(".runner") }
    }

    /// The project's `.runner` folder.
    pub fn home(&self) -> &Path {
        &self.home
    }

    /// Makes the folder of a new run of `workflow`, begun at `now` milliseconds of wall time; its name is durable.
    pub fn create(&self, now: u64, workflow: &str) -> Result<RunFolder, LedgerError> {
        self.create_on(&RealDisk, now, workflow)
    }

    /// As [`Runs::create`], on a given disk.
    pub fn create_on(&self, disk: &dyn Disk, now: u64, workflow: &str) -> Result<RunFolder, LedgerError> {
        let runs = self.home.join("runs");
        create_folders(disk, &runs).map_err(|error| LedgerError::io("create", &runs, error))?;
        ignore_in_git(disk, &self.home)?;
        let mut tries = 0_u32;
        loop {
            let random = RandomState::new().hash_one(tries);
            let within = if tries < CROWD { now % 1000 / 4 } else { random >> 8 & 0xff };
            let id = format!("{}-{}-{within:02x}{:02x}", when::stamp(now), spelled(workflow), random & 0xff);
            let path = runs.join(&id);
            match disk.create_folder(&path) {
                Ok(()) => {
                    disk.sync_folder(&runs).map_err(|error| LedgerError::io("sync", &runs, error))?;
                    return Ok(RunFolder { id, path });
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < 1000 => tries += 1,
                Err(error) => return Err(LedgerError::io("create", &path, error)),
            }
        }
    }

    /// All runs, the newest first; none where there is no folder.
    pub fn list(&self) -> Result<Vec<RunFolder>, LedgerError> {
        let runs = self.home.join("runs");
        let failed = |error| LedgerError::io("read", &runs, error);
        let entries = match fs::read_dir(&runs) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            other => other.map_err(failed)?,
        };
        let mut found = Vec::new();
        for entry in entries {
            let entry = entry.map_err(failed)?;
            let Ok(id) = entry.file_name().into_string() else { continue };
            if looks_like_id(&id) && entry.path().is_dir() {
                found.push(RunFolder { id, path: entry.path() });
            }
        }
        found.sort_by(|a, b| b.order().cmp(&a.order()));
        Ok(found)
    }

    /// The run with this id, or the only one whose id begins with it.
    pub fn find(&self, prefix: &str) -> Result<RunFolder, LedgerError> {
        let all = self.list()?;
        if let Some(exact) = all.iter().find(|run| run.id == prefix) {
            return Ok(exact.clone());
        }
        let matching: Vec<_> = all.iter().filter(|run| run.id.starts_with(prefix)).collect();
        let message = match matching.as_slice() {
            [one] => return Ok((*one).clone()),
            [] if all.is_empty() => format!("no run `{prefix}`: `{}` has none yet", self.home.display()),
            [] => format!("no run `{prefix}`; the newest are {}", names(&all)),
            several => format!("`{prefix}` is the begin of {} runs: {}", several.len(), names(several.iter().copied())),
        };
        Err(LedgerError::NoSuchRun { message })
    }
}

impl RunFolder {
    /// What runs are sorted by: the second, the place within it, and then only the name.
    fn order(&self) -> (&str, &str, &str) {
        let suffix = self.id.rsplit('-').next().unwrap_or_default();
        (&self.id[..STAMP], suffix.get(..2).unwrap_or_default(), &self.id)
    }

    /// The run's id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The folder, in which the journal lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The file that the run's engine locks.
    pub fn lock(&self) -> PathBuf {
        Self::lock_in(&self.path)
    }

    /// The file that the engine of the run in a folder locks.
    pub fn lock_in(run: &Path) -> PathBuf {
        run.join("lock")
    }

    /// The folder of the checkpoint.
    pub fn checkpoint(&self) -> PathBuf {
        self.path.join("checkpoint")
    }

    /// Whether a journal was begun; a run killed before that has done nothing.
    pub fn has_begun(&self) -> bool {
        self.path.join(JOURNAL).exists()
    }
}

fn names<'a>(runs: impl IntoIterator<Item = &'a RunFolder>) -> String {
    let mut runs = runs.into_iter();
    let shown: Vec<_> = runs.by_ref().take(SHOWN).map(|run| format!("`{}`", run.id)).collect();
    let more = runs.count();
    shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

pub(super) fn looks_like_id(name: &str) -> bool {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    name.is_ascii() && name.len() > STAMP && digits(&name[..8]) && &name[8..9] == "-" && digits(&name[9..STAMP])
}

/// A workflow's name as a part of an id: lower-case letters, digits, hyphens and underscores.
fn spelled(workflow: &str) -> String {
    let mut name = String::new();
    for letter in workflow.chars().map(|letter| letter.to_ascii_lowercase()) {
        if letter.is_ascii_alphanumeric() || letter == '_' {
            name.push(letter);
        } else if !name.ends_with('-') && !name.is_empty() {
            name.push('-');
        }
    }
    name.truncate(NAME);
    let name = name.trim_end_matches('-');
    if name.is_empty() { "run".to_owned() } else { name.to_owned() }
}

/// Nothing of `.runner` belongs into a repository: it may hold what steps gave out.
pub(super) fn ignore_in_git(disk: &dyn Disk, home: &Path) -> Result<(), LedgerError> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    let path = home.join(".gitignore");
    if path.exists() {
        return Ok(());
    }
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let beside = home.join(format!(".gitignore-{}-{number}", std::process::id()));
    let write = || {
        let file = disk.create(&beside)?;
        file.write_all_at(b"*\n", 0)?;
        file.sync_all()?;
        disk.rename(&beside, &path)?;
        disk.sync_folder(home)
    };
    write().map_err(|error| LedgerError::io("write", &path, error))
}
