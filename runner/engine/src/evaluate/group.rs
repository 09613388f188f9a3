//! The concurrency groups of called workflows: each is held while its callee runs.
//!
//! The run's own group is taken by whoever starts the run. One that is held already by the run or by a caller around is
//! re-entered.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::path::PathBuf;

use runner_core::{ErrorKind, NodeId, Path, State, StepError};

use super::{Evaluator, Sight};
use crate::ledger::{GroupLock, Holder, keeper_lock_path};

/// The groups that a run holds.
#[derive(Debug, Default)]
pub struct Groups {
    /// The user's state folder, where locks lie; none where there is no home.
    pub state: Option<PathBuf>,
    /// The run's folder.
    pub run: PathBuf,
    /// This process, as locks name it.
    pub holder: Holder,
    /// The run's own group.
    pub own: Option<String>,
    held: RefCell<BTreeMap<Path, (String, GroupLock)>>,
}

impl Groups {
    /// The groups of a run, of which only its own is held so far.
    pub fn new(state: Option<PathBuf>, run: PathBuf, holder: Holder, own: Option<String>) -> Self {
        Self { state, run, holder, own, held: RefCell::default() }
    }

    /// Takes a group for the callee at `path`.
    pub(super) fn take(&self, path: &Path, group: String) -> Result<(), StepError> {
        let mut held = self.held.borrow_mut();
        let around = |other: &Path| path == other || path.as_str().starts_with(&format!("{other}/"));
        let again = held.iter().any(|(other, (name, _))| *name == group && around(other));
        if again || self.own.as_ref() == Some(&group) {
            return Ok(());
        }
        let Some(state) = &self.state else {
            let message = "neither HOME nor XDG_STATE_HOME is set, so there is no place for locks";
            return Err(StepError::new(ErrorKind::Permanent, message));
        };
        let lock = GroupLock::try_take(state, &group, &self.run, self.holder.clone())
            .map_err(|error| StepError::new(ErrorKind::Transient, error.to_string()))?;
        held.insert(path.clone(), (group, lock));
        Ok(())
    }

    /// Lets go of what the callee at `path` held; gives the lock that the keeper shares.
    pub fn release(&self, path: &Path) -> Option<PathBuf> {
        let (group, _) = self.held.borrow_mut().remove(path)?;
        Some(keeper_lock_path(self.state.as_deref()?, &group))
    }

    /// The locks that the keeper shares, of all callees under way, or of the one at `path`.
    pub fn shared(&self, path: Option<&Path>) -> Vec<PathBuf> {
        let Some(state) = &self.state else { return Vec::new() };
        let held = self.held.borrow();
        let wanted = held.iter().filter(|(of, _)| path.is_none_or(|path| path == *of));
        wanted.map(|(_, (group, _))| keeper_lock_path(state, group)).collect()
    }
}

impl Evaluator {
    /// The groups that the run holds.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Takes the group of a callee that is being entered, or was under way when another life ended.
    pub fn take_group(&self, state: &State, node: NodeId) -> Result<(), StepError> {
        let Some(call) = self.definition(state, node).and_then(|definition| definition.call.as_ref()) else {
            return Ok(());
        };
        let Some(words) = &self.program.units[call.unit].group else { return Ok(()) };
        let group = words.render_text(&self.base(state, node, Sight::Value))?;
        self.groups.take(&state.node(node).path, group)
    }
}
