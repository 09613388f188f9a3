//! What a step's definition hashes to.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The hash of a definition: the same for the same content, whatever the order in which it was written.
pub(super) fn of(definition: &Value) -> String {
    // Objects keep their keys sorted, so their text is canonical.
    of_bytes(&serde_json::to_vec(definition).unwrap_or_default())
}

/// The digest of a file's content; `None` where it cannot be read.
pub(crate) fn of_file(path: &std::path::Path) -> Option<String> {
    // A pipe or a device may never end, and nobody could stop the engine from reading it.
    let is_file = std::fs::metadata(path).is_ok_and(|data| data.is_file());
    let mut file = is_file.then(|| std::fs::File::open(path).ok()).flatten()?;
    let mut hasher = Sha256::new();
    // Piece by piece: it may be an archive.
    std::io::copy(&mut file, &mut hasher).ok()?;
    Some(hex(&hasher.finalize()[..16]))
}

/// The digest of a file's content, or of all files in a folder with their names; `None` where one cannot be read.
pub(crate) fn of_path(path: &std::path::Path) -> Option<String> {
    if !path.is_dir() {
        return of_file(path);
    }
    let mut inside: Vec<_> = std::fs::read_dir(path).ok()?.collect::<Result<_, _>>().ok()?;
    inside.sort_by_key(std::fs::DirEntry::file_name);
    let of = |entry: &std::fs::DirEntry| {
        // A link to a folder may lead back to it.
        let link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        let digest = if link { of_file(&entry.path()).unwrap_or_default() } else { of_path(&entry.path())? };
        Some(format!("{}/{digest}", entry.file_name().to_string_lossy()))
    };
    let inside: Vec<_> = inside.iter().map(of).collect::<Option<_>>()?;
    Some(of_bytes(inside.join("\0").as_bytes()))
}

/// The digest of a content: the first half of its SHA-256, in hexadecimal digits.
pub(crate) fn of_bytes(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes)[..16])
}

fn hex(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).map(|digit| char::from(DIGITS[usize::from(digit)])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_the_names_and_contents_in_it() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
        std::fs::create_dir(folder.path().join("inside")).unwrap();
        write("inside/a", "one");
        std::os::unix::fs::symlink(folder.path(), folder.path().join("back")).unwrap();
        let first = of_path(folder.path());
        assert!(first.is_some());
        assert_eq!(of_path(folder.path()), first);
        write("inside/a", "two");
        let second = of_path(folder.path());
        assert_ne!(second, first);
        write("inside/a", "one");
        std::fs::rename(folder.path().join("inside/a"), folder.path().join("inside/b")).unwrap();
        assert!(of_path(folder.path()) != first && of_path(folder.path()) != second);
        assert_eq!(of_path(&folder.path().join("nowhere")), None);
        assert_eq!(of_path(&folder.path().join("inside/b")), of_file(&folder.path().join("inside/b")));
    }
}
