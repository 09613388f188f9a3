//! Services: what they have said so far decides when they are ready.

use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use runner_core::Path;
use runner_keeper::seal::{Keys, Place, open};
use tokio::sync::mpsc;

use super::Message;

/// The most that a service may say before it is ready, in bytes.
const MOST: u64 = 1 << 20;

/// Reads what a service says from `place` on, and reports it whenever it grows, until dropped. With keys it is sealed.
pub(super) async fn watch(
    path: Path,
    attempt: u32,
    file: PathBuf,
    place: Place,
    keys: Option<Keys>,
    to: mpsc::UnboundedSender<Message>,
) {
    let from = place.begin;
    // The watch begins before the first look, so that nothing said in between is missed.
    let mut growth = growth::Growth::of(&file);
    let mut known = None;
    loop {
        let length = std::fs::metadata(&file).map_or(from, |data| data.len()).max(from);
        if known != Some(length) {
            known = Some(length);
            let mut stdout = read(&file, from, length).unwrap_or_default();
            if let Some(keys) = &keys {
                stdout = open(keys, place, &stdout).unwrap_or_default();
            }
            if to.send(Message::Announced { path: path.clone(), attempt, stdout }).is_err() {
                return;
            }
        }
        growth.wait().await;
    }
}

/// Waiting for a file to grow: told by the system on Linux, looked at now and then elsewhere.
mod growth {
    use std::path::Path;
    use std::time::Duration;

    /// How often the file is looked at where nothing tells of a change.
    const EVERY: Duration = Duration::from_millis(20);

    pub(super) struct Growth {
        #[cfg(target_os = "linux")]
        told: Option<tokio::io::unix::AsyncFd<std::os::fd::OwnedFd>>,
    }

    #[cfg(target_os = "linux")]
    impl Growth {
        pub(super) fn of(file: &Path) -> Self {
            use rustix::fs::inotify;
            let watch = || {
                let flags = inotify::CreateFlags::NONBLOCK | inotify::CreateFlags::CLOEXEC;
                let fd = inotify::init(flags).ok()?;
                inotify::add_watch(&fd, file, inotify::WatchFlags::MODIFY).ok()?;
                #[expect(
                    deprecated,
                    reason = "unsound only for types that can exchange their descriptor; OwnedFd cannot"
                )]
                let told = tokio::io::unix::AsyncFd::with_interest(fd, tokio::io::Interest::READABLE).ok();
                told
            };
            Self { told: watch() }
        }

        pub(super) async fn wait(&mut self) {
            // Without a watch (the user's instances are used up) the file is looked at now and then.
            let Some(told) = &self.told else { return tokio::time::sleep(EVERY).await };
            let Ok(mut ready) = told.readable().await else { return tokio::time::sleep(EVERY).await };
            let mut events = [0; 4096];
            while rustix::io::read(told.get_ref(), &mut events).is_ok_and(|count| count > 0) {}
            ready.clear_ready();
        }
    }

    #[cfg(not(target_os = "linux"))]
    impl Growth {
        pub(super) fn of(_: &Path) -> Self {
            Self {}
        }

        pub(super) async fn wait(&mut self) {
            tokio::time::sleep(EVERY).await;
        }
    }
}

/// A piece of a file, of which no more than the first [`MOST`] bytes are read.
pub(super) fn read(file: &std::path::Path, from: u64, to: u64) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(file)?;
    let length = usize::try_from(to.saturating_sub(from).min(MOST)).unwrap_or(0);
    let mut bytes = vec![0; length];
    let mut at = 0;
    while at < length {
        match file.read_at(&mut bytes[at..], from + at as u64)? {
            0 => break,
            count => at += count,
        }
    }
    bytes.truncate(at);
    Ok(bytes)
}
