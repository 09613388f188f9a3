//! Opening a file that may be anything, without ever waiting for it.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use crate::diagnostic::{Diagnostic, Source};

/// The largest file that is read, in bytes. Workflows and configurations are far smaller.
pub const SIZE_LIMIT: u64 = 4 << 20;

/// Why a file was not read.
#[derive(Debug)]
pub(super) struct Refused {
    message: String,
    hint: Option<String>,
}

impl Refused {
    fn new(message: impl Into<String>) -> Self {
        Self { message: message.into(), hint: None }
    }

    pub(super) fn diagnostic(self, name: &str) -> Diagnostic {
        Diagnostic::whole(&Source::new(name, ""), self.message).maybe_hint(self.hint)
    }
}

/// The bytes of a regular file within [`SIZE_LIMIT`].
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Refused> {
    // Looked at before it is opened, since opening some devices has effects; and again afterwards, since it may have
    // been exchanged in between. Opened without blocking, so that a pipe that comes in between cannot hold us.
    kind(&std::fs::metadata(path).map_err(|error| missing(&error))?)?;
    let nonblocking = i32::try_from(rustix::fs::OFlags::NONBLOCK.bits()).unwrap_or_default();
    let file = OpenOptions::new().read(true).custom_flags(nonblocking).open(path).map_err(|error| missing(&error))?;
    let metadata = file.metadata().map_err(|error| missing(&error))?;
    kind(&metadata)?;
    if metadata.len() > SIZE_LIMIT {
        return Err(too_large(metadata.len()));
    }
    let mut bytes = Vec::with_capacity(metadata.len() as usize);
    file.take(SIZE_LIMIT + 1).read_to_end(&mut bytes).map_err(|error| missing(&error))?;
    if bytes.len() as u64 > SIZE_LIMIT { Err(too_large(bytes.len() as u64)) } else { Ok(bytes) }
}

fn too_large(bytes: u64) -> Refused {
    let (mebibytes, limit) = (bytes.div_ceil(1 << 20), SIZE_LIMIT >> 20);
    Refused::new(format!("the file is too large: {mebibytes} MiB, at most {limit} MiB are read"))
}

fn missing(error: &std::io::Error) -> Refused {
    match error.kind() {
        ErrorKind::NotFound => Refused::new("there is no such file"),
        ErrorKind::PermissionDenied => {
            Refused { message: "the file may not be read".into(), hint: Some("`ls -l` shows who may read it".into()) }
        }
        ErrorKind::NotADirectory => Refused::new("a part of the path is not a directory"),
        _ => Refused::new(format!("the file cannot be read: {error}")),
    }
}

fn kind(metadata: &std::fs::Metadata) -> Result<(), Refused> {
    let kind = metadata.file_type();
    let what = match () {
        () if kind.is_file() => return Ok(()),
        () if kind.is_dir() => "a directory",
        () if kind.is_fifo() => "a named pipe",
        () if kind.is_socket() => "a socket",
        () if kind.is_char_device() || kind.is_block_device() => "a device",
        () => "of an unknown kind",
    };
    Err(Refused::new(format!("this is {what}, not a file")))
}
