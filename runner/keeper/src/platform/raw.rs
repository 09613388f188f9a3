//! The system calls that no safe wrapper offers. The only unsafe code of the workspace.
#![expect(unsafe_code, reason = "no safe wrapper exists for these calls; each is small and says why it is sound")]

use std::io;
use std::mem::MaybeUninit;
use std::os::unix::process::CommandExt;
use std::process::Command;

use rustix::process::Pid;

#[cfg(target_os = "linux")]
use super::Writers;
use crate::protocol::Exit;

/// Closes every descriptor above stderr. To be called before this process has opened anything of its own: what is
/// open then was inherited, perhaps from a shell whose pipeline would wait for this process to end.
pub(crate) fn close_inherited() {
    // SAFETY: nothing in this process owns a descriptor above 2 yet, so none is closed behind its owner's back.
    unsafe {
        #[cfg(target_os = "linux")]
        if libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) == 0 {
            return;
        }
        let limit = libc::sysconf(libc::_SC_OPEN_MAX).clamp(256, 65_536);
        for descriptor in 3..limit {
            libc::close(descriptor as libc::c_int);
        }
    }
}

/// The process's group and session. Either is 0 where it is of another process namespace (a container's first
/// processes): an answer for which the safe wrappers are not prepared.
pub(crate) fn group_and_session(pid: i32) -> (i32, i32) {
    // SAFETY: both calls take an integer.
    unsafe { (libc::getpgid(pid), libc::getsid(pid)) }
}

/// Gives the command a session of its own whose terminal is its stdout.
pub(crate) fn own_terminal(command: &mut Command) {
    let prepare = || {
        rustix::process::setsid()?;
        rustix::process::ioctl_tiocsctty(rustix::stdio::stdout())?;
        Ok(())
    };
    // SAFETY: the closure runs between fork and exec. It makes two system calls, allocates nothing and takes no lock.
    unsafe { command.pre_exec(prepare) };
}

/// A child that was collected: which, how it ended, and the most memory in bytes that it or a child that it waited for
/// held.
pub(crate) type Reaped = (Pid, Exit, u64);

/// Collects a child that has ended, if there is one; an error if there is no child at all.
pub(crate) fn reap() -> io::Result<Option<Reaped>> {
    let mut status = 0;
    let mut usage = MaybeUninit::<libc::rusage>::zeroed();
    // SAFETY: both pointers are valid for the call, and all zeros is a value of `rusage`.
    let (reaped, usage) = unsafe {
        let reaped = libc::wait4(-1, &raw mut status, libc::WNOHANG, usage.as_mut_ptr());
        (reaped, usage.assume_init())
    };
    if reaped < 0 {
        return Err(io::Error::last_os_error());
    }
    match Pid::from_raw(reaped) {
        None => Ok(None),
        Some(pid) => {
            let exit = if libc::WIFSIGNALED(status) {
                Exit::Signal(libc::WTERMSIG(status))
            } else {
                Exit::Code(libc::WEXITSTATUS(status))
            };
            // Linux counts in KiB, macOS in bytes.
            let unit = if cfg!(target_os = "macos") { 1 } else { 1024 };
            Ok(Some((pid, exit, u64::try_from(usage.ru_maxrss).unwrap_or(0) * unit)))
        }
    }
}

/// Whether any process could still write to this file. A read lease is refused while anybody has it open for writing
/// (fcntl(2), `F_SETLEASE`); one that is granted is given back at once.
#[cfg(target_os = "linux")]
pub(super) fn writers(file: &std::fs::File) -> Writers {
    use std::os::fd::AsRawFd;

    let descriptor = file.as_raw_fd();
    // SAFETY: the descriptor is open while `file` is borrowed, and these commands take an integer.
    unsafe {
        if libc::fcntl(descriptor, libc::F_SETLEASE, libc::F_RDLCK) == 0 {
            libc::fcntl(descriptor, libc::F_SETLEASE, libc::F_UNLCK);
            return Writers::None;
        }
    }
    match io::Error::last_os_error().raw_os_error() {
        Some(libc::EAGAIN) => Writers::Some,
        _ => Writers::Unknown,
    }
}
