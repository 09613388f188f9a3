//! The machine's files.

use std::fs::{File, Metadata, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use runner_sdk::world::{FileKind, Files, Fill, NewFolder, Stat};

use super::beside::Beside;
use super::{folder, staged};

/// The mode of a new file, before the umask.
const NEW: u32 = 0o644;
/// The permission bits of a mode.
const BITS: u32 = 0o7777;

/// The machine's files. Writing or removing a link replaces or removes the link, not what it leads to; reading, and
/// setting a mode, follow it.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealFiles;

impl Files for RealFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let (mut file, size) = open_regular(path)?;
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or_default());
        file.read_to_end(&mut bytes)?;
        Ok(bytes)
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Stat>> {
        let metadata = match std::fs::symlink_metadata(path) {
            Ok(metadata) => metadata,
            Err(error) if nothing_there(&error) => return Ok(None),
            Err(error) => return Err(error),
        };
        let kind = match metadata.file_type() {
            kind if kind.is_file() => FileKind::File,
            kind if kind.is_dir() => FileKind::Folder,
            kind if kind.is_symlink() => FileKind::Link,
            _ => FileKind::Other,
        };
        Ok(Some(Stat { kind, size: metadata.len(), mode: metadata.mode() & BITS }))
    }

    fn write(&self, path: &Path, bytes: &[u8], mode: Option<u32>) -> io::Result<()> {
        replace(path, mode, NEW, |file| file.write_all(bytes))
    }

    /// Without `mode`, and where no file stands yet, the copy has the source's mode as the umask allows, as with `cp`:
    /// a program stays executable, and what only its owner may read stays so.
    fn copy(&self, from: &Path, to: &Path, mode: Option<u32>) -> io::Result<()> {
        let (mut source, _) = open_regular(from)?;
        let source_mode = source.metadata()?.mode() & 0o777;
        replace(to, mode, source_mode, |file| io::copy(&mut source, file).map(drop))
    }

    fn make_folder(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        folder::make(path)?;
        match mode {
            Some(mode) => folder::set_mode(path, mode),
            None => Ok(()),
        }
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        folder::set_mode(path, mode)
    }

    /// The names alone, without the folder.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        let mut names = std::fs::read_dir(path)?
            .map(|entry| entry.map(|entry| PathBuf::from(entry.file_name())))
            .collect::<io::Result<Vec<_>>>()?;
        names.sort();
        Ok(names)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let parent = path.parent().ok_or_else(|| io::Error::other("the root of all files is not removed"))?;
        let removed = std::fs::symlink_metadata(path).and_then(|metadata| {
            if metadata.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }
        });
        match removed {
            Ok(()) => folder::sync(parent),
            Err(error) if nothing_there(&error) => Ok(()),
            Err(error) => Err(error),
        }
    }

    fn open(&self, path: &Path) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(open_regular(path)?.0))
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        std::fs::read_link(path)
    }

    fn write_by(&self, path: &Path, mode: Option<u32>, fill: &mut Fill<'_>) -> io::Result<()> {
        replace(path, mode, NEW, |file| {
            let mut file = io::BufWriter::with_capacity(1 << 16, file);
            fill(&mut file)?;
            file.flush()
        })
    }

    fn replace_folder(
        &self,
        path: &Path,
        fill: &mut dyn FnMut(&mut dyn NewFolder) -> io::Result<()>,
    ) -> io::Result<()> {
        staged::replace(path, fill)
    }
}

/// Whether an error says that nothing stands at a path: no such entry, or a file where a folder would have to be.
fn nothing_there(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

/// Opens a regular file, and says its size. Anything else is refused: a pipe would wait, a device may never end.
fn open_regular(path: &Path) -> io::Result<(File, u64)> {
    let file = folder::open(path)?;
    let metadata = file.metadata()?;
    if metadata.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok((file, metadata.len()))
}

/// Replaces `path` by a file that `fill` writes. `mode` `None`: what an existing file has, also one behind a link, else
/// `new` as the umask allows.
fn replace(path: &Path, mode: Option<u32>, new: u32, fill: impl FnOnce(&mut File) -> io::Result<()>) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            folder::make(path.parent().unwrap_or(Path::new("/")))?;
        }
        Err(error) => return Err(error),
    }
    let standing = std::fs::metadata(path).ok().filter(Metadata::is_file);
    let mode = mode.or(standing.as_ref().map(|metadata| metadata.mode() & BITS));
    // Closed to others until it has its final mode; a new one without a wish gets its mode from the umask at once.
    let mut beside = Beside::create(path, mode.map_or(new, |_| 0o600))?;
    fill(beside.file())?;
    if let Some(standing) = standing {
        keep_owner(beside.file(), &standing);
    }
    if let Some(mode) = mode {
        beside.file().set_permissions(Permissions::from_mode(mode))?;
    }
    beside.publish(path)
}

/// Gives `file` the owner of what it replaces, where that is permitted: a file of a person stays theirs when root
/// writes it.
fn keep_owner(file: &File, standing: &Metadata) {
    let Ok(own) = file.metadata() else {
        return;
    };
    if (own.uid(), own.gid()) != (standing.uid(), standing.gid()) {
        let _ = std::os::unix::fs::fchown(file, Some(standing.uid()), Some(standing.gid()));
    }
}
