//! Where a write really goes.

use std::io;
use std::path::{Path, PathBuf};

/// As many links as Linux itself follows.
const LINKS: usize = 40;

/// The path that a write to `path` replaces. A link stays a link, and what it points to is written, there or not: a
/// person who keeps a configuration behind a link wants it to stay there.
pub(crate) fn target(path: &Path) -> io::Result<PathBuf> {
    let mut path = path.to_owned();
    for _ in 0..LINKS {
        match std::fs::read_link(&path) {
            Ok(to) => path = path.parent().unwrap_or(Path::new("/")).join(to),
            // Not a link, or nothing there.
            Err(error) if matches!(error.kind(), io::ErrorKind::InvalidInput | io::ErrorKind::NotFound) => {
                return Ok(path);
            }
            Err(error) => return Err(error),
        }
    }
    Err(io::Error::other("too many levels of symbolic links"))
}
