//! Processes that a test started, by the mark in their environment.

use std::path::Path;

use rustix::process::{Pid, Signal, kill_process};

/// The variable that marks what a project started, down to grandchildren: its value is the project's temporary folder.
pub const MARK: &str = "RUNNER_TEST_PROJECT";

/// A process that lives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    /// Its number.
    pub pid: u32,
    /// Its arguments.
    pub args: Vec<String>,
}

impl Process {
    /// Whether it is a keeper.
    pub fn is_keeper(&self) -> bool {
        self.args.get(1).is_some_and(|word| word == "__keeper")
    }
}

/// Whether a process lives and is no zombie.
pub fn is_alive(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = stat.rsplit(')').next().and_then(|rest| rest.trim().chars().next());
    !matches!(state, None | Some('Z' | 'X'))
}

/// SIGKILL; tells whether there was somebody.
pub fn kill(pid: u32) -> bool {
    let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
    pid.is_some_and(|pid| kill_process(pid, Signal::KILL).is_ok())
}

/// Everything alive that carries the mark of this folder.
pub fn marked(folder: &Path) -> Vec<Process> {
    let mark = format!("{MARK}={}", folder.display());
    let carries = |pid: u32| {
        let environ = std::fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
        environ.split(|byte| *byte == 0).any(|entry| entry == mark.as_bytes())
    };
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    pids.filter(|pid| carries(*pid) && is_alive(*pid)).map(|pid| Process { pid, args: args(pid) }).collect()
}

fn args(pid: u32) -> Vec<String> {
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    let words = line.split(|byte| *byte == 0).filter(|word| !word.is_empty());
    words.map(|word| String::from_utf8_lossy(word).into_owned()).collect()
}
