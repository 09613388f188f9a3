//! The concurrency groups of called workflows: each is held while its callee runs.
//!
//! The run's own group is taken by whoever starts the run. One that is held already by the run or by a caller around is
//! re-entered. One that another callee of the run holds is handed on when that has ended; one that another run holds is
//! waited for in a thread, where the callee's `when_busy` says so. Meanwhile the callee is not entered, and the loop goes on.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use runner_core::{ErrorKind, NodeId, Path, State, StepError};

use super::{Evaluator, Sight};
use crate::driver::admit;
use crate::ledger::{GroupLock, Holder, LedgerError, Policy, Want, WhenBusy, keeper_lock_path};

/// What is told while a group is waited for.
#[derive(Debug)]
pub enum Told {
    /// For people: who is waited for.
    Notice(String),
    /// It is there, or will not be.
    Over,
}

/// Who is told.
pub type Tell = Arc<dyn Fn(Told) + Send + Sync>;

/// What comes of waiting; none as long as it lasts.
type Awaited = Arc<Mutex<Option<Result<GroupLock, LedgerError>>>>;

/// The groups that a run holds.
#[derive(Default)]
pub struct Groups {
    /// The user's state folder, where locks lie; none where there is no home.
    pub state: Option<PathBuf>,
    /// The run's folder.
    pub run: PathBuf,
    /// This process, as locks name it.
    pub holder: Holder,
    /// The run's own group.
    pub own: Option<String>,
    /// Who is told when waiting is over; without it nothing waits.
    tell: Option<Tell>,
    held: RefCell<BTreeMap<Path, (String, GroupLock)>>,
    /// The callees that wait for a group which another of the run holds.
    queued: RefCell<BTreeMap<Path, String>>,
    /// The groups that are waited for since another run holds them.
    awaited: RefCell<BTreeMap<String, Awaited>>,
}

impl Groups {
    /// The groups of a run, of which only its own is held so far.
    pub fn new(state: Option<PathBuf>, run: PathBuf, holder: Holder, own: Option<String>, tell: Tell) -> Self {
        Self { state, run, holder, own, tell: Some(tell), ..Self::default() }
    }

    /// Takes a group for the callee at `path`; `false` where it has to wait for it.
    fn take(&self, state: &State, path: &Path, group: String, policy: Policy) -> Result<bool, StepError> {
        self.queued.borrow_mut().remove(path);
        if self.own.as_ref() == Some(&group) {
            return Ok(true);
        }
        if let Some(other) = self.holder_of(&group) {
            if is_around(&other, path) {
                return Ok(true);
            }
            let ended = state.find(&other).is_none_or(|other| state.node(other).status.is_end());
            if !ended {
                self.queued.borrow_mut().insert(path.clone(), group.clone());
                return if self.is_waited_for(path, &other, &mut BTreeSet::new()) {
                    let message =
                        format!("the concurrency group `{group}` is held by `{other}`, which waits for this one");
                    Err(StepError::new(ErrorKind::Permanent, message).hint("let one of them `needs` the other"))
                } else {
                    Ok(false)
                };
            }
            let handed = self.held.borrow_mut().remove(&other);
            self.held.borrow_mut().extend(handed.map(|held| (path.clone(), held)));
            return Ok(true);
        }
        match self.admitted(&group, policy) {
            Some(Ok(lock)) => {
                self.held.borrow_mut().insert(path.clone(), (group, lock));
                Ok(true)
            }
            Some(Err(error)) => Err(StepError::new(ErrorKind::Transient, error.to_string())),
            None => Ok(false),
        }
    }

