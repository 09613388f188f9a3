//! The answers of Linux, from /proc.

use std::fs;

use super::ProcessLook;

/// Reads `/proc/<pid>/stat`: after the name in parentheses the first field is the state, the twentieth the start in
/// clock ticks since boot (proc(5)).
pub(super) fn look(pid: u32) -> Option<ProcessLook> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    let stat = String::from_utf8_lossy(&stat);
    let mut fields = stat.get(stat.rfind(')')? + 1..)?.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    Some(ProcessLook { start: fields.nth(18)?.to_owned(), stopped: matches!(state, "T" | "t") })
}

/// The kernel's random name for this boot.
pub(super) fn boot_id() -> String {
    fs::read_to_string("/proc/sys/kernel/random/boot_id").map(|id| id.trim().to_owned()).unwrap_or_default()
}
