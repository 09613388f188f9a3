//! How a run comes by a concurrency group that is busy: it is refused, waits for its turn, or asks the holder to stop.

use std::path::Path;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::control::{Asked, ask};
use crate::ledger::{Ahead, GroupLock, Holder, LedgerError, Lock, Policy, RunFolder, Want, WhenBusy};

/// How often a holder is asked that does not listen yet. There is nothing to await: it listens once it has read its past.
const AGAIN: Duration = Duration::from_millis(20);

/// Takes a group as `policy` says; blocks while it waits. `notice` is told what is waited for, in a line for people.
pub fn admit(want: &Want, policy: Policy, notice: impl Fn(String) + Send + 'static) -> Result<GroupLock, LedgerError> {
    if policy.when_busy == WhenBusy::Fail {
        return want.try_take();
    }
    let (sender, receiver) = mpsc::channel();
    let (waiting, latest) = (want.clone(), Arc::new(Mutex::new(None)));
    let last = Arc::clone(&latest);
    let replaces = policy.when_busy == WhenBusy::Replace;
    // A thread of its own, since a call that blocks for a lock cannot be called back. Should it get the lock when nobody
    // waits any more, nobody takes it from the channel, and it is given back.
    std::thread::spawn(move || {
        let told = |ahead: Ahead<'_>| {
            notice(format!("{}; waiting", waiting.busy(Some(ahead.holder.clone()))));
            *last.lock().unwrap_or_else(PoisonError::into_inner) = Some(ahead.holder.clone());
            if replaces && ahead.holds {
                replace(&waiting, &ahead, &notice);
            }
        };
        drop(sender.send(waiting.wait(&told)));
    });
    let late = |bound: Duration| {
        let holder = latest.lock().unwrap_or_else(PoisonError::into_inner).take();
        match want.busy(holder) {
            LedgerError::Busy { what, holder } => {
                let bound = runner_sdk::unit::Duration(bound);
                LedgerError::Busy { what: format!("after {bound} of waiting {what}"), holder }
            }
            other => other,
        }
    };
    match policy.within {
        Some(bound) => receiver.recv_timeout(bound).unwrap_or_else(|_| Err(late(bound))),
        None => receiver.recv().unwrap_or_else(|_| Err(late(Duration::ZERO))),
    }
}

/// Asks the engine that holds a group to stop, as the first Ctrl-C does.
fn replace(want: &Want, ahead: &Ahead<'_>, notice: &impl Fn(String)) {
    let Some(run) = &ahead.holder.run else { return };
    let by = format!("a run that replaces it (process {})", want.holder.pid);
    loop {
        if ask(run, &Asked::Interrupt { by: by.clone() }).is_ok_and(|heard| heard) {
            return;
        }
        let engine = engine_of(run);
        if engine.is_none() && holds(ahead) {
            let id = run.file_name().unwrap_or_default().to_string_lossy();
            let advice = format!("`runner resume {id}` goes on with it, `runner cancel {id}` ends it");
            return notice(format!(
                "the run {id} has no engine that could be asked, and processes of it live; {advice}"
            ));
        }
        if !holds(ahead) {
            return;
        }
        std::thread::sleep(AGAIN);
    }
}

/// Who holds a run.
fn engine_of(run: &Path) -> Option<Holder> {
    Lock::holder(&RunFolder::lock_in(run)).ok().flatten()
}

/// Whether the one that is waited for still holds what it held.
fn holds(ahead: &Ahead<'_>) -> bool {
    let now = Lock::holder(ahead.lock).ok().flatten();
    now.is_some_and(|now| (now.pid, &now.start) == (ahead.holder.pid, &ahead.holder.start))
}
