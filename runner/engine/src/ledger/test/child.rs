//! A test that runs itself again as another process, to be killed: it begins by asking whether it is that process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

/// The variable that gives a child its folder, and by being there makes it the child.
pub(super) const FOLDER: &str = "LEDGER_TEST_FOLDER";

/// Starts the test `name` (its full path) in `folder`, and waits until it prints `ready`.
pub(super) fn start(name: &str, folder: &Path) -> Child {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads", "1"])
        .env(FOLDER, folder)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.as_mut().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("ready")), "the child `{name}` ended early");
    child
}

/// The folder of this process when it is a child.
pub(super) fn folder() -> Option<std::path::PathBuf> {
    std::env::var_os(FOLDER).map(Into::into)
}

/// Tells the parent that the child is where it should be.
pub(super) fn ready() {
    println!("ready");
}
