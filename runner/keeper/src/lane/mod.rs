//! The files that attempts write into: `lanes/N.out`, `N.data`, `N.progress` in the run's folder, append-only.
//!
//! An attempt has a lane for itself while it lives, and its output is a range of each file. Nothing is created per
//! attempt: a lane goes to the next one as soon as nobody can write to its files any more.
//!
//! A child writes straight into the files, so its output survives engine and keeper, and nothing copies it. Where a
//! secret may pass, or the child has a terminal, it writes into pipes (or the terminal) instead and the keeper
//! appends: [`Tap`]. A program opens `$RUNNER_PROGRESS` by its path, which cannot be a pipe; there the variable names
//! a FIFO of the lane, `N.fifo`. (An inherited descriptor under `/dev/fd` would be lost behind `sudo`, `ssh` or
//! anything else that closes what it does not know; a FIFO is found by its path wherever the files are seen.)

mod files;
mod pool;
mod tap;

pub(crate) use files::Lane;
pub(crate) use pool::Pool;
pub(crate) use tap::{Kind, Tap};

use std::path::{Path, PathBuf};

/// The variable that tells an attempt where to write its progress.
pub const PROGRESS_VARIABLE: &str = "RUNNER_PROGRESS";

/// The folder of a run's lanes.
pub fn folder(run_dir: &Path) -> PathBuf {
    run_dir.join("lanes")
}

/// A lane's file of both streams; of an attempt that captures, of stderr.
pub fn out_path(run_dir: &Path, lane: u64) -> PathBuf {
    folder(run_dir).join(format!("{lane}.out"))
}

/// A lane's file of captured stdout.
pub fn data_path(run_dir: &Path, lane: u64) -> PathBuf {
    folder(run_dir).join(format!("{lane}.data"))
}

/// A lane's file of progress.
pub fn progress_file(run_dir: &Path, lane: u64) -> PathBuf {
    folder(run_dir).join(format!("{lane}.progress"))
}

/// What [`PROGRESS_VARIABLE`] names for an attempt: the file, or the FIFO in front of it.
pub(crate) fn progress_path(run_dir: &Path, lane: u64, piped: bool) -> PathBuf {
    if piped { folder(run_dir).join(format!("{lane}.fifo")) } else { progress_file(run_dir, lane) }
}
