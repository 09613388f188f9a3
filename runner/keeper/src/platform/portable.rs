//! What every POSIX system has. Where it tells less than Linux does, the keeper is more careful: lanes are not reused,
//! and processes that outlived their attempt are not named.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, getpid, test_kill_process};

use super::{Platform, Process, Writers, raw};

/// The interface of any POSIX system.
pub(super) struct Portable;

impl Platform for Portable {
    fn boot_id(&self) -> String {
        // The first is Linux's, the second macOS's.
        if let Ok(id) = fs::read_to_string("/proc/sys/kernel/random/boot_id") {
            return crate::pretence::boot(id.trim().to_owned());
        }
        match output("sysctl", &["-n", "kern.bootsessionuuid"]) {
            Some(id) if !id.trim().is_empty() => id.trim().to_owned(),
            // Unlike any other: what cannot be told to be of this boot is taken to be of another.
            _ => format!("unknown-{}-{:?}", getpid().as_raw_pid(), Instant::now()),
        }
    }

    fn adopt_orphans(&self) -> io::Result<()> {
        Ok(())
    }

    fn children(&self) -> Vec<Pid> {
        Vec::new()
    }

    fn process(&self, pid: Pid) -> Option<Process> {
        test_kill_process(pid).ok()?;
        let pid = pid.as_raw_pid();
        let (group, session) = raw::group_and_session(pid);
        Some(Process { pid, name: String::new(), alive: true, group, session: Some(session), start_time: None })
    }

    fn ticks(&self) -> Option<u64> {
        None
    }

    fn processes(&self) -> Vec<Process> {
        let list =
            output("ps", &["-A", "-o", "pid=", "-o", "pgid=", "-o", "state=", "-o", "comm="]).unwrap_or_default();
        list.lines().filter_map(parse_line).filter(|process| process.alive).collect()
    }

    fn variable(&self, _pid: Pid, _name: &str) -> Option<Vec<u8>> {
        None
    }

    fn writers(&self, _file: &File) -> Writers {
        Writers::Unknown
    }

    fn nameless(&self, bytes: &[u8], folder: &Path) -> io::Result<File> {
        let path = folder.join(format!("stdin.{}", getpid().as_raw_pid()));
        let mut file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        fs::remove_file(&path)?;
        file.write_all(bytes)?;
        file.rewind()?;
        Ok(file)
    }

    fn make_fifo(&self, path: &Path) -> io::Result<()> {
        // There is no system call for it that is safe on all systems; once per lane, a program will do.
        let status = Command::new("mkfifo").args(["-m", "600"]).arg(path).stdin(Stdio::null()).status()?;
        if status.success() { Ok(()) } else { Err(io::Error::other(format!("`mkfifo` failed: {status}"))) }
    }

    fn peer(&self, _stream: &UnixStream) -> Option<u32> {
        None
    }

    fn await_end(&self, pid: Pid, limit: Duration) {
        // POSIX has no event for the end of a process that is no child.
        let end = Instant::now() + limit;
        while test_kill_process(pid).is_ok() && Instant::now() < end {
            thread::sleep(Duration::from_millis(5));
        }
    }
}

/// What a program prints; `None` if it fails.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    let output = Command::new(program).args(arguments).stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
}

fn parse_line(line: &str) -> Option<Process> {
    let mut words = line.split_ascii_whitespace();
    let pid = words.next()?.parse().ok()?;
    let group = words.next()?.parse().ok()?;
    let alive = !words.next()?.starts_with('Z');
    let name = words.next().unwrap_or_default().to_owned();
    let session = Some(raw::group_and_session(pid).1);
    Some(Process { pid, name, alive, group, session, start_time: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_finds_itself() {
        let own = Portable.process(getpid()).unwrap();
        let listed = Portable.processes().into_iter().find(|process| process.pid == own.pid).unwrap();
        assert_eq!((listed.group, listed.session), (own.group, own.session));
    }

    #[test]
    fn a_nameless_file_is_read_from_its_beginning() {
        let folder = tempfile::tempdir().unwrap();
        let file = Portable.nameless(b"hello", folder.path()).unwrap();
        assert_eq!(io::read_to_string(file).unwrap(), "hello");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn one_boot_has_one_id() {
        assert_eq!(Portable.boot_id(), Portable.boot_id());
    }
}
