//! The answers of any other Unix, from `ps` and `sysctl`.

use std::process::Command;

use super::ProcessLook;

/// Asks `ps` for state and start; the start has a resolution of one second.
pub(super) fn look(pid: u32) -> Option<ProcessLook> {
    let line = answer("ps", &["-o", "stat=,lstart=", "-p", &pid.to_string()])?;
    let (state, start) = line.trim().split_once(char::is_whitespace)?;
    if state.starts_with('Z') {
        return None;
    }
    Some(ProcessLook {
        start: start.split_whitespace().collect::<Vec<_>>().join(" "),
        stopped: state.starts_with(['T', 't']),
    })
}

/// macOS has an identifier for the boot session; other systems at least know when they were booted.
#[cfg(not(target_os = "linux"))]
pub(super) fn boot_id() -> String {
    answer("sysctl", &["-n", "kern.bootsessionuuid"])
        .or_else(|| answer("sysctl", &["-n", "kern.boottime"]))
        .map(|id| id.trim().to_owned())
        .unwrap_or_default()
}

fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C").output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}
