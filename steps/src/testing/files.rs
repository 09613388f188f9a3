//! Files and folders in a map.

use std::collections::BTreeMap;
use std::io;
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use runner_sdk::world::{FileKind, Files, NewFolder, Stat};

#[derive(Clone, Debug, PartialEq, Eq)]
struct Node {
    kind: FileKind,
    bytes: Vec<u8>,
    mode: u32,
}

/// A file system of absolute paths. Folders exist once something is written beneath them.
#[derive(Default)]
pub(crate) struct MapFiles {
    nodes: Mutex<BTreeMap<PathBuf, Node>>,
    writes: Mutex<Vec<PathBuf>>,
    refuse: Mutex<Option<(PathBuf, io::ErrorKind)>>,
}

impl MapFiles {
    /// Puts a file there, without counting it as a write.
    pub(crate) fn put(&self, path: impl AsRef<Path>, bytes: impl AsRef<[u8]>) {
        self.place(path.as_ref(), FileKind::File, bytes.as_ref(), 0o644);
    }

    /// Puts something else than a file there.
    pub(crate) fn put_kind(&self, path: impl AsRef<Path>, kind: FileKind) {
        self.place(path.as_ref(), kind, b"", if kind == FileKind::Folder { 0o755 } else { 0o777 });
    }

    /// Puts a link there.
    pub(crate) fn put_link(&self, path: impl AsRef<Path>, target: &str) {
        self.place(path.as_ref(), FileKind::Link, target.as_bytes(), 0o777);
    }

    /// The content of a file, or where a link points to; `None` where none is.
    pub(crate) fn get(&self, path: impl AsRef<Path>) -> Option<String> {
        let nodes = self.nodes.lock().unwrap();
        nodes.get(path.as_ref()).map(|node| String::from_utf8_lossy(&node.bytes).into_owned())
    }

    /// Which files were written, in order.
    pub(crate) fn writes(&self) -> Vec<PathBuf> {
        self.writes.lock().unwrap().clone()
    }

    /// From now on every call on `path` fails in this way.
    pub(crate) fn refuse(&self, path: impl AsRef<Path>, kind: io::ErrorKind) {
        *self.refuse.lock().unwrap() = Some((path.as_ref().to_owned(), kind));
    }

    fn place(&self, path: &Path, kind: FileKind, bytes: &[u8], mode: u32) {
        let path = &plain(path);
        let mut nodes = self.nodes.lock().unwrap();
        for parent in path.ancestors().skip(1) {
            let folder = Node { kind: FileKind::Folder, bytes: Vec::new(), mode: 0o755 };
            nodes.entry(parent.to_owned()).or_insert(folder);
        }
        nodes.insert(path.to_owned(), Node { kind, bytes: bytes.to_owned(), mode });
    }

    fn node(&self, path: &Path) -> io::Result<Option<Node>> {
        let path = &plain(path);
        match &*self.refuse.lock().unwrap() {
            Some((refused, kind)) if refused == path => Err(io::Error::from(*kind)),
            _ => Ok(self.nodes.lock().unwrap().get(path).cloned()),
        }
    }

    fn there(&self, path: &Path) -> io::Result<Node> {
        self.node(path)?.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))
    }
}

/// The path without `.` and `..`.
fn plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            other => plain.push(other),
        }
    }
    plain
}

