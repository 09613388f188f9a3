//! What only Linux has.

use std::fs::{self, File};
use std::io::{self, Seek, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{CWD, MemfdFlags, Mode, OFlags, memfd_create, mkfifoat};
use rustix::io::Errno;
use rustix::net::sockopt::socket_peercred;
use rustix::process::{Pid, PidfdFlags, getpid, pidfd_open, set_child_subreaper};
use rustix::time::{ClockId, Timespec, clock_gettime};

use super::{Platform, Process, Writers, portable, raw};

/// Clock ticks in a second, as user space sees them (`USER_HZ`).
const TICKS: u64 = 100;

/// The interface of Linux.
pub(super) struct Linux;

impl Platform for Linux {
    fn boot_id(&self) -> String {
        portable::Portable.boot_id()
    }

    fn adopt_orphans(&self) -> io::Result<()> {
        Ok(set_child_subreaper(Some(getpid()))?)
    }

    fn children(&self) -> Vec<Pid> {
        let own = getpid().as_raw_pid();
        let Some(list) = read_small(&format!("/proc/{own}/task/{own}/children")) else { return Vec::new() };
        list.split_ascii_whitespace().filter_map(|pid| Pid::from_raw(pid.parse().ok()?)).collect()
    }

    fn process(&self, pid: Pid) -> Option<Process> {
        parse_stat(&read_small(&format!("/proc/{}/stat", pid.as_raw_pid()))?)
    }

    fn ticks(&self) -> Option<u64> {
        let now = clock_gettime(ClockId::Boottime);
        let (seconds, nanoseconds) = (u64::try_from(now.tv_sec).ok()?, u64::try_from(now.tv_nsec).ok()?);
        Some(seconds * TICKS + nanoseconds / (1_000_000_000 / TICKS))
    }

    fn processes(&self) -> Vec<Process> {
        let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
        entries
            .filter_map(|entry| Pid::from_raw(entry.ok()?.file_name().to_str()?.parse().ok()?))
            .filter_map(|pid| self.process(pid))
            .filter(|process| process.alive)
            .collect()
    }

    fn variable(&self, pid: Pid, name: &str) -> Option<Vec<u8>> {
        let environment = fs::read(format!("/proc/{}/environ", pid.as_raw_pid())).ok()?;
        environment
            .split(|byte| *byte == 0)
            .find_map(|entry| Some(entry.strip_prefix(name.as_bytes())?.strip_prefix(b"=")?.to_vec()))
    }

    fn writers(&self, file: &File) -> Writers {
        raw::writers(file)
    }

    fn nameless(&self, bytes: &[u8], _folder: &Path) -> io::Result<File> {
        let mut file = File::from(memfd_create("stdin", MemfdFlags::CLOEXEC)?);
        file.write_all(bytes)?;
        file.rewind()?;
        Ok(file)
    }

    fn make_fifo(&self, path: &Path) -> io::Result<()> {
        Ok(mkfifoat(CWD, path, Mode::RUSR | Mode::WUSR)?)
    }

    fn peer(&self, stream: &UnixStream) -> Option<u32> {
        Some(socket_peercred(stream).ok()?.uid.as_raw())
    }

    fn await_end(&self, pid: Pid, limit: Duration) {
        // A process that cannot be opened has ended already.
        if let (Ok(process), Ok(limit)) = (pidfd_open(pid, PidfdFlags::empty()), Timespec::try_from(limit)) {
            let _ = poll(&mut [PollFd::new(&process, PollFlags::IN)], Some(&limit));
        }
    }
}

/// A small file of `/proc`, with as few system calls as possible: this is done for every attempt.
fn read_small(path: &str) -> Option<String> {
    let file = rustix::fs::open(path, OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty()).ok()?;
    let mut bytes = vec![0; 4096];
    let mut length = 0;
    loop {
        match rustix::io::read(&file, &mut bytes[length..]) {
            Err(Errno::INTR) => continue,
            Err(_) => return None,
            Ok(count) => length += count,
        }
        if length < bytes.len() {
            bytes.truncate(length);
            return Some(String::from_utf8_lossy(&bytes).into_owned());
        }
        bytes.resize(length * 2, 0);
    }
}

/// Reads `/proc/PID/stat` (`proc_pid_stat(5)`). The name, in parentheses, may itself contain any character.
fn parse_stat(stat: &str) -> Option<Process> {
    let (head, rest) = stat.rsplit_once(')')?;
    let (pid, name) = head.split_once('(')?;
    // Field 3, the state, is the first of these.
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    Some(Process {
        pid: pid.trim().parse().ok()?,
        name: name.to_owned(),
        alive: !matches!(*fields.first()?, "Z" | "X" | "x"),
        group: fields.get(2)?.parse().ok()?,
        session: fields.get(3)?.parse().ok(),
        start_time: fields.get(19)?.parse().ok(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_parentheses_does_not_shift_the_fields() {
        let stat = "42 (a) Z (b) S 1 40 30 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0";
        let process = parse_stat(stat).unwrap();
        assert_eq!((process.pid, process.group, process.session), (42, 40, Some(30)));
        assert_eq!((process.name.as_str(), process.alive, process.start_time), ("a) Z (b", true, Some(12345)));
    }

    #[test]
    fn a_process_finds_itself() {
        let own = Linux.process(getpid()).unwrap();
        assert!(own.alive && own.start_time.is_some());
        assert!(Linux.processes().contains(&own));
    }

    #[test]
    fn a_start_time_lies_between_the_ticks_around_it() {
        let before = Linux.ticks().unwrap();
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let after = Linux.ticks().unwrap();
        let told = Linux.process(Pid::from_child(&child)).unwrap().start_time.unwrap();
        child.kill().and_then(|()| child.wait()).unwrap();
        assert!((before..=after).contains(&told), "{before} {told} {after}");
    }

    #[test]
    fn a_lease_tells_whether_a_file_is_open_for_writing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lane");
        let writer = File::create(&path).unwrap();
        let reader = File::open(&path).unwrap();
        assert_eq!(Linux.writers(&reader), Writers::Some);
        let copy = writer.try_clone().unwrap();
        drop(writer);
        assert_eq!(Linux.writers(&reader), Writers::Some);
        drop(copy);
        assert_eq!(Linux.writers(&reader), Writers::None);
    }
}
