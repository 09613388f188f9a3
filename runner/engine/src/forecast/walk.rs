//! The walk.

use std::collections::BTreeSet;
use std::sync::Arc;

use runner_core::{Evaluate, Event, Form, Needs, NodeId, Path, Reason, State, Status, StepError};
use serde_json::Value;

use super::{Change, Fate, Foreseen, ask};
use crate::cache::{Cached, Look};
use crate::driver::World;
use crate::evaluate::{Evaluator, Groups, Large, Rendered};
use crate::program::Definition;
use crate::run::Run;
use crate::seal::Seals;

/// The state of a run that begins now.
pub fn afresh(run: &Run) -> State {
    let mut state = State::new(Arc::clone(&run.program.plan));
    let record = serde_json::Value::Null;
    state.apply(&Event::RunStarted { record, seed: 0, parallel: run.record.parallel }, run.record.started);
    state
}

/// What would become of each step of a run that goes on from `state`, with what their types say. `left` is what deployments
/// have left behind.
pub async fn foresee(
    run: &Run,
    state: State,
    (large, seals): (Large, Seals),
    left: &Value,
    world: &dyn World,
) -> Vec<Foreseen> {
    let (program, facts) = (Arc::clone(&run.program), Arc::clone(&run.facts));
    let evaluator = Evaluator::new(program, facts, large, seals, Groups::default());
    evaluator.remember(&state);
    let mut walk = Walk {
        run,
        evaluator,
        state,
        open: BTreeSet::new(),
        idle: BTreeSet::new(),
        found: Vec::new(),
        asked: Vec::new(),
    };
    if let Some(root) = walk.state.root() {
        walk.body(root);
    }
    let Walk { mut found, asked, .. } = walk;
    for (at, rendered) in asked {
        let change = ask::ask(run, &found[at].path, &rendered, left, world).await;
        found[at].change = Some(change);
    }
    found
}

struct Walk<'r> {
    run: &'r Run,
    evaluator: Evaluator,
    state: State,
    /// Steps of which it is not known what they give.
    open: BTreeSet<NodeId>,
    /// Those of them that do nothing for sure.
    idle: BTreeSet<NodeId>,
    found: Vec<Foreseen>,
    /// Whose types are to be asked what they would change, by place among those found.
    asked: Vec<(usize, Rendered)>,
}

