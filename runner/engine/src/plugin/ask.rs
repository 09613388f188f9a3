//! Running a plugin to describe itself, within bounds of time and size.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};

use super::PluginError;

/// How long a plugin may take to describe itself.
const BOUND: Duration = Duration::from_secs(10);

/// The most that it may say, in bytes.
const MOST: u64 = 1 << 20;

/// What a plugin prints when it is asked to `describe` itself.
pub(super) fn ask(path: &Path, project: &Path) -> Result<Vec<u8>, PluginError> {
    ask_within(path, project, BOUND)
}

/// As [`ask`], within a bound.
pub(super) fn ask_within(path: &Path, project: &Path, bound: Duration) -> Result<Vec<u8>, PluginError> {
    let shown = path.display();
    let hint = format!("try `{shown} describe`; docs/plugins.md has what it is to print");
    let wrong = |why: String| PluginError::new(format!("the plugin `{shown}` {why}"), hint.clone());
    let mut command = Command::new(path);
    command.arg("describe").current_dir(project).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| wrong(format!("cannot be started: {error}")))?;
    let group = Pid::from_child(&child);
    let (stdout, stderr) = (collect(child.stdout.take()), collect(child.stderr.take()));
    let status = await_end(child);
    let end = Instant::now() + bound;
    let left = || end.saturating_duration_since(Instant::now());
    // What it left in its group holds its streams open, and would be waited for.
    let heard = status.recv_timeout(left());
    let _ = kill_process_group(group, Signal::KILL);
    let Ok(status) = heard else {
        let _ = status.recv();
        return Err(wrong(format!("did not describe itself within {} s", bound.as_secs())));
    };
    let grace = Duration::from_secs(1);
    let said = stdout.recv_timeout(left().max(grace)).unwrap_or_default();
    let status = status.map_err(|error| wrong(format!("cannot be waited for: {error}")))?;
    if said.len() as u64 > MOST {
        return Err(wrong(format!("says more than {} KiB of itself", MOST >> 10)));
    }
    if !status.success() {
        let tail = stderr.recv_timeout(left().max(grace)).unwrap_or_default();
        let tail = String::from_utf8_lossy(&tail);
        let last = tail.lines().rev().find(|line| !line.trim().is_empty()).map(|line| format!(": {}", line.trim()));
        return Err(wrong(format!(
            "failed when it was asked to describe itself ({status}){}",
            last.unwrap_or_default()
        )));
    }
    Ok(said)
}

/// Reads a stream to its end, or as much as is too much.
fn collect(from: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    let (to, all) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(from) = from {
            let _ = from.take(MOST + 1).read_to_end(&mut bytes);
        }
        let _ = to.send(bytes);
    });
    all
}

fn await_end(mut child: Child) -> Receiver<std::io::Result<ExitStatus>> {
    let (to, end) = channel();
    std::thread::spawn(move || {
        let _ = to.send(child.wait());
    });
    end
}