    /// Takes a group that the run does not hold; none while it is waited for.
    fn admitted(&self, group: &str, policy: Policy) -> Option<Result<GroupLock, LedgerError>> {
        let awaited = self.awaited.borrow().get(group).cloned();
        if let Some(awaited) = awaited {
            let over = awaited.lock().unwrap_or_else(PoisonError::into_inner).take()?;
            self.awaited.borrow_mut().remove(group);
            return Some(over);
        }
        let want = match self.want(group) {
            Ok(want) => want,
            Err(error) => return Some(Err(error)),
        };
        let now = want.try_take();
        let (Err(LedgerError::Busy { .. }), Some(tell), false) = (&now, &self.tell, policy.when_busy == WhenBusy::Fail)
        else {
            return Some(now);
        };
        let (awaited, tell) = (Awaited::default(), Arc::clone(tell));
        self.awaited.borrow_mut().insert(group.to_owned(), Arc::clone(&awaited));
        std::thread::spawn(move || {
            let notice = Arc::clone(&tell);
            let over = admit(&want, policy, move |text| notice(Told::Notice(text)));
            *awaited.lock().unwrap_or_else(PoisonError::into_inner) = Some(over);
            tell(Told::Over);
        });
        None
    }

    fn want(&self, group: &str) -> Result<Want, LedgerError> {
        let state = self.state.clone().ok_or(LedgerError::Homeless)?;
        Ok(Want { state, group: group.to_owned(), run: self.run.clone(), holder: self.holder.clone() })
    }

    /// The callee that holds a group.
    fn holder_of(&self, group: &str) -> Option<Path> {
        let held = self.held.borrow();
        held.iter().find(|(_, (name, _))| name == group).map(|(path, _)| path.clone())
    }

    /// Whether the callee `holder` cannot end before the one at `path` has: something in it waits for a group that is
    /// held around that, or by one of which the same is true.
    fn is_waited_for(&self, path: &Path, holder: &Path, seen: &mut BTreeSet<Path>) -> bool {
        if !seen.insert(holder.clone()) {
            return false;
        }
        let queued: Vec<_> = self.queued.borrow().clone().into_iter().filter(|(at, _)| is_around(holder, at)).collect();
        queued
            .into_iter()
            .filter_map(|(_, group)| self.holder_of(&group))
            .any(|next| is_around(&next, path) || self.is_waited_for(path, &next, seen))
    }

    /// Gives back what was waited for and nobody took: the callee was skipped meanwhile.
    pub fn give_back(&self) {
        let over = |awaited: &Awaited| awaited.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        self.awaited.borrow_mut().retain(|_, awaited| !over(awaited));
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

/// Whether a callee is another one, or stands around it.
fn is_around(outer: &Path, inner: &Path) -> bool {
    outer == inner || inner.as_str().starts_with(&format!("{outer}/"))
}

impl Evaluator {
    /// The groups that the run holds.
    pub fn groups(&self) -> &Groups {
        &self.groups
    }

    /// Takes the group of a callee that is being entered; `false` where it has to wait for it.
    pub(super) fn enter_group(
        &self,
        state: &State,
        node: NodeId,
        unit: usize,
        group: String,
    ) -> Result<bool, StepError> {
        let concurrency = self.program.units[unit].workflow.concurrency.as_ref();
        let policy = concurrency.map(crate::language::ast::Concurrency::policy).unwrap_or_default();
        self.groups.take(state, &state.node(node).path, group, policy)
    }

    /// Takes the group of a callee again that was under way when another life ended; waits for it where its `when_busy`
    /// says so.
    pub fn take_group(&self, state: &State, node: NodeId) -> Result<(), LedgerError> {
        let Some(call) = self.definition(state, node).and_then(|definition| definition.call.as_ref()) else {
            return Ok(());
        };
        let unit = &self.program.units[call.unit];
        let Some(words) = &unit.group else { return Ok(()) };
        let group = words.render_text(&self.base(state, node, Sight::Value));
        let group = group.map_err(|error| LedgerError::Encode { reason: error.message })?;
        let path = &state.node(node).path;
        let again = self.groups.own.as_ref() == Some(&group)
            || self.groups.holder_of(&group).is_some_and(|other| is_around(&other, path));
        if !again {
            let policy = unit.workflow.concurrency.as_ref().map(crate::language::ast::Concurrency::policy);
            let tell = self.groups.tell.clone();
            let notice = move |text| tell.iter().for_each(|tell| tell(Told::Notice(String::clone(&text))));
            let lock = admit(&self.groups.want(&group)?, policy.unwrap_or_default(), notice)?;
            self.groups.held.borrow_mut().insert(path.clone(), (group, lock));
        }
        Ok(())
    }
}
