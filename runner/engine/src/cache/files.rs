//! Files and what is in them, by digest.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::{Component, Path, PathBuf};

use glob::{MatchOptions, Pattern};
use serde::{Deserialize, Serialize};

use crate::evaluate::fingerprint;

/// Files by their paths, relative to a step's folder where they are in it, with the digest of each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Files(BTreeMap<String, String>);

/// A wildcard stays within a folder, and a dot is a letter like others.
const OPTIONS: MatchOptions =
    MatchOptions { case_sensitive: true, require_literal_separator: true, require_literal_leading_dot: false };

impl Files {
    /// The files that patterns name, and the first pattern that names none.
    ///
    /// A folder stands for all that is in it. A pattern behind a `!` takes out what those before it have found. A symbolic
    /// link counts for where it points to, and for the content of a file there; folders behind one are not gone through.
    pub fn find(folder: &Path, patterns: &[String]) -> Result<(Self, Option<String>), String> {
        let (mut found, mut barren) = (BTreeMap::new(), None);
        for pattern in patterns {
            if let Some(out) = pattern.strip_prefix('!') {
                let (out, inside) = (compiled(out)?, compiled(&format!("{}/**", out.trim_end_matches('/')))?);
                let goes = |name: &str| out.matches_with(name, OPTIONS) || inside.matches_with(name, OPTIONS);
                found.retain(|name: &String, _| !goes(name));
                continue;
            }
            let paths = matches(folder, pattern)?;
            for path in &paths {
                add(folder, path, &mut found)?;
            }
            if paths.is_empty() {
                barren = barren.or_else(|| Some(pattern.clone()));
            }
        }
        Ok((Self(found), barren))
    }

    /// The first difference from how they were, in words.
    pub fn differs_from(&self, before: &Self) -> Option<String> {
        let gone = before.0.keys().find(|name| !self.0.contains_key(*name)).map(|name| format!("`{name}` is gone"));
        gone.or_else(|| {
            self.0.iter().find_map(|(name, digest)| match before.0.get(name) {
                None => Some(format!("`{name}` is new")),
                Some(was) if was != digest => Some(format!("`{name}` has changed")),
                Some(_) => None,
            })
        })
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn compiled(pattern: &str) -> Result<Pattern, String> {
    Pattern::new(pattern).map_err(|error| format!("`{pattern}` is no pattern: {}", error.msg))
}

/// What a pattern names; folders are not gone through where their whole is named.
fn matches(folder: &Path, pattern: &str) -> Result<Vec<PathBuf>, String> {
    let compiled = compiled(pattern)?;
    let parts: Vec<_> = Path::new(pattern).components().collect();
    let is_plain = |part: &Component<'_>| !part.as_os_str().to_string_lossy().contains(['*', '?', '[']);
    let plain: PathBuf = parts.iter().take_while(|part| is_plain(part)).collect();
    let base = folder.join(&plain);
    if plain.components().count() == parts.len() {
        return Ok(if fs::symlink_metadata(&base).is_ok() { vec![base] } else { Vec::new() });
    }
    let depth = if pattern.contains("**") { usize::MAX } else { parts.len() - plain.components().count() };
    let mut found = Vec::new();
    let matches = |path: &Path| {
        let name = path.strip_prefix(&base).map(|inside| plain.join(inside)).unwrap_or_default();
        compiled.matches_path_with(&name, OPTIONS)
    };
    walk(&base, depth, &matches, &mut found)?;
    Ok(found)
}

/// Goes through a folder; links are not followed, so it ends.
fn walk(folder: &Path, depth: usize, matches: &dyn Fn(&Path) -> bool, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error: std::io::Error| unreadable(folder, &error);
    let entries = match fs::read_dir(folder) {
        // What is not there has no files in it.
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let path = entry.path();
        if is_kept(&path) {
            continue;
        }
        if matches(&path) {
            found.push(path);
        } else if depth > 1 && entry.file_type().map_err(failed)?.is_dir() {
            walk(&path, depth - 1, matches, found)?;
        }
    }
    Ok(())
}

/// Whether it is a folder in which programs keep what is theirs: it is nobody's input unless it is named.
fn is_kept(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == ".git" || name == ".runner")
}

fn add(folder: &Path, path: &Path, found: &mut BTreeMap<String, String>) -> Result<(), String> {
    let name = path.strip_prefix(folder).unwrap_or(path).to_string_lossy().into_owned();
    if found.contains_key(&name) {
        return Ok(());
    }
    let failed = |error: std::io::Error| unreadable(path, &error);
    let data = fs::symlink_metadata(path).map_err(failed)?;
    let kind = data.file_type();
    if kind.is_dir() {
        for entry in fs::read_dir(path).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            if !is_kept(&path) {
                add(folder, &path, found)?;
            }
        }
        return Ok(());
    }
    // Whether it can be run is a part of what a file is.
    let run = if std::os::unix::fs::MetadataExt::mode(&data) & 0o111 == 0 { "" } else { "+x" };
    let digest = if kind.is_symlink() {
        let target = fs::read_link(path).map_err(failed)?;
        // A link to nothing, or to a folder, is what it points to.
        let content = fingerprint::of_file(path).unwrap_or_default();
        format!("{content}>{}", target.display())
    } else if kind.is_file() {
        fingerprint::of_file(path).ok_or_else(|| format!("`{}` cannot be read", path.display()))? + run
    } else {
        return Err(format!("`{}` is neither a file nor a folder", path.display()));
    };
    found.insert(name, digest);
    Ok(())
}

fn unreadable(path: &Path, error: &std::io::Error) -> String {
    format!("`{}` cannot be read: {error}", path.display())
}

#[cfg(test)]
mod test {
    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    fn names(folder: &Path, patterns: &[&str]) -> Vec<String> {
        let patterns: Vec<_> = patterns.iter().map(|pattern| (*pattern).to_owned()).collect();
        Files::find(folder, &patterns).unwrap().0.0.into_keys().collect()
    }

