//! Where a step's words go: the three files of a lane, or the standard streams of a service.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::Arc;

use runner_sdk::world::Log;

/// Replaces what must not be seen in a text.
pub type Mask = Arc<dyn Fn(&str) -> String + Send + Sync>;

/// The environment variable that names the file of progress lines.
pub const PROGRESS: &str = "RUNNER_PROGRESS";

/// What appends bytes to a file, in one write. A write that fails is lost: a full disk must not fail a step that only wanted
/// to say something.
pub type Append = Box<dyn Fn(&[u8]) + Send + Sync>;

/// A log that appends to the files of a lane. Each line is one write, so lines of concurrent writers never mix.
pub struct LaneLog {
    out: Append,
    data: Append,
    progress: Option<Append>,
    mask: Option<Mask>,
}

impl LaneLog {
    /// A log over what appends to its files: lines, data, and progress. `mask` is applied to each line, to progress
    /// messages, and to data that is text.
    pub fn new([out, data, progress]: [Append; 3], mask: Option<Mask>) -> Self {
        Self { out, data, progress: Some(progress), mask }
    }

    /// The log of the serving half of a built-in service: lines to standard error, data to standard output, progress to
    /// the file that `RUNNER_PROGRESS` names.
    pub fn standard() -> io::Result<Self> {
        let out = File::from(io::stderr().as_fd().try_clone_to_owned()?);
        let data = File::from(io::stdout().as_fd().try_clone_to_owned()?);
        let progress = match std::env::var_os(PROGRESS) {
            Some(path) => Some(to(File::options().append(true).create(true).open(path)?)),
            None => None,
        };
        let (out, data) = (to(out), to(data));
        Ok(Self { out, data, progress, mask: None })
    }

    fn masked(&self, text: &str) -> String {
        match &self.mask {
            Some(mask) => mask(text),
            None => text.to_owned(),
        }
    }
}

impl Log for LaneLog {
    fn line(&self, line: &str) {
        let mut text = self.masked(line);
        if !text.ends_with('\n') {
            text.push('\n');
        }
        (self.out)(text.as_bytes());
    }

    fn data(&self, bytes: &[u8]) {
        match (&self.mask, std::str::from_utf8(bytes)) {
            (Some(mask), Ok(text)) => (self.data)(mask(text).as_bytes()),
            _ => (self.data)(bytes),
        }
    }

    fn progress(&self, done: u64, total: u64, message: &str) {
        let Some(progress) = &self.progress else {
            return;
        };
        let line = serde_json::json!({"done": done, "total": total, "message": self.masked(message)});
        progress(format!("{line}\n").as_bytes());
    }
}

/// What appends to an open file.
fn to(file: File) -> Append {
    Box::new(move |bytes| {
        // Lost on purpose: see the type's description.
        let _ = (&file).write_all(bytes);
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(folder: &std::path::Path, mask: Option<Mask>) -> LaneLog {
        let open = |name| File::options().append(true).create(true).open(folder.join(name)).unwrap();
        LaneLog::new(["out", "data", "progress"].map(|name| to(open(name))), mask)
    }

    #[test]
    fn lines_data_and_progress_go_to_their_files_masked() {
        let folder = tempfile::tempdir().unwrap();
        let mask: Mask = Arc::new(|text| text.replace("hunter2", "***"));
        let log = lane(folder.path(), Some(mask));
        log.line("the password is hunter2");
        log.line("two\nlines\n");
        log.data(b"{\"p\": \"hunter2\"}\n");
        log.data(&[0xff, b'\n']);
        log.progress(3, 10, "with \"hunter2\"");
        let read = |name| std::fs::read(folder.path().join(name)).unwrap();
        assert_eq!(read("out"), b"the password is ***\ntwo\nlines\n");
        assert_eq!(read("data"), b"{\"p\": \"***\"}\n\xff\n");
        let progress: serde_json::Value = serde_json::from_slice(&read("progress")).unwrap();
        assert_eq!(progress, serde_json::json!({"done": 3, "total": 10, "message": "with \"***\""}));
    }

    #[test]
    fn lines_of_concurrent_writers_never_mix() {
        let folder = tempfile::tempdir().unwrap();
        let log = lane(folder.path(), None);
        std::thread::scope(|scope| {
            for writer in 0..8 {
                let log = &log;
                scope.spawn(move || {
                    for line in 0..100 {
                        log.line(&format!("{writer}-{line}-{}", "x".repeat(200)));
                    }
                });
            }
        });
        let text = std::fs::read_to_string(folder.path().join("out")).unwrap();
        assert_eq!(text.lines().count(), 800);
        assert!(text.lines().all(|line| line.ends_with(&"x".repeat(200)) && line.matches('-').count() == 2));
    }

    #[test]
    fn a_full_disk_does_not_fail_the_step() {
        let Ok(full) = File::options().write(true).open("/dev/full") else {
            return;
        };
        let log = LaneLog::new([full.try_clone().unwrap(), full.try_clone().unwrap(), full].map(to), None);
        log.line("lost");
        log.data(b"lost");
        log.progress(1, 2, "lost");
    }
}
