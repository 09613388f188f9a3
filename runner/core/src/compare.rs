//! What of a run is kept when it goes on under another plan or other inputs: the one place that decides it.
//!
//! Steps are looked at in the order of their needs, on a copy of the state under the new plan. One that has finished is kept
//! if its definition and inputs are what they were ([`Evaluate::kept_as`]) and nothing that it needs changed. So whatever
//! is compared sees the outputs of what is kept, and nothing of what will run again.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use crate::evaluate::Evaluate;
use crate::event::Reason;
use crate::path::Path;
use crate::plan::{Plan, When};
use crate::revision::{Amendment, Revision};
use crate::state::{Form, NodeId, Stage, State, Status};

/// What a revision means for a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Comparison {
    /// The fact to be.
    pub revision: Revision,
    /// What becomes of each `uses:` step that is there now, and of those that are gone.
    pub found: Vec<Finding>,
    /// Steps under way that are something else now, or have another name: the run cannot be revised before they have ended.
    pub torn: Vec<Path>,
}

/// What becomes of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The step.
    pub path: Path,
    /// What becomes of it.
    pub verdict: Verdict,
    /// Whether it had finished, or may yet turn out to have.
    pub finished: bool,
}

/// What becomes of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is finished and stays so.
    Kept,
    /// Its definition or its inputs changed: it runs again.
    Changed,
    /// It runs again because it depends on this step, which changed.
    After(Path),
    /// It was not there.
    New,
    /// It is not there any more.
    Gone,
    /// It has not finished: it goes on, or is yet to run.
    Open,
}

/// Compares a run that stands still, or whose engine died, with another plan. Steps that were `renamed` stand where the first
/// path of each pair says and now stand where the second says; those at the paths of `again`, and all in them, count as
/// changed.
pub fn compare(
    state: &State,
    plan: &Arc<Plan>,
    record: Value,
    (renamed, again): (&[(Path, Path)], &[Path]),
    evaluate: &dyn Evaluate,
) -> Comparison {
    let mut state = state.clone();
    let fitted = state.fit(plan, renamed);
    let gone = fitted.gone.iter().map(|path| Finding { path: path.clone(), verdict: Verdict::Gone, finished: false });
    let mut comparing = Comparing {
        evaluate,
        new: fitted.new,
        again,
        amendments: Vec::new(),
        found: gone.collect(),
        torn: fitted.torn,
        state,
    };
    if let Some(root) = comparing.state.root() {
        comparing.body(root);
    }
    let Comparing { amendments, found, torn, .. } = comparing;
    let revision = Revision { record, plan: Arc::clone(plan), renamed: renamed.to_vec(), amendments };
    Comparison { revision, found, torn }
}

impl Comparison {
    /// Whether nothing that had begun is affected.
    pub fn keeps_all(&self) -> bool {
        self.revision.amendments.is_empty() && !self.found.iter().any(|found| found.verdict == Verdict::Gone)
    }
}

struct Comparing<'a> {
    state: State,
    evaluate: &'a dyn Evaluate,
    new: BTreeSet<NodeId>,
    again: &'a [Path],
    amendments: Vec<Amendment>,
    found: Vec<Finding>,
    torn: Vec<Path>,
}