impl Files for MapFiles {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let node = self.there(path)?;
        if node.kind == FileKind::Folder { Err(io::ErrorKind::IsADirectory.into()) } else { Ok(node.bytes) }
    }

    fn stat(&self, path: &Path) -> io::Result<Option<Stat>> {
        Ok(self.node(path)?.map(|node| Stat { kind: node.kind, size: node.bytes.len() as u64, mode: node.mode }))
    }

    fn write(&self, path: &Path, bytes: &[u8], mode: Option<u32>) -> io::Result<()> {
        let before = self.node(path)?;
        if before.as_ref().is_some_and(|node| node.kind == FileKind::Folder) {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        let mode = mode.or(before.map(|node| node.mode)).unwrap_or(0o644);
        self.place(path, FileKind::File, bytes, mode);
        self.writes.lock().unwrap().push(path.to_owned());
        Ok(())
    }

    fn copy(&self, from: &Path, to: &Path, mode: Option<u32>) -> io::Result<()> {
        let bytes = self.read(from)?;
        self.write(to, &bytes, mode)
    }

    fn make_folder(&self, path: &Path, mode: Option<u32>) -> io::Result<()> {
        match self.node(path)? {
            Some(node) if node.kind != FileKind::Folder => Err(io::ErrorKind::AlreadyExists.into()),
            Some(node) => self.set_mode(path, mode.unwrap_or(node.mode)),
            None => {
                self.place(path, FileKind::Folder, b"", mode.unwrap_or(0o755));
                Ok(())
            }
        }
    }

    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()> {
        self.there(path)?;
        if let Some(node) = self.nodes.lock().unwrap().get_mut(&plain(path)) {
            node.mode = mode;
        }
        Ok(())
    }

    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>> {
        if self.there(path)?.kind != FileKind::Folder {
            return Err(io::ErrorKind::NotADirectory.into());
        }
        let (nodes, path) = (self.nodes.lock().unwrap(), plain(path));
        let inside = nodes.keys().filter(|inside| inside.parent() == Some(path.as_path()));
        Ok(inside.filter_map(|inside| inside.file_name().map(PathBuf::from)).collect())
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.node(path)?;
        let path = plain(path);
        self.nodes.lock().unwrap().retain(|inside, _| !inside.starts_with(&path));
        Ok(())
    }

    fn read_link(&self, path: &Path) -> io::Result<PathBuf> {
        let node = self.there(path)?;
        let text = String::from_utf8_lossy(&node.bytes).into_owned();
        if node.kind == FileKind::Link { Ok(text.into()) } else { Err(io::ErrorKind::InvalidInput.into()) }
    }

    fn replace_folder(
        &self,
        path: &Path,
        fill: &mut dyn FnMut(&mut dyn NewFolder) -> io::Result<()>,
    ) -> io::Result<()> {
        let beside = Self::default();
        beside.put_kind("/", FileKind::Folder);
        fill(&mut MapFolder(&beside))?;
        self.remove(path)?;
        self.place(path, FileKind::Folder, b"", 0o755);
        for (inside, node) in beside.nodes.into_inner().unwrap_or_default() {
            if let Some(inside) = inside.strip_prefix("/").ok().filter(|inside| !inside.as_os_str().is_empty()) {
                self.place(&path.join(inside), node.kind, &node.bytes, node.mode);
            }
        }
        Ok(())
    }
}

/// A folder that is being filled, as the root of files of its own.
struct MapFolder<'a>(&'a MapFiles);

impl MapFolder<'_> {
    fn make(&self, path: &Path, kind: FileKind, bytes: &[u8], mode: u32) -> io::Result<()> {
        let path = Path::new("/").join(path);
        if self.0.node(&path)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        self.0.there(path.parent().unwrap_or(Path::new("/")))?;
        self.0.place(&path, kind, bytes, mode);
        Ok(())
    }
}

impl NewFolder for MapFolder<'_> {
    fn file(&mut self, path: &Path, mode: u32, content: &mut dyn io::Read) -> io::Result<u64> {
        let mut bytes = Vec::new();
        content.read_to_end(&mut bytes)?;
        self.make(path, FileKind::File, &bytes, mode)?;
        Ok(bytes.len() as u64)
    }

    fn folder(&mut self, path: &Path, mode: u32) -> io::Result<()> {
        self.make(path, FileKind::Folder, b"", mode)
    }

    fn link(&mut self, path: &Path, target: &Path) -> io::Result<()> {
        self.make(path, FileKind::Link, target.as_os_str().as_encoded_bytes(), 0o777)
    }

    fn hard_link(&mut self, path: &Path, original: &Path) -> io::Result<()> {
        let node = self.0.there(&Path::new("/").join(original))?;
        self.make(path, node.kind, &node.bytes, node.mode)
    }
}
