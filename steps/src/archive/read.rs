//! Reading an archive that may come from anywhere: every entry is held against what may stand in a folder.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Component, Path, PathBuf};

use tar::EntryType;

use super::{Kind, format, strays};

/// An entry that was found to be harmless.
pub struct Entry {
    /// Its path in the archive.
    pub path: PathBuf,
    /// What it is.
    pub kind: Kind,
    /// Permission bits, without setuid, setgid and sticky.
    pub mode: u32,
}

/// Goes through an archive in its order; `each` is given an entry and its content. Folders that an entry stands in and
/// that the archive does not name come before it.
pub fn entries(
    file: impl Read + Send + 'static,
    mut each: impl FnMut(&Entry, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut stream = format::decompress(file)?;
    let mut known: BTreeMap<PathBuf, Kind> = BTreeMap::new();
    let mut archive = tar::Archive::new(&mut stream);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if matches!(entry.header().entry_type(), EntryType::XGlobalHeader | EntryType::XHeader) {
            continue;
        }
        let path = harmless(&entry.path()?)?;
        let Some(path) = path else { continue };
        let kind = kind(&entry, &path, &known)?;
        make_room(&path, &kind, &mut known, &mut each)?;
        if known.get(&path) == Some(&Kind::Folder) {
            continue; // it was made for what stands in it
        }
        let found = Entry { path: path.clone(), kind: kind.clone(), mode: entry.header().mode()? & 0o777 };
        each(&found, &mut entry)?;
        known.insert(path, kind);
    }
    // What is behind the last entry is read, too: a compressed stream has its checksum there.
    io::copy(&mut stream, &mut io::sink()).map(drop)
}

/// A path without `.`; nothing for the folder itself.
fn harmless(path: &Path) -> io::Result<Option<PathBuf>> {
    let mut plain = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => plain.push(name),
            Component::CurDir => {}
            Component::ParentDir => return Err(refused(path, "has `..` in its path")),
            Component::RootDir | Component::Prefix(_) => return Err(refused(path, "has an absolute path")),
        }
    }
    Ok(Some(plain).filter(|path| !path.as_os_str().is_empty()))
}

fn kind(entry: &tar::Entry<'_, impl Read>, path: &Path, known: &BTreeMap<PathBuf, Kind>) -> io::Result<Kind> {
    let target = || -> io::Result<PathBuf> {
        let target = entry.link_name()?.ok_or_else(|| refused(path, "is a link to nothing"))?;
        Ok(target.into_owned())
    };
    match entry.header().entry_type() {
        EntryType::Directory => Ok(Kind::Folder),
        EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => Ok(Kind::File(entry.size())),
        EntryType::Symlink => {
            let target = target()?;
            match strays(path, &target) {
                Some(why) => Err(refused(path, &format!("is a link that {why} (`{}`)", target.display()))),
                None => Ok(Kind::Link(target)),
            }
        }
        EntryType::Link => {
            let target = harmless(&target()?)?.unwrap_or_default();
            match known.get(&target) {
                Some(Kind::File(_) | Kind::Same(_)) => Ok(Kind::Same(target)),
                _ => Err(refused(
                    path,
                    &format!("is another name of `{}`, which is no file before it", target.display()),
                )),
            }
        }
        _ => Err(refused(path, "is neither a file, a folder nor a link")),
    }
}

/// Refuses an entry that stands in something else than a folder, or where something stands; makes what it stands in.
fn make_room(
    path: &Path,
    kind: &Kind,
    known: &mut BTreeMap<PathBuf, Kind>,
    each: &mut impl FnMut(&Entry, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let mut above: Vec<_> = path.ancestors().skip(1).filter(|above| !above.as_os_str().is_empty()).collect();
    above.reverse();
    for folder in above {
        match known.get(folder) {
            Some(Kind::Folder) => {}
            Some(_) => return Err(refused(path, &format!("stands in `{}`, which is no folder", folder.display()))),
            None => {
                let made = Entry { path: folder.to_owned(), kind: Kind::Folder, mode: 0o755 };
                each(&made, &mut io::empty())?;
                known.insert(folder.to_owned(), Kind::Folder);
            }
        }
    }
    match known.get(path) {
        None => Ok(()),
        Some(Kind::Folder) if *kind == Kind::Folder => Ok(()),
        Some(_) => Err(refused(path, "is there twice")),
    }
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the entry `{}` {why}", path.display()))
}