impl Comparing<'_> {
    /// A list in the order of its needs; whether anything in it changed.
    fn list(&mut self, list: &[NodeId]) -> bool {
        let mut because: Vec<Option<Path>> = vec![None; list.len()];
        for at in ordered(&self.state, list) {
            let needs = self.state.step(list[at]).map(|step| step.needs.clone()).unwrap_or_default();
            let tainted = needs.into_iter().find_map(|need| because.get(need).cloned().flatten());
            let path = self.state.node(list[at]).path.clone();
            because[at] = match tainted {
                Some(by) if self.new.contains(&list[at]) => {
                    self.tell(list[at], &Verdict::New);
                    Some(by)
                }
                Some(by) => {
                    self.again(list[at], &Verdict::After(by.clone()));
                    Some(by)
                }
                None => self.step(list[at]).then_some(path),
            };
        }
        because.iter().any(Option::is_some)
    }

    /// One step, of which nothing that it needs changed; whether it changed.
    fn step(&mut self, id: NodeId) -> bool {
        if self.new.contains(&id) {
            self.tell(id, &Verdict::New);
            return false;
        }
        let node = self.state.node(id);
        if node.status != Status::Pending && self.again.iter().any(|of| of.covers(&node.path)) {
            return self.again(id, &Verdict::Changed);
        }
        match (node.status, &node.form) {
            (Status::Pending, _) => {
                self.tell(id, &Verdict::Open);
                false
            }
            (Status::Skipped, _) => self.skipped(id),
            (_, Form::Leaf(_)) => self.leaf(id),
            (_, Form::Body(_)) => self.group(id),
            (_, Form::Each(_)) => self.each(id),
        }
    }

    fn skipped(&mut self, id: NodeId) -> bool {
        if self.state.node(id).reason == Some(Reason::LeftOut) && !self.state.is_left_out(id) {
            return self.again(id, &Verdict::New);
        }
        let own = self.state.node(id).reason == Some(Reason::Condition);
        let when = self.state.step(id).map(|step| step.when);
        let holds = match when {
            Some(When::Condition | When::Status) if own => {
                !matches!(self.evaluate.when(&self.state, id, self.state.needs(id)), Ok(false))
            }
            _ => own,
        };
        if own && holds {
            return self.again(id, &Verdict::Changed);
        }
        self.tell(id, if own { &Verdict::Kept } else { &Verdict::Open });
        false
    }

    fn leaf(&mut self, id: NodeId) -> bool {
        let node = self.state.node(id);
        let fingerprint = node.leaf().map(|leaf| leaf.fingerprint.clone()).unwrap_or_default();
        let (succeeded, never) = (node.status == Status::Succeeded, node.attempts() == 0);
        // What ended badly begins anew with the next round, unless what it stands in is still under way.
        let over = node.parent.is_some_and(|parent| self.state.node(parent).status.is_end());
        if matches!(node.status, Status::Cancelled | Status::Undone) || node.status == Status::Failed && over {
            self.tell(id, &Verdict::Open);
            return false;
        }
        let kept = self.evaluate.kept_as(&self.state, id, &fingerprint);
        if let Ok(Some(now)) = &kept
            && *now != fingerprint
        {
            let path = self.state.node(id).path.clone();
            self.amend(Amendment::Known { path, fingerprint: now.clone() });
        }
        if matches!(kept, Ok(Some(_))) || never && kept.is_err() {
            self.tell(id, if succeeded { &Verdict::Kept } else { &Verdict::Open });
            return false;
        }
        // What has failed or waits for its next attempt has no result to lose, but goes on as what it is now.
        self.again(id, &Verdict::Changed)
    }

    /// A group or callee that was entered.
    fn group(&mut self, id: NodeId) -> bool {
        if self.state.node(id).children().next().is_none() {
            self.tell(id, &Verdict::Open);
            return false;
        }
        let path = self.state.node(id).path.clone();
        match self.evaluate.entered(&self.state, id) {
            Ok(record) => {
                let before = self.state.node(id).body().map(|body| Arc::clone(&body.record));
                if before.is_some_and(|before| *before != record) {
                    self.amend(Amendment::Entered { path, record });
                }
            }
            Err(_) => return self.again(id, &Verdict::Changed),
        }
        self.body(id)
    }

    /// The lists of a group or of the run.
    fn body(&mut self, id: NodeId) -> bool {
        let Some(body) = self.state.node(id).body() else { return false };
        let (steps, finally, stage) = (body.steps.clone(), body.finally.clone(), body.stage);
        let was = self.state.node(id).status;
        let mut changed = self.list(&steps);
        if was == Status::Active && stage == Stage::Finally {
            // What it does in the end goes on; only then may what changed before it run again.
            changed |= self.list(&finally);
        }
        self.state.settle(id);
        if was == Status::Succeeded && self.state.node(id).status == was {
            for step in finally {
                self.tell(step, &Verdict::Kept);
            }
            changed |= self.outputs(id);
        }
        changed
    }

    /// The outputs of a group of which all steps are kept. Whoever reads them is told by its own definition.
    fn outputs(&mut self, id: NodeId) -> bool {
        let path = self.state.node(id).path.clone();
        if let Ok(outputs) = self.evaluate.outputs(&self.state, id, &Value::Null) {
            let outputs = outputs.unwrap_or_default();
            if outputs != *self.state.node(id).outputs {
                self.amend(Amendment::Computed { path, outputs });
            }
            false
        } else {
            self.amend(Amendment::Opened { path });
            true
        }
    }

    fn each(&mut self, id: NodeId) -> bool {
        let path = self.state.node(id).path.clone();
        let before: Vec<_> = self.state.node(id).children().collect();
        if before.is_empty() && self.state.node(id).status != Status::Succeeded {
            self.tell(id, &Verdict::Open);
            return false;
        }
        let Ok(items) = self.evaluate.items(&self.state, id) else { return self.again(id, &Verdict::Changed) };
        let known: Vec<_> = before.iter().filter_map(|item| self.state.node(*item).item().cloned()).collect();
        let mut changed = false;
        if known.len() != items.len() || known.iter().zip(&items).any(|(known, item)| **known != *item) {
            changed = known.len() != items.len() || known.iter().zip(&items).any(|(known, item)| known.key != item.key);
            let gone = known.iter().filter(|known| !items.iter().any(|item| item.key == known.key));
            let gone = gone.map(|gone| Finding { path: path.item(&gone.key), verdict: Verdict::Gone, finished: false });
            self.found.extend(gone);
            let haunted = items.iter().map(|item| path.item(&item.key)).filter(|path| self.state.is_haunted(path));
            self.torn.extend(haunted);
            self.amend(Amendment::Expanded { path, items });
        }
        for item in self.state.node(id).children().collect::<Vec<_>>() {
            if !before.contains(&item) {
                self.new.insert(item);
            }
            changed |= self.step(item);
        }
        self.state.settle(id);
        changed
    }

    /// It runs again with all in it. Of what has not begun nothing is said but that.
    fn again(&mut self, id: NodeId, verdict: &Verdict) -> bool {
        self.tell(id, verdict);
        if self.state.node(id).status != Status::Pending {
            let path = self.state.node(id).path.clone();
            self.amend(Amendment::Reopened { path });
        }
        true
    }

    fn amend(&mut self, amendment: Amendment) {
        self.state.amend(&amendment);
        self.amendments.push(amendment);
    }

    /// Says of all `uses:` steps in a node what becomes of them.
    fn tell(&mut self, id: NodeId, verdict: &Verdict) {
        let node = self.state.node(id);
        let children: Vec<_> = node.children().collect();
        if children.is_empty() {
            let live = matches!(node.status, Status::Active) && node.leaf().is_some() && self.state.is_live_within(id);
            let finished = node.status == Status::Succeeded && node.leaf().is_some() || live;
            let began = !matches!(node.status, Status::Pending);
            let open = matches!(verdict, Verdict::After(_)) && !finished || !began && *verdict != Verdict::New;
            let verdict = if open { Verdict::Open } else { verdict.clone() };
            self.found.push(Finding { path: node.path.clone(), verdict, finished });
        }
        for child in children {
            self.tell(child, verdict);
        }
    }
}

/// The places of a list in the order of its needs.
fn ordered(state: &State, list: &[NodeId]) -> Vec<usize> {
    let mut order = Vec::with_capacity(list.len());
    let mut seen = vec![false; list.len()];
    for start in 0..list.len() {
        // Before a step come its needs; a place is taken out of the way once it was looked at twice.
        let mut way = vec![(start, false)];
        while let Some((at, after)) = way.pop() {
            if after {
                order.push(at);
            } else if at < list.len() && !std::mem::replace(&mut seen[at], true) {
                way.push((at, true));
                let needs = state.step(list[at]).map(|step| step.needs.as_slice()).unwrap_or_default();
                way.extend(needs.iter().map(|&need| (need, false)));
            }
        }
    }
    order
}
