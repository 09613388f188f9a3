//! Who holds a lock, as the holder wrote it.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::error::LedgerError;
use super::machine;
use super::when;

/// The process that holds a lock.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Holder {
    /// Version of this text.
    pub v: u64,
    /// Its process id.
    pub pid: u32,
    /// The machine it runs on.
    pub host: String,
    /// The boot of that machine.
    pub boot: String,
    /// When the process started, in the system's words.
    pub start: String,
    /// When it took the lock, in milliseconds of wall time since 1970.
    pub since: u64,
    /// The command line, for people.
    pub command: String,
    /// The epoch of the engine life, once it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<u64>,
    /// The folder of the run on whose behalf it is held, where the lock is not in that folder.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<PathBuf>,
    /// The name of the `concurrency.group`, for a group's lock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
}

impl Holder {
    /// This process, at `now` milliseconds of wall time, called `command` for people.
    pub fn me(now: u64, command: &str) -> Self {
        let pid = std::process::id();
        Self {
            v: 1,
            pid,
            host: machine::host_name(),
            boot: machine::boot_id().to_owned(),
            start: machine::look(pid).map(|look| look.start).unwrap_or_default(),
            since: now,
            command: command.to_owned(),
            ..Self::default()
        }
    }

    /// Whether the holder is stopped (Ctrl-Z, SIGSTOP); unknown, and so false, for one on another machine.
    pub fn is_stopped(&self) -> bool {
        self.look().is_some_and(|look| look.stopped)
    }

    /// Whether the named process lives here and is who it was.
    pub fn is_alive_here(&self) -> bool {
        self.look().is_some()
    }

    /// Whether the named process was one of this machine and boot and is no more.
    pub fn has_ended(&self) -> bool {
        self.host == machine::host_name() && self.boot == machine::boot_id() && self.look().is_none()
    }

    fn look(&self) -> Option<machine::ProcessLook> {
        if self.host != machine::host_name() || self.boot != machine::boot_id() {
            return None;
        }
        machine::look(self.pid).filter(|look| look.start == self.start)
    }

    pub(super) fn text(&self) -> Result<String, LedgerError> {
        let text = serde_json::to_string(self).map_err(|error| LedgerError::Encode { reason: error.to_string() })?;
        Ok(text + "\n")
    }

    pub(super) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }

    /// The rest of the sentence "… is busy: ", with what can be done.
    pub(super) fn describe(holder: Option<&Self>) -> String {
        let Some(holder) = holder.filter(|holder| holder.pid != 0) else {
            return "its holder has not yet given its name; try again".to_owned();
        };
        let command = if holder.command.is_empty() { String::new() } else { format!(" (`{}`)", holder.command) };
        let host = if holder.host.is_empty() || holder.host == machine::host_name() {
            String::new()
        } else {
            format!(" on `{}`", holder.host)
        };
        let run = holder.run.as_ref().map(|run| format!(" for the run `{}`", run.display())).unwrap_or_default();
        let advice = if holder.is_stopped() {
            format!("that process is stopped: continue it with `kill -CONT {}`, or end it", holder.pid)
        } else if holder.has_ended() {
            "that process has ended, but one that it started still holds the lock: end that one".to_owned()
        } else {
            "wait for its end, or end it".to_owned()
        };
        format!("held by process {}{command}{host} since {}{run}; {advice}", holder.pid, when::clock(holder.since))
    }
}
