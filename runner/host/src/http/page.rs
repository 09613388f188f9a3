//! Finding the file that a request asks for, and no other.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};

use super::content_type;

/// What stands at a request's path.
pub(super) enum Page {
    /// A file.
    File {
        /// Open.
        file: File,
        /// Its size in bytes.
        size: u64,
        /// Its media type.
        content_type: &'static str,
    },
    /// A folder asked for without the slash at its end, on which the links of its page rely.
    Folder,
    /// Nothing, or nothing that may be given.
    Missing,
    /// A file that this process may not read.
    Forbidden,
    /// The path cannot be read.
    Malformed,
}

/// Finds what `path` of a URL asks for in `root`. What lies outside it does not exist, however it is written or linked.
pub(super) fn find(root: &Path, path: &str) -> Page {
    let Some(relative) = relative(path) else {
        return Page::Malformed;
    };
    open(root, &relative, path.ends_with('/')).unwrap_or_else(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Page::Forbidden,
        _ => Page::Missing,
    })
}

fn open(root: &Path, relative: &Path, slash: bool) -> io::Result<Page> {
    let root = root.canonicalize()?;
    // Without links from here on, so what begins with the root lies in it.
    let mut path = root.join(relative).canonicalize()?;
    if path.starts_with(&root) && path.is_dir() {
        if !slash {
            return Ok(Page::Folder);
        }
        path = path.join("index.html").canonicalize()?;
    } else if slash {
        return Ok(Page::Missing);
    }
    if !path.starts_with(&root) {
        return Ok(Page::Missing);
    }
    // A pipe put in the place of the file must not hold the server, nor a link lead it away.
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(&path, flags, Mode::empty())?);
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Page::Missing);
    }
    Ok(Page::File { file, size: metadata.len(), content_type: content_type::of(&path) })
}

/// The path below the root; `None` for one that is not valid or climbs.
fn relative(path: &str) -> Option<PathBuf> {
    let mut relative = PathBuf::new();
    for segment in path.strip_prefix('/')?.split('/') {
        let segment = decode(segment)?;
        match segment.as_str() {
            "" | "." => {}
            ".." => return None,
            name if name.contains(['/', '\0']) => return None,
            name => relative.push(name),
        }
    }
    Some(relative)
}

/// Undoes percent-encoding.
fn decode(segment: &str) -> Option<String> {
    let mut bytes = segment.bytes();
    let mut decoded = Vec::with_capacity(segment.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let mut digit = || bytes.next().and_then(|digit| char::from(digit).to_digit(16));
            let (high, low) = (digit()?, digit()?);
            decoded.push(u8::try_from(high * 16 + low).ok()?);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn name(page: &Page) -> &'static str {
        match page {
            Page::File { .. } => "file",
            Page::Folder => "folder",
            Page::Missing => "missing",
            Page::Forbidden => "forbidden",
            Page::Malformed => "malformed",
        }
    }

    #[test]
    fn nothing_outside_the_folder_is_given_however_it_is_written() {
        let outside = tempfile::tempdir().unwrap();
        let root = outside.path().join("root");
        std::fs::create_dir_all(root.join("sub")).unwrap();
        std::fs::create_dir_all(outside.path().join("rootling")).unwrap();
        for file in ["secret", "rootling/secret", "root/index.html", "root/a b+ü.txt", "root/sub/..page"] {
            std::fs::write(outside.path().join(file), "x").unwrap();
        }
        symlink("../secret", root.join("link")).unwrap();
        symlink("..", root.join("up")).unwrap();
        symlink("index.html", root.join("inside")).unwrap();
        for (path, expected) in [
            ("/", "file"),
            ("//", "file"),
            ("/./index.html", "file"),
            ("/index.html", "file"),
            ("/index.html/", "missing"),
            ("/inside", "file"),
            ("/a%20b+%C3%BC.txt", "file"),
            ("/sub", "folder"),
            ("/sub/", "missing"),
            ("/sub/..page", "file"),
            ("/none", "missing"),
            ("/link", "missing"),
            ("/up/secret", "missing"),
            ("/up/rootling/secret", "missing"),
            ("/../secret", "malformed"),
            ("/sub/../index.html", "malformed"),
            ("/%2e%2e/secret", "malformed"),
            ("/.%2E/secret", "malformed"),
            ("/..%2fsecret", "malformed"),
            ("/%2fetc%2fpasswd", "malformed"),
            ("//etc/passwd", "missing"),
            ("/index.html%00", "malformed"),
            ("/%", "malformed"),
            ("/%zz", "malformed"),
            ("/%ff", "malformed"),
            ("*", "malformed"),
            ("", "malformed"),
        ] {
            assert_eq!(name(&find(&root, path)), expected, "{path}");
        }
    }

    #[test]
    fn a_pipe_is_not_waited_for() {
        let root = tempfile::tempdir().unwrap();
        let pipe = root.path().join("pipe");
        rustix::fs::mknodat(rustix::fs::CWD, &pipe, rustix::fs::FileType::Fifo, 0o600.into(), 0).unwrap();
        assert_eq!(name(&find(root.path(), "/pipe")), "missing");
    }
}
