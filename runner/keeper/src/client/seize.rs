//! Taking the keeper's place.

use std::io;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use crate::lock::{self, Holder, Lock};
use crate::platform;
use crate::protocol::PROTOCOL;

/// The keeper's lock of a run, held by an engine: while it lives, no keeper does.
#[derive(Debug)]
pub struct Seized {
    _lock: Lock,
}

/// How long a lock may outlive its holder: a child that was just being started has it until its program runs.
const AFTERLIFE: Duration = Duration::from_secs(2);

/// Takes the keeper's lock; `None` while somebody else holds it.
pub fn seize(run_dir: &Path) -> io::Result<Option<Seized>> {
    let end = Instant::now() + AFTERLIFE;
    let mut lock = loop {
        if let Some(lock) = Lock::take(run_dir)? {
            break lock;
        }
        if lock::holder(run_dir).is_none_or(|holder| holder.is_alive()) || Instant::now() > end {
            return Ok(None);
        }
        // There is no event for this that could be waited for with a limit.
        thread::sleep(Duration::from_millis(1));
    };
    let pid = rustix::process::getpid().as_raw_pid();
    let session = platform::group_and_session(0).1;
    lock.sign(&Holder { protocol: PROTOCOL, pid, session, boot_id: platform::boot_id(), socket: None })?;
    Ok(Some(Seized { _lock: lock }))
}
