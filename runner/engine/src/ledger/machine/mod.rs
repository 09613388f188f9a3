//! What the ledger wants to know of the machine: which boot this is, its name, and whether a process still is who it was.
//!
//! Linux answers from /proc; elsewhere `ps` and `sysctl` are asked. The portable answers are built on Linux too, where
//! they pass the same tests.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(test, not(target_os = "linux")))]
mod portable;

#[cfg(target_os = "linux")]
use linux as system;
#[cfg(not(target_os = "linux"))]
use portable as system;

use std::sync::OnceLock;

/// A look at a living process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProcessLook {
    /// When it started, in the system's own words: equal only for the same process.
    pub start: String,
    /// Whether it is stopped (by SIGSTOP, Ctrl-Z or a debugger).
    pub stopped: bool,
}

/// The process with this id, unless there is none or it is a zombie.
pub fn look(pid: u32) -> Option<ProcessLook> {
    system::look(pid)
}

/// An identifier of the time between two boots of this machine; empty when there is none to be had.
pub fn boot_id() -> &'static str {
    static BOOT: OnceLock<String> = OnceLock::new();
    BOOT.get_or_init(|| runner_keeper::pretence::boot(system::boot_id()))
}

/// The name of this machine.
pub fn host_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::{linux, portable};

    #[test]
    fn both_implementations_see_the_same_process_states() {
        for look in [linux::look as fn(u32) -> Option<super::ProcessLook>, portable::look] {
            let own = look(std::process::id()).expect("this process lives");
            assert!(!own.stopped);
            assert_eq!(look(std::process::id()), Some(own), "a process keeps its start time");

            let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep starts");
            let pid = rustix::process::Pid::from_child(&child);
            rustix::process::kill_process(pid, rustix::process::Signal::STOP).expect("stop");
            rustix::process::waitid(rustix::process::WaitId::Pid(pid), rustix::process::WaitIdOptions::STOPPED)
                .expect("the stop is seen");
            assert!(look(child.id()).expect("it lives").stopped);
            child.kill().expect("kill");
            rustix::process::waitid(
                rustix::process::WaitId::Pid(pid),
                rustix::process::WaitIdOptions::EXITED | rustix::process::WaitIdOptions::NOWAIT,
            )
            .expect("the end is seen");
            assert_eq!(look(child.id()), None, "a zombie is nobody");
            child.wait().expect("reaped");
            assert_eq!(look(child.id()), None);
        }
    }

    #[test]
    fn linux_has_a_boot_id() {
        assert_eq!(super::boot_id().len(), 36);
        assert!(!super::host_name().is_empty());
    }
}
