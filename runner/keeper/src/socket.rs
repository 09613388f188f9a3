//! Where a keeper listens: a short path (the system allows about a hundred bytes) in a folder of its user alone.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// The longest path of a socket that all systems take, in bytes (macOS: 104 with the final NUL).
const LONGEST: usize = 103;

/// A path to listen on for this run, in the first folder that will do: `$XDG_RUNTIME_DIR/runner`, `/tmp/runner-UID`.
pub(crate) fn choose(run_dir: &Path) -> io::Result<PathBuf> {
    let name = format!("{:016x}", hash(run_dir.as_os_str().as_bytes()));
    let own = std::env::var_os("XDG_RUNTIME_DIR").filter(|folder| Path::new(folder).is_absolute());
    let own = own.map(|folder| Path::new(&folder).join("runner"));
    let shared = PathBuf::from(format!("/tmp/runner-{}", geteuid().as_raw()));
    let fits = |folder: &PathBuf| folder.as_os_str().len() + 1 + name.len() <= LONGEST;
    let mut refused = io::Error::from(io::ErrorKind::NotFound);
    for folder in own.into_iter().filter(fits).chain([shared]) {
        match prepare(&folder) {
            Ok(()) => return Ok(folder.join(name)),
            Err(error) => refused = error,
        }
    }
    Err(refused)
}

/// A path for another socket of this run, called `name`: in the same folder, which is its user's alone.
pub fn socket_beside(run_dir: &Path, name: &str) -> io::Result<PathBuf> {
    choose(&run_dir.canonicalize()?.join(name))
}

/// Creates the folder, or checks that it is one, is ours, and that nobody else may enter it.
fn prepare(folder: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(named(folder, &error.to_string())),
        _ => {}
    }
    let found = fs::symlink_metadata(folder)?;
    if !found.is_dir() || found.uid() != geteuid().as_raw() {
        return Err(named(folder, "is not a folder of this user"));
    }
    if found.mode() & 0o077 != 0 {
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

fn named(folder: &Path, what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, format!("runtime folder `{}`: {what}", folder.display()))
}

/// FNV-1a, 64 bits.
fn hash(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_open_to_others_is_closed_to_them() {
        let parent = tempfile::tempdir().unwrap();
        let folder = parent.path().join("runner");
        fs::create_dir(&folder).unwrap();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o777)).unwrap();
        prepare(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_link_in_place_of_the_folder_is_refused() {
        let parent = tempfile::tempdir().unwrap();
        let link = parent.path().join("runner");
        std::os::unix::fs::symlink(parent.path(), &link).unwrap();
        assert!(prepare(&link).unwrap_err().to_string().contains("is not a folder of this user"));
    }
}
