//! Reading what a process writes, to its own end and not to that of its pipes.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe::Receiver;
use tokio::sync::watch;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// What is kept of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Keep {
    /// All of it; more than this many bytes is an error.
    Whole(usize),
    /// The last bytes, at most this many.
    Tail(usize),
}

/// Reads a pipe until its end, or until the process `ended` and the pipe is empty.
pub(crate) async fn read(pipe: OwnedFd, keep: Keep, mut ended: watch::Receiver<bool>) -> io::Result<Vec<u8>> {
    let mut receiver = Receiver::from_owned_fd(pipe)?;
    let mut kept = Vec::new();
    let mut chunk = vec![0; CHUNK];
    loop {
        let count = tokio::select! {
            biased;
            _ = ended.wait_for(|ended| *ended) => break,
            count = receiver.read(&mut chunk) => count?,
        };
        if count == 0 {
            return Ok(finish(kept, keep));
        }
        take(&mut kept, &chunk[..count], keep)?;
    }
    // All that the process wrote is in the pipe by now. Read directly: the event loop may not have heard of it yet.
    loop {
        match rustix::io::read(receiver.as_fd(), &mut chunk) {
            Ok(0) | Err(rustix::io::Errno::AGAIN) => return Ok(finish(kept, keep)),
            Ok(count) => take(&mut kept, &chunk[..count], keep)?,
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn take(kept: &mut Vec<u8>, bytes: &[u8], keep: Keep) -> io::Result<()> {
    kept.extend_from_slice(bytes);
    match keep {
        Keep::Whole(limit) if kept.len() > limit => {
            let size = runner_sdk::unit::Size(limit as u64);
            Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it wrote more than `{size}`")))
        }
        // Cut now and then, not each time.
        Keep::Tail(limit) if kept.len() > limit + CHUNK => {
            kept.drain(..kept.len() - limit);
            Ok(())
        }
        _ => Ok(()),
    }
}

fn finish(mut kept: Vec<u8>, keep: Keep) -> Vec<u8> {
    if let Keep::Tail(limit) = keep
        && kept.len() > limit
    {
        kept.drain(..kept.len() - limit);
    }
    kept
}

/// Text of a tail that may have been cut anywhere: without the halves of a character at its start.
pub(crate) fn text(bytes: &[u8]) -> String {
    let whole = bytes.iter().take(3).take_while(|byte| **byte & 0xc0 == 0x80).count();
    String::from_utf8_lossy(&bytes[whole..]).into_owned()
}
