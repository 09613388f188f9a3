//! The secrets that must not be seen: those that the run was given, and those that its steps have made since.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use runner_keeper::mask::Masker;
use runner_keeper::protocol::Mask;

/// The secrets of a run as they are known so far. Cheap to clone; all clones know the same.
#[derive(Clone, Default)]
pub struct Known(Arc<Inner>);

#[derive(Default)]
struct Inner {
    /// Whether there is any: asked for every step of every run.
    any: AtomicBool,
    list: Mutex<List>,
}

#[derive(Default)]
struct List {
    masks: Vec<Mask>,
    /// How many of them the keeper was told.
    told: usize,
    masker: Masker,
    /// How many of them the masker knows.
    prepared: usize,
}

impl Known {
    /// These secrets so far, all of which the keeper is told when it is met.
    pub fn new(masks: Vec<Mask>) -> Self {
        let known = Self::default();
        known.learn(masks);
        drop(known.untold());
        known
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        !self.0.any.load(Ordering::Acquire)
    }

    /// Further secrets.
    pub fn learn(&self, masks: impl IntoIterator<Item = Mask>) {
        let mut list = self.list();
        for mask in masks {
            if !list.masks.contains(&mask) {
                list.masks.push(mask);
            }
        }
        self.0.any.store(!list.masks.is_empty(), Ordering::Release);
    }

    /// What finds them in texts.
    pub fn masker(&self) -> Masker {
        if self.is_empty() {
            return Masker::default();
        }
        let mut list = self.list();
        if list.prepared < list.masks.len() {
            list.masker = Masker::new(list.masks.iter().cloned());
            list.prepared = list.masks.len();
        }
        list.masker.clone()
    }

    /// A text with all of them masked.
    pub fn mask(&self, text: String) -> String {
        if self.is_empty() { text } else { self.masker().mask(&text) }
    }

    /// All of them, for a keeper that is met.
    pub fn all(&self) -> Vec<Mask> {
        let mut list = self.list();
        list.told = list.masks.len();
        list.masks.clone()
    }

    /// Those that the keeper was not told yet.
    pub fn untold(&self) -> Vec<Mask> {
        if self.is_empty() {
            return Vec::new();
        }
        let mut list = self.list();
        let known = list.masks.len();
        let from = std::mem::replace(&mut list.told, known);
        list.masks[from..].to_vec()
    }

    fn list(&self) -> MutexGuard<'_, List> {
        self.0.list.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Known {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.list().masks.iter().map(|mask| &mask.name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_learned_is_masked_from_then_on_and_told_once() {
        let known = Known::new(vec![Mask::new("given", "first-secret")]);
        assert!(known.untold().is_empty());
        assert_eq!(known.mask("first-secret second-secret".into()), "*** second-secret");
        let clone = known.clone();
        clone.learn([Mask::new("made", "second-secret"), Mask::new("given", "first-secret")]);
        assert_eq!(known.mask("first-secret second-secret".into()), "*** ***");
        let untold: Vec<_> = known.untold().into_iter().map(|mask| mask.name).collect();
        assert_eq!(untold, ["made"]);
        assert!(known.untold().is_empty());
        assert_eq!(known.all().len(), 2);
    }

    #[test]
    fn of_no_secrets_nothing_is_masked() {
        let known = Known::new(Vec::new());
        assert!(known.is_empty() && known.masker().is_empty() && known.untold().is_empty());
        assert_eq!(known.mask("as it is".into()), "as it is");
    }
}
