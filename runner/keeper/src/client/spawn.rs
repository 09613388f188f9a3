//! Starting a keeper.

use std::ffi::OsString;
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::time::Timespec;

/// Why no keeper was started.
#[derive(Debug, thiserror::Error)]
pub enum SpawnError {
    /// The program could not be started.
    #[error("the keeper could not be started with `{program}`: {error}")]
    Program {
        /// The program.
        program: String,
        /// What the system says.
        error: io::Error,
    },
    /// The log of the keeper could not be opened.
    #[error("the keeper's log could not be opened: {0}")]
    Log(io::Error),
    /// The keeper said why not.
    #[error("the keeper could not start: {0}")]
    Refused(String),
    /// The keeper said nothing in time.
    #[error("the keeper did not start within {0:?}")]
    Silent(Duration),
}

/// How often a keeper is started that a signal ended before it could ignore it.
const TRIES: u32 = 5;

/// Starts a keeper of the run with this command, to which the run's folder is added as the last argument. Returns when
/// it listens, or when another one holds the run's lock already: in both cases [`super::connect`] comes next.
///
/// Until it has a session of its own, a Ctrl-C on the terminal ends it together with whatever else is asked to stop; it
/// has kept nothing by then, and is started again.
///
/// The keeper outlives this process. Its stderr is appended to `keeper.log` in the run's folder. The child that is
/// returned need not be waited for; while this process lives and does not, an ended keeper stays a zombie.
pub fn spawn(command: &[OsString], run_dir: &Path, wait: Duration) -> Result<Child, SpawnError> {
    let name = command.first().cloned().unwrap_or_default();
    let failed = |error| SpawnError::Program { program: name.to_string_lossy().into_owned(), error };
    let mut tries = 0;
    loop {
        tries += 1;
        let log = OpenOptions::new().append(true).create(true).open(run_dir.join("keeper.log"));
        let mut child = Command::new(&name)
            .args(command.get(1..).unwrap_or_default())
            .arg(run_dir)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(log.map_err(SpawnError::Log)?)
            .spawn()
            .map_err(failed)?;
        let answer = match child.stdout.take() {
            Some(stdout) => read_line(stdout, wait).map_err(failed)?,
            None => None,
        };
        return match answer.as_deref() {
            None => Err(SpawnError::Silent(wait)),
            Some("ready" | "busy") => Ok(child),
            Some("") if tries < TRIES && child.wait().map_err(failed)?.signal().is_some() => continue,
            Some("") => Err(SpawnError::Refused("it ended at once; see `keeper.log`".to_owned())),
            Some(other) => Err(SpawnError::Refused(other.to_owned())),
        };
    }
}

/// Reads to the first line's end; `None` if that does not come in time.
fn read_line(mut from: ChildStdout, wait: Duration) -> io::Result<Option<String>> {
    let end = Instant::now() + wait;
    let mut text = Vec::new();
    while !text.ends_with(b"\n") {
        let left = Timespec::try_from(end.saturating_duration_since(Instant::now())).map_err(io::Error::other)?;
        match poll(&mut [PollFd::new(&from, PollFlags::IN)], Some(&left)) {
            Ok(0) => return Ok(None),
            Err(rustix::io::Errno::INTR) => continue,
            other => other?,
        };
        let mut byte = [0; 256];
        let count = from.read(&mut byte)?;
        if count == 0 {
            break;
        }
        text.extend_from_slice(&byte[..count]);
    }
    Ok(Some(String::from_utf8_lossy(&text).trim().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_keeper_that_a_signal_ended_while_it_started_is_started_again() {
        let run = tempfile::tempdir().unwrap();
        let script = r#"if [ -e "$0/tried" ]; then echo ready; else : >"$0/tried"; kill -INT $$; fi"#;
        let command = ["sh", "-c", script].map(OsString::from);
        assert!(spawn(&command, run.path(), Duration::from_secs(10)).unwrap().wait().unwrap().success());
    }

    #[test]
    fn one_that_every_signal_ends_is_given_up() {
        let run = tempfile::tempdir().unwrap();
        let command = ["sh", "-c", "kill -TERM $$"].map(OsString::from);
        let error = spawn(&command, run.path(), Duration::from_secs(10)).unwrap_err();
        assert!(error.to_string().contains("it ended at once"), "{error}");
    }
}
