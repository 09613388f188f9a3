//! Where the streams of an attempt lead.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, OptionalActions, OutputModes, Winsize, tcgetattr, tcsetattr, tcsetwinsize};

use crate::lane::{Kind, Lane, Tap};
use crate::mask::Masker;
use crate::platform::{self, Platform};
use crate::protocol::Start;
use crate::seal::{Place, Sealer};

/// The size of a terminal that nobody looks at.
const SIZE: Winsize = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };

/// Typed at a terminal where there is no stdin: the end of it.
const END_OF_INPUT: u8 = 4;

/// Connects the command's streams with the lane. What must pass through the keeper is added to the lane's taps.
pub(super) fn connect(
    command: &mut Command,
    start: &Start,
    lane: &mut Lane,
    masker: &Masker,
    platform: &dyn Platform,
    run_dir: &Path,
    nothing: &File,
) -> io::Result<()> {
    let stdin = match &start.stdin {
        Some(bytes) if !bytes.0.is_empty() => Stdio::from(platform.nameless(&bytes.0, &crate::lane::folder(run_dir))?),
        _ => Stdio::from(nothing.try_clone()?),
    };
    command.stdin(stdin);
    if start.pty {
        terminal(command, start, lane, masker)?;
    } else if start.masked {
        let out = tap(lane, Kind::Out, start, masker)?;
        let stdout = if start.capture { tap(lane, Kind::Data, start, masker)? } else { out.try_clone()? };
        command.stdout(stdout).stderr(out);
    } else {
        let out = lane.append(Kind::Out)?;
        let stdout = if start.capture { lane.append(Kind::Data)? } else { out.try_clone()? };
        command.stdout(stdout).stderr(out);
    }
    if start.pty || start.masked {
        let fifo = lane.open_fifo(platform)?;
        add_tap(lane, Kind::Progress, fifo.into(), start, masker)?;
    }
    Ok(())
}

/// A pipe whose reading end is tapped; gives the writing end.
fn tap(lane: &mut Lane, kind: Kind, start: &Start, masker: &Masker) -> io::Result<OwnedFd> {
    let (reader, writer) = io::pipe()?;
    rustix::io::ioctl_fionbio(&reader, true)?;
    add_tap(lane, kind, reader.into(), start, masker)?;
    Ok(writer.into())
}

/// Taps `from` into the lane's file of this kind.
fn add_tap(lane: &mut Lane, kind: Kind, from: OwnedFd, start: &Start, masker: &Masker) -> io::Result<()> {
    let to = lane.append(kind)?;
    let sealer = match &start.seal {
        Some(key) if kind == Kind::Data => {
            Some(Sealer::new(key.clone(), Place { lane: lane.number, begin: to.metadata()?.len() }))
        }
        _ => None,
    };
    lane.taps.push(Tap::new(kind, from, to, masker, sealer));
    Ok(())
}

/// A terminal on all streams, unless there is a stdin. Its lines end as in a file, and it does not echo.
fn terminal(command: &mut Command, start: &Start, lane: &mut Lane, masker: &Masker) -> io::Result<()> {
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    // Not every system can do this while opening. Nothing is started in between.
    fcntl_setfd(&ours, FdFlags::CLOEXEC)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let theirs = open_terminal(Path::new(std::ffi::OsStr::from_bytes(name.as_bytes())))?;
    tcsetwinsize(&theirs, SIZE)?;
    let mut modes = tcgetattr(&theirs)?;
    modes.output_modes.remove(OutputModes::ONLCR);
    modes.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&theirs, OptionalActions::Now, &modes)?;
    rustix::io::ioctl_fionbio(&ours, true)?;
    if start.stdin.as_ref().is_none_or(|bytes| bytes.0.is_empty()) {
        rustix::io::write(&ours, &[END_OF_INPUT])?;
        command.stdin(theirs.try_clone()?);
    }
    command.stdout(theirs.try_clone()?).stderr(theirs);
    platform::own_terminal(command);
    let kind = if start.capture { Kind::Data } else { Kind::Out };
    add_tap(lane, kind, ours, start, masker)
}

fn open_terminal(path: &Path) -> io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    let flags = rustix::fs::OFlags::NOCTTY.bits().cast_signed();
    OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)
}
