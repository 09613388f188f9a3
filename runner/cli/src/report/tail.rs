//! The last of what an attempt wrote: bounded pieces of a lane's files.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use runner_engine::driver::{LogRange, captured};
use runner_engine::seal::Seals;

use crate::drive;

use super::draw::text::last_lines;
use super::draw::{Noise, Progress};

/// How much of a file's end is looked at, in bytes.
const END: u64 = 4 << 10;

/// How much of a line is kept, in characters.
const MOST: usize = 400;

/// How many lines of what runs are kept.
const LINES: usize = 6;

/// What attempts under way are saying; a file is read again only when it has grown.
#[derive(Debug, Default)]
pub(crate) struct Tails {
    known: BTreeMap<(String, u64), Known>,
}

#[derive(Debug, Default)]
struct Known {
    out: u64,
    progress: u64,
    noise: Noise,
    /// Whether it was asked for since the last tidying.
    wanted: bool,
}

impl Tails {
    /// What the attempt that writes to `log` (which has no end yet) is saying.
    pub(crate) fn of(&mut self, folder: &Path, log: &LogRange) -> Noise {
        let known = self.known.entry((log.lane.clone(), log.out.from)).or_default();
        known.wanted = true;
        if let Some((length, bytes)) = grown(&file(folder, log, "out"), log.out.from, known.out) {
            (known.out, known.noise.lines) = (length, last_lines(&bytes, LINES, MOST));
        }
        if let Some((length, bytes)) = grown(&file(folder, log, "progress"), log.progress.from, known.progress) {
            (known.progress, known.noise.progress) = (length, last_progress(&bytes));
        }
        known.noise.clone()
    }

    /// Forgets what nobody asked for since the last time.
    pub(crate) fn tidy(&mut self) {
        self.known.retain(|_, known| std::mem::take(&mut known.wanted));
    }
}

/// The last lines of an attempt that ended: of its log, or of what was captured where it logged nothing.
pub(crate) fn ended(folder: &Path, log: &LogRange, lines: usize) -> Vec<String> {
    let piece = |kind: &str, from: u64, to: u64| {
        let bytes = read(&file(folder, log, kind), to.saturating_sub(2 * END).max(from), to).unwrap_or_default();
        last_lines(&bytes, lines, MOST)
    };
    let said = piece("out", log.out.from, log.out.to);
    match &log.sealed {
        _ if !said.is_empty() => said,
        None => piece("data", log.data.from, log.data.to),
        Some(sealed) if sealed.shown => {
            let keys = || Seals::new(drive::key_file(), folder).keys();
            let data = captured(folder, log, keys).ok().and_then(Result::ok).unwrap_or_default();
            last_lines(&data, lines, MOST)
        }
        Some(_) => Vec::new(),
    }
}

fn file(folder: &Path, log: &LogRange, kind: &str) -> PathBuf {
    runner_keeper::lane::folder(folder).join(format!("{}.{kind}", log.lane))
}

/// The end of a file that is longer than it was, and its length.
fn grown(path: &Path, from: u64, known: u64) -> Option<(u64, Vec<u8>)> {
    let length = std::fs::metadata(path).ok()?.len();
    if length <= from || length == known {
        return None;
    }
    Some((length, read(path, length.saturating_sub(END).max(from), length)?))
}

fn read(path: &Path, from: u64, to: u64) -> Option<Vec<u8>> {
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(from)).ok()?;
    let mut bytes = Vec::new();
    file.take(to.saturating_sub(from)).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// The last whole line of progress.
fn last_progress(bytes: &[u8]) -> Option<Progress> {
    let whole = &bytes[..bytes.iter().rposition(|byte| *byte == b'\n')?];
    let line = whole.rsplit(|byte| *byte == b'\n').find(|line| !line.is_empty())?;
    serde_json::from_slice(line).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use runner_keeper::protocol::Range;

    fn lane() -> (tempfile::TempDir, LogRange) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("lanes")).unwrap();
        let at = |from| Range { from, to: from };
        (folder, LogRange { lane: "0".to_owned(), out: at(6), data: at(0), progress: at(0), sealed: None })
    }

    fn write(folder: &tempfile::TempDir, kind: &str, text: &str) {
        std::fs::write(folder.path().join(format!("lanes/0.{kind}")), text).unwrap();
    }

    #[test]
    fn what_earlier_attempts_wrote_is_not_shown() {
        let (folder, log) = lane();
        write(&folder, "out", "older\nnew\n");
        assert_eq!(Tails::default().of(folder.path(), &log).lines, ["new"]);
    }

    #[test]
    fn of_much_output_only_the_end_is_read() {
        let (folder, log) = lane();
        let mut text = "x".repeat(1 << 20);
        text.push_str("\nlast but one\nlast\n\n");
        write(&folder, "out", &text);
        let noise = Tails::default().of(folder.path(), &log);
        assert_eq!(noise.lines.last().unwrap(), "last");
        assert!(noise.lines.iter().all(|line| line.len() <= MOST));
    }

    #[test]
    fn half_a_line_of_progress_is_not_taken_for_one() {
        let (folder, log) = lane();
        write(&folder, "progress", "{\"done\":1,\"total\":3,\"message\":\"one\"}\n{\"done\":2,");
        let progress = Tails::default().of(folder.path(), &log).progress.unwrap();
        assert_eq!((progress.done, progress.total, progress.message.as_str()), (1, 3, "one"));
        write(&folder, "progress", "nonsense\n");
        assert_eq!(Tails::default().of(folder.path(), &log).progress, None);
    }

    #[test]
    fn an_attempt_that_logged_nothing_shows_what_was_captured() {
        let (folder, mut log) = lane();
        write(&folder, "out", "older\n");
        write(&folder, "data", "{\"a\": 1}\n");
        (log.out.to, log.data.to) = (6, 9);
        assert_eq!(ended(folder.path(), &log, 5), ["{\"a\": 1}"]);
        assert!(ended(Path::new("/nowhere"), &log, 5).is_empty());
    }
}
