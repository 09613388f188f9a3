//! A log that is kept.

use std::sync::Mutex;

use runner_sdk::world::Log;

/// Keeps what a step says.
#[derive(Default)]
pub(crate) struct TestLog {
    lines: Mutex<Vec<String>>,
    data: Mutex<Vec<u8>>,
    progress: Mutex<Vec<(u64, u64, String)>>,
}

impl TestLog {
    /// The lines so far.
    pub(crate) fn lines(&self) -> Vec<String> {
        self.lines.lock().unwrap().clone()
    }

    /// The data so far.
    pub(crate) fn data(&self) -> String {
        String::from_utf8_lossy(&self.data.lock().unwrap()).into_owned()
    }

    /// The progress so far.
    pub(crate) fn progress(&self) -> Vec<(u64, u64, String)> {
        self.progress.lock().unwrap().clone()
    }
}

impl Log for TestLog {
    fn line(&self, line: &str) {
        self.lines.lock().unwrap().push(line.to_owned());
    }

    fn data(&self, bytes: &[u8]) {
        self.data.lock().unwrap().extend_from_slice(bytes);
    }

    fn progress(&self, done: u64, total: u64, message: &str) {
        self.progress.lock().unwrap().push((done, total, message.to_owned()));
    }
}