    #[test]
    fn patterns_folders_and_exceptions_find_files() {
        let tree = tree(&[("src/a.c", ""), ("src/b.h", ""), ("src/deep/c.c", ""), ("src/.d.c", ""), ("[x]*.c", "")]);
        let root = tree.path();
        assert_eq!(names(root, &["src/*.c"]), ["src/.d.c", "src/a.c"]);
        assert_eq!(names(root, &["src/**/*.c"]), ["src/.d.c", "src/a.c", "src/deep/c.c"]);
        assert_eq!(names(root, &["src"]), ["src/.d.c", "src/a.c", "src/b.h", "src/deep/c.c"]);
        assert_eq!(names(root, &["src", "!src/deep", "!src/*.h"]), ["src/.d.c", "src/a.c"]);
        assert_eq!(names(root, &["[[]x]*.c"]), ["[x]*.c"]);
        assert_eq!(names(&root.join("src"), &[&format!("{}/src/a.c", root.display())]), ["a.c"]);
        assert!(Files::find(&root.join("src"), &["a[".to_owned()]).unwrap_err().contains("is no pattern"));
        fs::create_dir(root.join(".runner")).unwrap();
        fs::write(root.join(".runner/x"), "").unwrap();
        assert_eq!(names(root, &["**/x", "*"]).iter().filter(|name| name.contains("runner")).count(), 0);
    }

    #[test]
    fn what_finds_nothing_is_told_be_it_a_name_or_a_pattern() {
        let tree = tree(&[("a", "")]);
        let find = |pattern: &str| Files::find(tree.path(), &[pattern.to_owned()]).unwrap().1;
        assert_eq!(find("b"), Some("b".to_owned()));
        assert_eq!((find("b*"), find("a*/")), (Some("b*".to_owned()), Some("a*/".to_owned())));
        assert_eq!((find("a"), find("a*"), find("!b")), (None, None, None));
    }

    #[test]
    fn what_changed_is_named() {
        let tree = tree(&[("a", "1"), ("b", "2")]);
        let all = ["**/*".to_owned()];
        let look = || Files::find(tree.path(), &all).unwrap().0;
        let before = look();
        assert_eq!(look().differs_from(&before), None);
        fs::write(tree.path().join("a"), "3").unwrap();
        assert_eq!(look().differs_from(&before).unwrap(), "`a` has changed");
        fs::write(tree.path().join("a"), "1").unwrap();
        let executable: fs::Permissions = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(tree.path().join("b"), executable).unwrap();
        assert_eq!(look().differs_from(&before).unwrap(), "`b` has changed");
        fs::remove_file(tree.path().join("b")).unwrap();
        assert_eq!(look().differs_from(&before).unwrap(), "`b` is gone");
        fs::write(tree.path().join("b"), "2").unwrap();
        fs::write(tree.path().join("c"), "").unwrap();
        assert_eq!(look().differs_from(&before).unwrap(), "`c` is new");
    }

    #[test]
    fn links_count_for_where_they_point_to_and_circles_end() {
        let tree = tree(&[("folder/a", "1"), ("b", "2")]);
        let root = tree.path();
        std::os::unix::fs::symlink("..", root.join("folder/up")).unwrap();
        std::os::unix::fs::symlink("../b", root.join("folder/b")).unwrap();
        std::os::unix::fs::symlink("nowhere", root.join("folder/none")).unwrap();
        assert_eq!(names(root, &["folder"]), ["folder/a", "folder/b", "folder/none", "folder/up"]);
        let before = Files::find(root, &["folder".to_owned()]).unwrap().0;
        fs::write(root.join("b"), "3").unwrap();
        let after = Files::find(root, &["folder".to_owned()]).unwrap().0;
        assert_eq!(after.differs_from(&before).unwrap(), "`folder/b` has changed");
        assert_eq!(names(root, &["folder/**/*"]), ["folder/a", "folder/b", "folder/none", "folder/up"]);
        assert_eq!(
            names(root, &["folder/up/*"]),
            ["folder/up/b", "folder/up/folder/a", "folder/up/folder/b", "folder/up/folder/none", "folder/up/folder/up"]
        );
    }

    #[test]
    fn a_pipe_is_refused_and_not_read() {
        let tree = tree(&[]);
        let pipe = tree.path().join("pipe");
        assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        assert!(Files::find(tree.path(), &["*".to_owned()]).unwrap_err().contains("neither a file nor a folder"));
    }
}
