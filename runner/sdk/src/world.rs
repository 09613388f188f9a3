//! The world behind traits. The host implements them with the real one, tests with what they like.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;

use crate::Future;
use crate::command::{Command, Exit};
use crate::error::Result;

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// A regular file.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, itself.
    Link,
    /// A device, socket or pipe.
    Other,
}

/// What is known of a path without opening it. Links are not followed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stat {
    /// What it is.
    pub kind: FileKind,
    /// Size in bytes.
    pub size: u64,
    /// Permission bits.
    pub mode: u32,
}

/// Files and folders. Paths are absolute. Calls are short and blocking; every change is synced before it returns.
pub trait Files: Send + Sync {
    /// The whole file.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
    /// What stands at `path`; `None`: nothing.
    fn stat(&self, path: &Path) -> io::Result<Option<Stat>>;
    /// Writes beside, syncs, renames, syncs the folder. Missing parents are made. `mode` `None`: what an existing file
    /// has, else 0644 as the umask allows.
    fn write(&self, path: &Path, bytes: &[u8], mode: Option<u32>) -> io::Result<()>;
    /// Copies one file the way `write` does, without holding it in memory.
    fn copy(&self, from: &Path, to: &Path, mode: Option<u32>) -> io::Result<()>;
    /// Makes a folder and its parents.
    fn make_folder(&self, path: &Path, mode: Option<u32>) -> io::Result<()>;
    /// Sets permission bits.
    fn set_mode(&self, path: &Path, mode: u32) -> io::Result<()>;
    /// Names in a folder, sorted.
    fn list(&self, path: &Path) -> io::Result<Vec<PathBuf>>;
    /// Removes a file, a link, or a folder with all that is in it; nothing there is success.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// A regular file, to be read piece by piece.
    fn open(&self, path: &Path) -> io::Result<Box<dyn io::Read + Send>> {
        Ok(Box::new(io::Cursor::new(self.read(path)?)))
    }
    /// Where a link points to, as it is written in it.
    fn read_link(&self, path: &Path) -> io::Result<PathBuf>;
    /// As `write`, but `fill` writes the content piece by piece; where it fails, nothing has changed.
    fn write_by(&self, path: &Path, mode: Option<u32>, fill: &mut Fill<'_>) -> io::Result<()> {
        let mut bytes = Vec::new();
        fill(&mut bytes)?;
        self.write(path, &bytes, mode)
    }
    /// Makes a folder whole or not at all: `fill` puts its content beside, which is synced and takes the place of what
    /// stood at `path`; where it fails, nothing has changed. Missing parents are made.
    fn replace_folder(&self, path: &Path, fill: &mut dyn FnMut(&mut dyn NewFolder) -> io::Result<()>)
    -> io::Result<()>;
}

/// What writes the content of a file.
pub type Fill<'a> = dyn FnMut(&mut dyn io::Write) -> io::Result<()> + 'a;

/// A folder that is being filled. Paths are relative to it, and what they stand in was made before; nothing is replaced.
pub trait NewFolder {
    /// Makes a file of what `content` gives; says how much that was.
    fn file(&mut self, path: &Path, mode: u32, content: &mut dyn io::Read) -> io::Result<u64>;
    /// Makes a folder. Its mode is set once everything is there.
    fn folder(&mut self, path: &Path, mode: u32) -> io::Result<()>;
    /// Makes a symbolic link.
    fn link(&mut self, path: &Path, target: &Path) -> io::Result<()>;
    /// Gives a file that was made before a second name.
    fn hard_link(&mut self, path: &Path, original: &Path) -> io::Result<()>;
}

/// An HTTP request.
#[derive(Clone, Debug)]
pub struct HttpRequest {
    /// `GET`, `POST` …
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Header names and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// PEM certificates of authorities to trust besides the system's.
    pub authorities: Vec<u8>,
    /// Whether only `authorities` are trusted, not the system's.
    pub only_authorities: bool,
    /// Connect to this address whatever the URL's host resolves to.
    pub connect_to: Option<SocketAddr>,
    /// Whether redirects are followed (at most 10).
    pub follow_redirects: bool,
    /// Bound on the whole exchange.
    pub timeout: Option<Duration>,
    /// Bound on the body's size in bytes; more is an error.
    pub max_body: usize,
}

