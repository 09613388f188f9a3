//! A run that nobody works on: neither an engine nor a keeper, for as long as this is held.

use runner_engine::ledger::{Lock, RunFolder};
use runner_keeper::client::{Seized, seize};

use crate::drive::{self, Refusal};
use crate::exit::Exit;

/// Both locks of a run.
pub(crate) struct Held {
    _lock: Lock,
    _keeper: Seized,
}

/// Takes both locks of a run, or says who has one.
pub(crate) fn hold(folder: &RunFolder) -> Result<Held, Refusal> {
    let what = format!("the run `{}`", folder.id());
    let lock = Lock::try_take(&folder.lock(), &what, drive::holder())?;
    match seize(folder.path()) {
        Ok(Some(keeper)) => Ok(Held { _lock: lock, _keeper: keeper }),
        Ok(None) => {
            let refusal = Refusal::new(Exit::Busy, format!("processes of {what} live on without an engine"));
            let id = folder.id();
            Err(refusal.hint(format!("`runner resume {id}` takes them up, `runner cancel {id}` ends them")))
        }
        Err(error) => Err(Refusal::new(Exit::Ledger, format!("the keeper's lock of {what} cannot be had: {error}"))),
    }
}
