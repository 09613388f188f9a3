//! Taking the keeper's place.

use std::io;
use std::path::Path;

use crate::lock::{Holder, Lock};
use crate::platform;
use crate::protocol::PROTOCOL;

/// The keeper's lock of a run, held by an engine: while it lives, no keeper does.
#[derive(Debug)]
pub struct Seized {
    _lock: Lock,
}

/// Takes the keeper's lock; `None` while somebody else holds it.
pub fn seize(run_dir: &Path) -> io::Result<Option<Seized>> {
    let Some(mut lock) = Lock::take(run_dir)? else { return Ok(None) };
    let pid = rustix::process::getpid().as_raw_pid();
    let session = platform::group_and_session(0).1;
    lock.sign(&Holder { protocol: PROTOCOL, pid, session, boot_id: platform::boot_id(), socket: None })?;
    Ok(Some(Seized { _lock: lock }))
}
