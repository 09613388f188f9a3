//! What is packed: a folder gone through in order, and its entries as tar.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use runner_sdk::world::FileKind;
use runner_sdk::{Context, Error, Result};

use super::{Kind, strays};

/// Something to pack.
pub(super) struct Item {
    /// Where it stands.
    from: PathBuf,
    /// Its path in the archive.
    pub(super) path: PathBuf,
    pub(super) kind: Kind,
    executable: bool,
}

impl Item {
    /// The permissions that it has in the archive: of the real ones only whether its owner may execute it.
    pub(super) fn mode(&self) -> u32 {
        match self.kind {
            Kind::Folder => 0o755,
            Kind::Link(_) => 0o777,
            _ if self.executable => 0o755,
            _ => 0o644,
        }
    }
}

/// What there is to pack of `from`, in the order of the names, folders before what is in them: a folder's content, or
/// the file by its name.
pub(super) fn items(context: &Context, from: &Path, without: &Path) -> Result<Vec<Item>> {
    let mut items = Vec::new();
    let stat = context.files.stat(from).map_err(|error| Error::io("look at", from, &error))?;
    match stat.map(|stat| stat.kind) {
        None => return Err(Error::io("pack", from, &io::ErrorKind::NotFound.into())),
        Some(FileKind::Folder) => inside(context, from, Path::new(""), without, &mut items)?,
        Some(_) => {
            let name = from.file_name().ok_or_else(|| Error::input("`from` does not end in a name"))?;
            add(context, from, Path::new(name), without, &mut items)?;
        }
    }
    Ok(items)
}

fn inside(context: &Context, from: &Path, path: &Path, without: &Path, items: &mut Vec<Item>) -> Result<()> {
    for name in context.files.list(from).map_err(|error| Error::io("list", from, &error))? {
        add(context, &from.join(&name), &path.join(&name), without, items)?;
    }
    Ok(())
}

fn add(context: &Context, from: &Path, path: &Path, without: &Path, items: &mut Vec<Item>) -> Result<()> {
    if from == without {
        return Err(Error::input(format!("`{}` would be packed into itself", without.display()))
            .hint("put the archive somewhere else than into the folder that is packed"));
    }
    let stat = context.files.stat(from).map_err(|error| Error::io("look at", from, &error))?;
    let Some(stat) = stat else { return Ok(()) };
    let executable = stat.mode & 0o100 != 0;
    let kind = match stat.kind {
        FileKind::Folder => Kind::Folder,
        FileKind::File => Kind::File(stat.size),
        FileKind::Link => {
            let target = context.files.read_link(from).map_err(|error| Error::io("read", from, &error))?;
            if let Some(why) = strays(path, &target) {
                let message = format!("the link `{}` {why} (`{}`)", from.display(), target.display());
                return Err(
                    Error::permanent(message).hint("`archive.unpack` would refuse it: replace it by what it means")
                );
            }
            Kind::Link(target)
        }
        FileKind::Other => {
            return Err(Error::permanent(format!("`{}` is neither a file, a folder nor a link", from.display())));
        }
    };
    let is_folder = kind == Kind::Folder;
    items.push(Item { from: from.to_owned(), path: path.to_owned(), kind, executable });
    if is_folder { inside(context, from, path, without, items) } else { Ok(()) }
}

/// Writes the items as tar.
pub(super) fn write(context: &Context, items: &[Item], to: &mut dyn Write) -> io::Result<()> {
    let mut archive = tar::Builder::new(to);
    archive.mode(tar::HeaderMode::Deterministic);
    for (done, item) in items.iter().enumerate() {
        if context.cancel.is_cancelled() {
            return Err(io::Error::other("cancelled"));
        }
        let mut header = tar::Header::new_gnu();
        header.set_mode(item.mode());
        header.set_mtime(0);
        header.set_uid(0);
        header.set_gid(0);
        header.set_size(0);
        match &item.kind {
            Kind::Folder => {
                header.set_entry_type(tar::EntryType::Directory);
                archive.append_data(&mut header, &item.path, io::empty())?;
            }
            Kind::File(size) => {
                header.set_entry_type(tar::EntryType::Regular);
                header.set_size(*size);
                let mut content = Whole { from: context.files.open(&item.from)?, left: *size };
                archive.append_data(&mut header, &item.path, &mut content)?;
                if content.left > 0 {
                    let message = format!("`{}` became shorter while it was packed", item.from.display());
                    return Err(io::Error::new(io::ErrorKind::UnexpectedEof, message));
                }
            }
            Kind::Link(target) => {
                header.set_entry_type(tar::EntryType::Symlink);
                archive.append_link(&mut header, &item.path, target)?;
            }
            // Nothing is packed as another name of something.
            Kind::Same(_) => {}
        }
        if items.len() > 1 {
            context.progress(done as u64 + 1, items.len() as u64, &item.path.display().to_string());
        }
    }
    archive.finish()
}

/// A file's content as long as it was when it was looked at.
struct Whole {
    from: Box<dyn Read + Send>,
    left: u64,
}

impl Read for Whole {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.left).map_or(buffer.len(), |left| left.min(buffer.len()));
        let count = self.from.read(&mut buffer[..most])?;
        self.left -= count as u64;
        Ok(count)
    }
}
