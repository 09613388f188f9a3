//! The folder beside a target, which is filled, synced, and only then takes the target's place.

use std::fs::{DirBuilder, File, OpenOptions, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use runner_sdk::world::NewFolder;
use rustix::fs::{CWD, FlockOperation, RenameFlags, flock, renameat_with};

use super::{beside, folder};

/// Fills a folder beside `path` and puts it there, in place of what stood there.
pub(super) fn replace(path: &Path, fill: &mut dyn FnMut(&mut dyn NewFolder) -> io::Result<()>) -> io::Result<()> {
    let name = path.file_name().ok_or_else(|| io::Error::other("the path does not end in a name"))?;
    let parent = path.parent().unwrap_or(Path::new("/"));
    folder::make(parent)?;
    beside::remove_leftovers(parent, name)?;
    let mut staged = Staged::create(parent.join(beside::random_name(name)))?;
    fill(&mut staged)?;
    staged.settle()?;
    exchange(&staged.root, path)?;
    folder::sync(parent)
    // What stood there lies beside now, and goes with `staged`.
}

/// A folder beside its target; what lies there when it is dropped is removed.
struct Staged {
    root: PathBuf,
    /// Held as long as it is being filled: a folder of such a name that nobody holds was left by a writer that was killed.
    _lock: File,
    /// Its folders, each after what it stands in, and the mode that each gets at the end.
    folders: Vec<(PathBuf, u32)>,
}

impl Staged {
    fn create(root: PathBuf) -> io::Result<Self> {
        DirBuilder::new().mode(0o700).create(&root)?;
        let lock = File::open(&root)?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive)?;
        let folders = vec![(root.clone(), 0o755)];
        Ok(Self { root, _lock: lock, folders })
    }

    /// Syncs every folder, once it has all its entries and its mode; files were synced as they were made.
    fn settle(&mut self) -> io::Result<()> {
        for (path, mode) in self.folders.iter().rev() {
            let opened = File::open(path)?;
            opened.set_permissions(Permissions::from_mode(*mode))?;
            opened.sync_all()?;
        }
        Ok(())
    }
}

impl NewFolder for Staged {
    fn file(&mut self, path: &Path, mode: u32, content: &mut dyn io::Read) -> io::Result<u64> {
        let path = self.root.join(path);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        let size = io::copy(content, &mut file)?;
        file.set_permissions(Permissions::from_mode(mode))?;
        file.sync_all()?;
        Ok(size)
    }

    fn folder(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        let path = self.root.join(path);
        DirBuilder::new().mode(0o700).create(&path)?;
        self.folders.push((path, mode));
        Ok(())
    }

    fn link(&mut self, path: &Path, target: &Path) -> io::Result<()> {
        std::os::unix::fs::symlink(target, self.root.join(path))
    }

    fn hard_link(&mut self, path: &Path, original: &Path) -> io::Result<()> {
        std::fs::hard_link(self.root.join(original), self.root.join(path))
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        // Best effort: the next writer of the target tries again.
        let _ = remove(&self.root);
    }
}

/// Removes whatever stands at a path.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    let metadata = std::fs::symlink_metadata(path)?;
    if metadata.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
}

/// Puts `new` where `target` is, and what stood there where `new` was.
fn exchange(new: &Path, target: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return std::fs::rename(new, target),
        Err(error) => return Err(error),
        Ok(_) => {}
    }
    if renameat_with(CWD, new, CWD, target, RenameFlags::EXCHANGE).is_ok() {
        return Ok(());
    }
    // Not every file system can; then there is an instant in which nothing stands there.
    let old = new.with_file_name(beside::random_name(target.file_name().unwrap_or_default()));
    std::fs::rename(target, &old)?;
    std::fs::rename(new, target).inspect_err(|_| {
        let _ = std::fs::rename(&old, target);
    })?;
    std::fs::rename(&old, new)
}
