//! The file beside a target, into which a write goes before it is renamed.
//!
//! Its name is `.NAME.runner-XXXXXXXXXXXXXXXX~`. Its writer holds a lock on it, which dies with the writer: a file of such
//! a name that nobody has locked was left by a writer that was killed.

use std::ffi::{OsStr, OsString};
use std::fs::{File, OpenOptions};
use std::hash::{BuildHasher, Hasher, RandomState};
use std::io;
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use runner_keeper::failpoint::{self, Point};
use rustix::fs::{FlockOperation, flock};

/// What stands between the target's name and the random part.
const MARK: &[u8] = b".runner-";
/// Length of the random part, in hexadecimal digits.
const RANDOM: usize = 16;
/// The longest name of a file on the file systems in use, in bytes.
const NAME_MAX: usize = 255;
/// Enough tries for any number of writers of one target.
const TRIES: usize = 100;

/// A file beside its target, removed when dropped before [`Beside::publish`].
pub(crate) struct Beside {
    file: File,
    path: PathBuf,
    folder: PathBuf,
    published: bool,
}

impl Beside {
    /// Makes the file beside `target`, with the given mode as the umask allows. What killed writers of the same target
    /// left is removed first.
    pub(crate) fn create(target: &Path, mode: u32) -> io::Result<Self> {
        let name = target.file_name().ok_or_else(|| io::Error::other("the path does not end in a name"))?;
        let folder = target.parent().unwrap_or(Path::new("/")).to_owned();
        remove_leftovers(&folder, name)?;
        for _ in 0..TRIES {
            let path = folder.join(random_name(name));
            let file = match OpenOptions::new().write(true).create_new(true).mode(mode).open(&path) {
                Ok(file) => file,
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(error) => return Err(error),
            };
            let beside = Self { file, path, folder: folder.clone(), published: false };
            // Another writer may have taken it for a leftover before the lock was there.
            if flock(&beside.file, FlockOperation::NonBlockingLockExclusive).is_ok()
                && beside.file.metadata()?.nlink() > 0
            {
                return Ok(beside);
            }
        }
        Err(io::Error::other("cannot keep a temporary file beside the target"))
    }

    /// The file, to be filled.
    pub(crate) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Syncs the file, gives it the name of `target`, and syncs the folder.
    pub(crate) fn publish(mut self, target: &Path) -> io::Result<()> {
        self.file.sync_all()?;
        failpoint::hit(Point::FileWritten);
        std::fs::rename(&self.path, target)?;
        self.published = true;
        failpoint::hit(Point::FileNamed);
        File::open(&self.folder)?.sync_all()
    }
}

impl Drop for Beside {
    fn drop(&mut self) {
        if !self.published {
            // If this fails too, the next write of the target tries again.
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

/// Removes what killed writers of `name` left in `folder`.
pub(super) fn remove_leftovers(folder: &Path, name: &OsStr) -> io::Result<()> {
    let start = start_of_name(name);
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.file_type()?;
        if !is_beside(entry.file_name().as_bytes(), &start) || !(kind.is_file() || kind.is_dir()) {
            continue;
        }
        // Only what nobody holds any more; who holds it sees after taking the lock whether it is still there.
        let Ok(file) = OpenOptions::new().read(kind.is_dir()).write(kind.is_file()).open(entry.path()) else {
            continue;
        };
        if flock(&file, FlockOperation::NonBlockingLockExclusive).is_ok() {
            let _ = super::staged::remove(&entry.path());
        }
    }
    Ok(())
}

/// `.NAME.runner-`, the name shortened where the whole would be too long for the file system.
fn start_of_name(name: &OsStr) -> Vec<u8> {
    let room = NAME_MAX - 1 - MARK.len() - RANDOM - 1;
    let name = name.as_bytes();
    [b".", &name[..name.len().min(room)], MARK].concat()
}

pub(super) fn random_name(name: &OsStr) -> OsString {
    // The standard library's hash keys come from the system's random source and differ in each state.
    let random = RandomState::new().build_hasher().finish();
    let mut whole = start_of_name(name);
    whole.extend_from_slice(format!("{random:0RANDOM$x}~").as_bytes());
    OsString::from_vec(whole)
}

fn is_beside(name: &[u8], start: &[u8]) -> bool {
    name.strip_prefix(start)
        .and_then(|rest| rest.strip_suffix(b"~"))
        .is_some_and(|random| random.len() == RANDOM && random.iter().all(u8::is_ascii_hexdigit))
}
