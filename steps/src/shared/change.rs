//! What writing a file would change.

use std::path::Path;

use runner_sdk::world::{FileKind, Stat};
use runner_sdk::{Change, Context, Error, Result};
use similar::TextDiff;

use super::mode::Mode;

/// Larger files are not compared line by line: the summary says how large they are.
const LARGEST: usize = 512 * 1024;

/// What stands at `path`: nothing, or its state and content. Anything but a file or a link to one is an error.
pub fn present(context: &Context, path: &Path) -> Result<Option<(Stat, Vec<u8>)>> {
    let Some(stat) = context.files.stat(path).map_err(|e| Error::io("look at", path, &e))? else { return Ok(None) };
    match stat.kind {
        FileKind::File => context.files.read(path).map(|bytes| Some((stat, bytes))),
        // Writing replaces the link itself.
        FileKind::Link => Ok(Some((stat, context.files.read(path).unwrap_or_default()))),
        FileKind::Folder => return Err(Error::permanent(format!("`{}` is a folder", path.display()))),
        FileKind::Other => return Err(Error::permanent(format!("`{}` is not a regular file", path.display()))),
    }
    .map_err(|e| Error::io("read", path, &e))
}

/// Whether `path` holds exactly `bytes` with `mode`.
pub fn same(before: Option<&(Stat, Vec<u8>)>, bytes: &[u8], mode: Option<Mode>) -> bool {
    before.is_some_and(|(stat, old)| {
        stat.kind == FileKind::File && old == bytes && mode.is_none_or(|mode| mode.0 == stat.mode)
    })
}

/// What writing `bytes` to `path` would change.
pub fn of_file(context: &Context, path: &Path, bytes: &[u8], mode: Option<Mode>) -> Result<Change> {
    let before = present(context, path)?;
    if same(before.as_ref(), bytes, mode) {
        return Ok(Change::Nothing);
    }
    let name = path.strip_prefix(&context.place.dir).unwrap_or(path).display().to_string();
    let Some((stat, old)) = before else {
        let diff = unified("/dev/null", &name, b"", bytes);
        return Ok(Change::Would { summary: format!("would create `{name}` ({} bytes)", bytes.len()), diff });
    };
    let mut parts = Vec::new();
    if old != bytes {
        parts.push(format!("change `{name}` ({} → {} bytes)", old.len(), bytes.len()));
    }
    match mode {
        Some(mode) if mode.0 != stat.mode => parts.push(format!("set its mode ({} → {mode})", Mode(stat.mode))),
        _ => {}
    }
    if stat.kind == FileKind::Link {
        parts.push(format!("put a file in place of the link `{name}`"));
    }
    Ok(Change::Would { summary: format!("would {}", parts.join(" and ")), diff: unified(&name, &name, &old, bytes) })
}

/// A unified diff; empty where the texts are equal, too large, or not text.
fn unified(old_name: &str, new_name: &str, old: &[u8], new: &[u8]) -> String {
    let (Ok(old), Ok(new)) = (std::str::from_utf8(old), std::str::from_utf8(new)) else { return String::new() };
    if old == new || old.len().max(new.len()) > LARGEST || old.contains('\0') || new.contains('\0') {
        return String::new();
    }
    TextDiff::from_lines(old, new).unified_diff().context_radius(3).header(old_name, new_name).to_string()
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::testing::World;

    fn change(world: &World, bytes: &[u8], mode: Option<u32>) -> Result<Change> {
        of_file(&world.context(), Path::new("/project/a"), bytes, mode.map(Mode))
    }

    #[test]
    fn a_new_file_is_a_diff_from_nothing() {
        let Change::Would { summary, diff } = change(&World::new(), b"one\n", None).unwrap() else { panic!() };
        assert_eq!(summary, "would create `a` (4 bytes)");
        assert_eq!(diff, "--- /dev/null\n+++ a\n@@ -0,0 +1 @@\n+one\n");
    }

    #[test]
    fn content_and_mode_are_compared() {
        let world = World::new();
        world.files.put("/project/a", "one\n");
        assert_eq!(change(&world, b"one\n", None), Ok(Change::Nothing));
        assert_eq!(change(&world, b"one\n", Some(0o644)), Ok(Change::Nothing));
        let Change::Would { summary, diff } = change(&world, b"one\n", Some(0o600)).unwrap() else { panic!() };
        assert_eq!((summary.as_str(), diff.as_str()), ("would set its mode (0644 → 0600)", ""));
        let Change::Would { diff, .. } = change(&world, b"two\n", None).unwrap() else { panic!() };
        assert!(diff.ends_with("-one\n+two\n"), "{diff}");
    }

    #[test]
    fn what_is_not_text_has_no_diff() {
        let Change::Would { summary, diff } = change(&World::new(), b"\xff\0", None).unwrap() else { panic!() };
        assert_eq!((summary.as_str(), diff.as_str()), ("would create `a` (2 bytes)", ""));
    }

    #[test]
    fn folders_and_what_may_not_be_read_are_errors() {
        let world = World::new();
        world.files.put("/project/a/b", "");
        assert_eq!(change(&world, b"", None).unwrap_err().message, "`/project/a` is a folder");
        let world = World::new();
        world.files.refuse("/project/a", io::ErrorKind::PermissionDenied);
        assert!(change(&world, b"", None).unwrap_err().message.contains("permission denied"));
    }
}
