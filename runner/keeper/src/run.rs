//! The keeper's main.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustix::process::{getpid, setsid};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGIO, SIGPIPE, SIGQUIT, SIGTERM, SIGTTIN, SIGTTOU};

use crate::failpoint::{self, Point};
use crate::lane::Pool;
use crate::lock::{Holder, Lock};
use crate::platform;
use crate::protocol::PROTOCOL;
use crate::receipts::{self, KeeperStarted, Record, Writer};
use crate::serve::Keeper;
use crate::socket;

/// The exit code of a keeper that found another one at work.
pub const BUSY: u8 = 31;

/// What may be chosen about a keeper.
#[derive(Clone, Debug)]
pub struct Options {
    /// Do without what only Linux has.
    pub portable: bool,
    /// How long services are kept while no engine is connected. 10 minutes.
    pub service_patience: Duration,
    /// How long a keeper that nobody ever spoke to waits for an engine. 30 seconds.
    pub first_patience: Duration,
    /// How often a keeper without an engine looks whether its socket is still there: the system removes runtime
    /// folders when a user logs out, and old files in `/tmp`. 10 seconds.
    pub socket_check: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            portable: false,
            service_patience: Duration::from_secs(600),
            first_patience: Duration::from_secs(30),
            socket_check: Duration::from_secs(10),
        }
    }
}

/// Keeps the processes of the run in `run_dir` until it ended, or until nothing is left to keep and no engine is
/// connected. Gives the exit code of the process: 0, 1 where it could not start, [`BUSY`] where another one is at work.
///
/// To be called first thing in a process of its own: it makes the process the leader of a session, sets signal
/// handlers, changes the working folder, and closes every descriptor above stderr. One line on stdout (`ready`,
/// `busy` or the error) tells how it went; then stdout is closed.
pub fn run(run_dir: &Path, options: &Options) -> u8 {
    platform::close_inherited();
    match start(run_dir, options) {
        Ok(Some(keeper)) => {
            report("ready");
            match keeper.serve() {
                Ok(()) => 0,
                Err(error) => {
                    log(run_dir, &error);
                    1
                }
            }
        }
        Ok(None) => {
            report("busy");
            BUSY
        }
        Err(error) => {
            report(&error.to_string());
            1
        }
    }
}

fn start(run_dir: &Path, options: &Options) -> io::Result<Option<Keeper>> {
    let run_dir = run_dir.canonicalize()?;
    let platform = if options.portable { platform::portable() } else { platform::native() };
    let signals = handle_signals()?;
    // A leader of a process group cannot leave its session; a leader of a session need not.
    if setsid().is_err() && platform::group_and_session(0).1 != getpid().as_raw_pid() {
        return Err(io::Error::other("this process leads a process group, so it cannot have a session of its own"));
    }
    let Some(mut lock) = Lock::take(&run_dir)? else { return Ok(None) };
    failpoint::hit(Point::KeeperLocked);
    platform.adopt_orphans()?;
    let boot_id = platform.boot_id();
    let known = receipts::read(&run_dir)?;
    let mut receipts = Writer::open(&run_dir)?;
    let pid = getpid().as_raw_pid();
    receipts.append(&Record::Keeper(KeeperStarted {
        protocol: PROTOCOL,
        pid,
        session: pid,
        boot_id: boot_id.clone(),
        start_time: platform.process(getpid()).and_then(|process| process.start_time),
    }))?;
    let (listener, path) = listen(&run_dir)?;
    let holder = Holder { protocol: PROTOCOL, pid, session: pid, boot_id, socket: Some(path.into()) };
    lock.sign(&holder)?;
    failpoint::hit(Point::KeeperSigned);
    let lanes = Pool::open(&run_dir)?;
    let nothing = File::open("/dev/null")?;
    rustix::process::chdir("/")?;
    Ok(Some(Keeper::new(run_dir, options, platform, lock, holder, listener, signals, receipts, lanes, nothing, &known)))
}

/// Listens where this run's keeper does. What a predecessor left there is removed: its lock is ours.
pub(crate) fn listen(run_dir: &Path) -> io::Result<(UnixListener, PathBuf)> {
    let path = socket::choose(run_dir)?;
    if let Err(error) = std::fs::remove_file(&path)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let listener = UnixListener::bind(&path)?;
    listener.set_nonblocking(true)?;
    Ok((listener, path))
}

/// Sets handlers for the signals that must not end the keeper, and one that tells of children's ends. Handlers rather
/// than "ignore": children inherit what is ignored, but not handlers.
fn handle_signals() -> io::Result<UnixStream> {
    // SIGIO comes when a lease is broken in the moment that it is held.
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGPIPE, SIGIO, SIGTTIN, SIGTTOU] {
        signal_hook::flag::register(signal, Arc::default())?;
    }
    let (reader, writer) = UnixStream::pair()?;
    reader.set_nonblocking(true)?;
    writer.set_nonblocking(true)?;
    signal_hook::low_level::pipe::register(SIGCHLD, writer)?;
    Ok(reader)
}

/// Says one line on stdout, then closes it: whoever started the keeper waits for its end.
fn report(line: &str) {
    let mut stdout = io::stdout();
    let _ = writeln!(stdout, "{line}").and_then(|()| stdout.flush());
    if let Ok(nothing) = OpenOptions::new().read(true).write(true).open("/dev/null") {
        let _ = rustix::stdio::dup2_stdout(nothing);
    }
}

fn log(run_dir: &Path, error: &io::Error) {
    if let Ok(mut file) = OpenOptions::new().append(true).create(true).open(run_dir.join("keeper.log")) {
        let _ = writeln!(file, "{error}");
    }
}
