//! Services: what they have said so far decides when they are ready.

use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::Duration;

use runner_core::Path;
use tokio::sync::mpsc;

use super::Message;

/// How often a service's output is looked at where nothing tells of a change.
const EVERY: Duration = Duration::from_millis(20);

/// The most that a service may say before it is ready, in bytes.
const MOST: u64 = 1 << 20;

/// Reads what a service says from `from` on, and reports it whenever it grows, until dropped.
pub(super) async fn watch(path: Path, attempt: u32, file: PathBuf, from: u64, to: mpsc::UnboundedSender<Message>) {
    let mut known = None;
    loop {
        let length = tokio::fs::metadata(&file).await.map_or(from, |data| data.len()).max(from);
        if known != Some(length) {
            known = Some(length);
            let stdout = read(&file, from, length).unwrap_or_default();
            if to.send(Message::Announced { path: path.clone(), attempt, stdout }).is_err() {
                return;
            }
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// A piece of a file.
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

/// The whole of a larger piece.
pub(super) fn read_all(file: &std::path::Path, from: u64, to: u64) -> std::io::Result<Vec<u8>> {
    use std::io::Seek;
    let mut file = std::fs::File::open(file)?;
    file.seek(std::io::SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(to.saturating_sub(from)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
