//! What is to be seen of a workflow from outside, whoever is killed on the way.

use std::collections::{BTreeMap, BTreeSet};

use super::{Body, Flow, Item, Rule, What, Work};

/// What is to be seen.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    /// Process steps by name.
    pub(crate) steps: BTreeMap<String, Traced>,
    /// Pairs of steps: the first ends well before the second begins, and never begins again then.
    pub(crate) order: BTreeSet<(String, String)>,
    /// Names that are in the state.
    pub(crate) appended: BTreeSet<String>,
    /// Names of files that are written.
    pub(crate) written: BTreeSet<String>,
}

/// A process step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Traced {
    work: Work,
    rule: Rule,
    /// It stands in a `finally`, and runs again in the next round.
    pub(crate) last: bool,
}

impl Traced {
    /// How often it ends without success.
    pub(crate) fn failures(self) -> usize {
        self.work.failures() as usize
    }

    /// Whether it stays, and is started anew where it is needed.
    pub(crate) fn is_service(self) -> bool {
        self.work == Work::Service
    }

    /// Whether its first attempt hangs.
    pub(crate) fn is_slow(self) -> bool {
        self.work == Work::Slow
    }

    /// Whether a person is asked about it when it is in doubt.
    pub(crate) fn asks(self) -> bool {
        self.rule == Rule::Stop
    }

    /// Whether it is undone with what it stands in.
    pub(crate) fn is_undone(self) -> bool {
        self.work.is_undone() && !self.last
    }

    /// Whether a person is asked about its undo when that is in doubt. Its check tells nothing of that.
    pub(crate) fn asks_to_undo(self) -> bool {
        self.rule != Rule::Repeat
    }
}

impl Flow {
    /// What is to be seen of it.
    pub(crate) fn expected(&self) -> Expected {
        let mut expected = Expected::default();
        expected.body(&self.body, "", false);
        expected
    }
}

/// The name of a step by its path in the journal.
pub(crate) fn name_of(path: &str) -> String {
    let last = path.rsplit('/').next().unwrap_or_default();
    let mut name = last.split('[').next().unwrap_or_default().to_owned();
    for key in path.split('[').skip(1) {
        name.push('-');
        name.push_str(key.split(']').next().unwrap_or_default());
    }
    name
}

impl Expected {
    /// Adds the steps of a list; gives their names.
    fn body(&mut self, body: &Body, suffix: &str, last: bool) -> Vec<String> {
        let mut names = self.list(&body.steps, suffix, last);
        let after = self.list(&body.last, suffix, true);
        self.follow(&names, &after);
        names.extend(after);
        names
    }

    fn list(&mut self, items: &[Item], suffix: &str, last: bool) -> Vec<String> {
        let named: Vec<Vec<String>> = items.iter().map(|item| self.item(item, suffix, last)).collect();
        for (place, item) in items.iter().enumerate() {
            let before = item.needs.clone().unwrap_or_else(|| place.checked_sub(1).into_iter().collect());
            for need in before {
                self.follow(&named[need], &named[place]);
            }
        }
        named.into_iter().flatten().collect()
    }

    fn follow(&mut self, before: &[String], after: &[String]) {
        for first in before.iter().filter(|name| !self.steps[*name].is_service()) {
            self.order.extend(after.iter().map(|second| (first.clone(), second.clone())));
        }
    }

    /// Adds a step; gives the names of the processes in it.
    fn item(&mut self, item: &Item, suffix: &str, last: bool) -> Vec<String> {
        let suffixes: Vec<String> = match &item.foreach {
            Some(foreach) => foreach.keys.iter().map(|key| format!("{suffix}-{key}")).collect(),
            None => vec![suffix.to_owned()],
        };
        let mut names = Vec::new();
        for suffix in suffixes {
            match &item.what {
                What::Group(body) | What::Call(body) => names.extend(self.body(body, &suffix, last)),
                What::Leaf(leaf) => {
                    let name = format!("{}{suffix}", item.id);
                    match leaf.work {
                        Work::State => drop(self.appended.insert(name)),
                        Work::Writes => drop(self.written.insert(name)),
                        Work::Says | Work::Absent => {}
                        work => {
                            let traced = Traced { work, rule: leaf.rule, last };
                            self.steps.insert(name.clone(), traced);
                            names.push(name);
                        }
                    }
                }
            }
        }
        names
    }
}