impl Walk<'_> {
    fn body(&mut self, id: NodeId) {
        let Some(body) = self.state.node(id).body() else { return };
        for step in body.steps.clone() {
            self.step(step);
        }
        if !self.state.node(id).status.is_end()
            && self.state.node(id).body().is_some_and(|body| body.finally.is_empty())
        {
            self.apply(&Event::FinallyStarted { path: self.path(id) });
        }
        for step in self.state.node(id).body().map(|body| body.finally.clone()).unwrap_or_default() {
            self.step(step);
        }
        self.close(id);
    }

    /// A group or foreach is open if anything in it is.
    fn close(&mut self, id: NodeId) {
        if self.state.node(id).children().any(|child| self.open.contains(&child)) {
            self.open.insert(id);
            if !self.state.node(id).children().any(|child| self.does(child)) {
                self.idle.insert(id);
            }
        }
    }

    fn step(&mut self, id: NodeId) {
        let node = self.state.node(id);
        match (node.status, &node.form) {
            (Status::Pending, _) => self.pending(id),
            (Status::Skipped, _) if node.reason == Some(Reason::LeftOut) => self.tell(id, Fate::LeftOut),
            (Status::Skipped, _) => {
                let condition = self.condition(id);
                self.tell(id, Fate::Skipped { condition });
            }
            (Status::Succeeded, Form::Leaf(_)) => self.tell(id, Fate::Kept),
            (Status::Active, Form::Leaf(_)) => self.leaf(id),
            (_, Form::Leaf(_)) => self.tell(id, Fate::Failed),
            (_, Form::Body(_)) => self.body(id),
            (_, Form::Each(_)) => self.items(id),
        }
    }

    fn pending(&mut self, id: NodeId) {
        if self.leave_out(id) {
            return;
        }
        let definition = self.definition(id);
        let when = definition.and_then(|definition| definition.when.as_ref());
        if let Some(when) = when {
            let names =
                when.expression.references().filter(|r| r.root() == "steps").map(|r| r.segments.get(1).cloned());
            if let Some(until) = self.first_open(id, names.collect::<Vec<_>>()) {
                return self.tell(id, Fate::Unknown { until });
            }
            match self.evaluator.when(&self.state, id, Needs { success: true, failure: false }) {
                Ok(true) => {}
                Ok(false) => {
                    let condition = self.condition(id);
                    self.skip(id, Reason::Condition);
                    return self.tell(id, Fate::Skipped { condition });
                }
                Err(error) => return self.fails(id, error),
            }
        }
        if self.state.node(id).each().is_none() {
            return self.begin(id);
        }
        let each = self.definition(id).and_then(|definition| definition.foreach.as_ref());
        let names: Vec<_> = each
            .into_iter()
            .flat_map(|each| each.expression.references())
            .filter(|r| r.root() == "steps")
            .map(|r| r.segments.get(1).cloned())
            .collect();
        if let Some(until) = self.first_open(id, names) {
            return self.tell(id, Fate::Unknown { until });
        }
        match self.evaluator.items(&self.state, id) {
            Ok(items) => {
                self.apply(&Event::StepExpanded { path: self.path(id), items });
                self.items(id);
            }
            Err(error) => self.fails(id, error),
        }
    }

    fn items(&mut self, id: NodeId) {
        for item in self.state.node(id).children().collect::<Vec<_>>() {
            if self.state.node(item).status != Status::Pending {
                self.step(item);
            } else if !self.leave_out(item) {
                self.begin(item);
            }
        }
        self.close(id);
    }

    /// A group, callee or `uses:` step that runs.
    fn begin(&mut self, id: NodeId) {
        if self.state.node(id).body().is_none() {
            return self.leaf(id);
        }
        let call = self.definition(id).and_then(|definition| definition.call.as_ref());
        let references = call.map(|call| call.with.references()).unwrap_or_default();
        let names = references.iter().filter(|r| r.root() == "steps").map(|r| r.segments.get(1).cloned());
        if let Some(until) = self.first_open(id, names.collect()) {
            return self.tell(id, Fate::Unknown { until });
        }
        match self.evaluator.entered(&self.state, id) {
            Ok(record) => {
                self.apply(&Event::StepEntered { path: self.path(id), record });
                self.body(id);
            }
            Err(error) => self.fails(id, error),
        }
    }

    fn leaf(&mut self, id: NodeId) {
        let refers = self.definition(id).map(|definition| definition.refers.clone()).unwrap_or_default();
        let names = refers.map_or_else(|| vec![None], |ids| ids.into_iter().map(Some).collect());
        let until = self.first_open(id, names);
        self.tell(id, Fate::WillRun);
        let last = self.found.len() - 1;
        if let Some(until) = until {
            self.found[last].change = Some(Change::Until(until));
            return;
        }
        match self.evaluator.preview(&self.state, id) {
            Ok(rendered) => {
                self.found[last].fingerprint = Some(rendered.fingerprint.clone());
                if self.cached(id, &rendered) {
                    return;
                }
                if rendered.step.can(runner_sdk::Ability::Plan) {
                    self.asked.push((last, rendered));
                } else {
                    self.found[last].change = Some(Change::CannotSay);
                }
            }
            Err(error) => match self.state.needs_of(id).find(|need| self.open.contains(need)) {
                // A text around it may speak of what has not run.
                Some(need) => self.found[last].change = Some(Change::Until(self.path(need))),
                None => self.found[last].fate = Fate::Fails { message: error.message },
            },
        }
    }

    /// Tells of a step that the cache has, or whose inputs are not there; `false` of any other.
    fn cached(&mut self, id: NodeId, rendered: &Rendered) -> bool {
        let Some(cached) = Cached::of(self.run, &self.path(id), rendered) else { return false };
        let open = self.comes_after_work(id);
        let fate = match cached.look() {
            Ok(Look::Kept(entry)) => Fate::Cached { run: entry.run, open },
            Err(error) if !open => Fate::Fails { message: error.message },
            Ok(Look::Missed(_, why)) => {
                if let Some(found) = self.found.last_mut() {
                    found.missed = Some(why);
                }
                return false;
            }
            Err(_) => return false,
        };
        if !open && matches!(fate, Fate::Cached { .. }) {
            self.idle.insert(id);
        }
        let last = self.found.len() - 1;
        self.found[last].fate = fate;
        true
    }

    /// Whether anything that a step waits for does something.
    fn comes_after_work(&self, id: NodeId) -> bool {
        let around = std::iter::successors(Some(id), |&id| self.state.node(id).parent);
        around.into_iter().any(|id| self.state.needs_of(id).any(|need| self.does(need)))
    }

    fn does(&self, id: NodeId) -> bool {
        self.open.contains(&id) && !self.idle.contains(&id)
    }

    /// The first of the steps named in a text of a step that has not ended; a name that is not known stands for all.
    fn first_open(&self, id: NodeId, names: Vec<Option<String>>) -> Option<Path> {
        names.into_iter().find_map(|name| {
            let mut at = self.state.node(id).parent;
            while let Some(list) = at {
                let found = match &name {
                    Some(name) => {
                        self.state.find(&self.state.node(list).path.child(name)).filter(|id| self.is_open(*id))
                    }
                    None => self.state.node(list).children().find(|child| self.open.contains(child)),
                };
                if let Some(found) = found {
                    return Some(self.path(found));
                }
                at = self.state.node(list).parent;
            }
            None
        })
    }

    /// Whether it is not known what a step gives: it would run, or has not been looked at.
    fn is_open(&self, id: NodeId) -> bool {
        self.open.contains(&id) || !self.state.node(id).status.is_end() && self.state.node(id).leaf().is_some()
    }

    fn tell(&mut self, id: NodeId, fate: Fate) {
        if matches!(fate, Fate::WillRun | Fate::Unknown { .. } | Fate::Fails { .. }) {
            self.open.insert(id);
        }
        let uses = self.definition(id).and_then(|definition| definition.uses.as_ref());
        let uses = uses.map(|uses| uses.step.name.to_owned());
        self.found.push(Foreseen { path: self.path(id), fate, uses, fingerprint: None, missed: None, change: None });
    }

    fn fails(&mut self, id: NodeId, error: StepError) {
        self.tell(id, Fate::Fails { message: error.message });
    }

    /// Skips a step that a person has left out; whether one has.
    fn leave_out(&mut self, id: NodeId) -> bool {
        let left_out = self.state.is_left_out(id);
        if left_out {
            self.skip(id, Reason::LeftOut);
            self.tell(id, Fate::LeftOut);
        }
        left_out
    }

    fn skip(&mut self, id: NodeId, reason: Reason) {
        self.apply(&Event::StepSkipped { path: self.path(id), reason, may_have_run: false });
    }

    fn condition(&self, id: NodeId) -> String {
        let when = self.definition(id).and_then(|definition| definition.when.as_ref());
        when.map(|when| when.expression.source().to_owned()).unwrap_or_default()
    }

    fn definition(&self, id: NodeId) -> Option<&Definition> {
        self.state.node(id).step.map(|step| &self.evaluator.program().steps[step])
    }

    fn path(&self, id: NodeId) -> Path {
        self.state.node(id).path.clone()
    }

    fn apply(&mut self, event: &Event) {
        self.state.apply(event, 0);
    }
}