/// An HTTP response.
#[derive(Clone, Debug)]
pub struct HttpResponse {
    /// The status code.
    pub status: u16,
    /// Header names (lower case) and values.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: Vec<u8>,
    /// The server's leaf certificate in DER, over TLS.
    pub certificate: Option<Vec<u8>>,
}

/// A folder served over HTTP.
#[derive(Clone, Debug)]
pub struct ServeFolder {
    /// The folder.
    pub folder: PathBuf,
    /// Where to listen; port 0 takes a free one.
    pub address: SocketAddr,
    /// Certificate chain and key as PEM files, read anew when they change; `None`: plain HTTP.
    pub tls: Option<(PathBuf, PathBuf)>,
}

/// HTTP both ways.
pub trait Http: Send + Sync {
    /// Sends a request. Connection errors, timeouts and DNS are transient, bad URLs input errors, TLS trust permanent.
    fn request(&self, request: HttpRequest) -> Future<'_, Result<HttpResponse>>;
    /// Serves until dropped; `listening` is told the address in use once it accepts connections, `log` each request.
    fn serve<'a>(
        &'a self,
        serve: ServeFolder,
        listening: Box<dyn FnOnce(SocketAddr) + Send + 'a>,
        log: Box<dyn Fn(&str) + Send + Sync + 'a>,
    ) -> Future<'a, Result<()>>;
}

/// Plain connections.
pub trait Net: Send + Sync {
    /// Connects over TCP and closes again; the error says why not.
    fn connect<'a>(&'a self, host: &'a str, port: u16, timeout: Duration) -> Future<'a, io::Result<()>>;
}

/// The time.
pub trait Clock: Send + Sync {
    /// Wall time.
    fn now(&self) -> SystemTime;
    /// Waits.
    fn sleep(&self, duration: Duration) -> Future<'_, ()>;
}

/// What a helper process left.
#[derive(Clone, Debug)]
pub struct Ran {
    /// How it ended.
    pub exit: Exit,
    /// Standard output, whole.
    pub stdout: Vec<u8>,
    /// The last 16 KiB of standard error.
    pub stderr: String,
}

/// Helper processes of in-process work (`plan`, `check`, `undo`, and steps made of several processes).
pub trait Processes: Send + Sync {
    /// Runs to the end; stopped with its group when the future is dropped.
    fn run(&self, command: Command) -> Future<'_, Result<Ran>>;
}

/// What deployments leave behind, by dotted key. A write is recorded with run, step path and round: repeating it changes
/// nothing.
pub trait State: Send + Sync {
    /// The value, or `None`.
    fn get(&self, key: &str) -> Result<Option<Value>>;
    /// Sets a value; says what stood there.
    fn set(&self, key: &str, value: Value) -> Result<Option<Value>>;
    /// Appends to a list (made when missing); returns its new length.
    fn append(&self, key: &str, value: Value) -> Result<u64>;
    /// Removes a value; says what stood there.
    fn remove(&self, key: &str) -> Result<Option<Value>>;
}

/// The step's log and progress.
pub trait Log: Send + Sync {
    /// One line.
    fn line(&self, line: &str);
    /// Bytes of data, shown apart from the log.
    fn data(&self, bytes: &[u8]);
    /// `done` of `total`.
    fn progress(&self, done: u64, total: u64, message: &str);
}

/// Strict Handlebars, as in workflows.
pub trait Render: Send + Sync {
    /// Renders `text` (called `name` in errors) with the members of the object `data` as roots.
    fn render(&self, name: &str, text: &str, data: &Value) -> Result<String>;
}

/// Whether a step was asked to stop.
pub trait Cancel: Send + Sync {
    /// Whether it was.
    fn is_cancelled(&self) -> bool;
    /// Resolves once it was.
    fn cancelled(&self) -> Future<'_, ()>;
}
