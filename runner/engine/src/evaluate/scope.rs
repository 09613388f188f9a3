//! The names that a step's texts see.

use std::collections::BTreeMap;
use std::sync::Arc;

use runner_core::{NodeId, Path, Role, State};
use serde_json::{Map, Value, json};

use super::facts::{Facts, Sight};
use super::{Evaluator, step};
use crate::expression::{Entry, Scope, Status};
use crate::program::{Definition, Words};

impl Evaluator {
    /// What the texts of a step see.
    pub(super) fn scope(&self, state: &State, node: NodeId, sight: Sight) -> Scope {
        let definition = self.definition(state, node);
        let list = list_around(state, node);
        self.scope_in(state, list, node, definition.and_then(|d| d.refers.as_deref()), sight)
    }

    /// What a group's, callee's or the run's own texts see: its steps, of which only those are made ready that the texts
    /// name. (All of what surrounds a group, once an item of a long foreach, would take as long as the square of it.)
    pub(super) fn scope_inside<'w>(
        &self,
        state: &State,
        body: NodeId,
        texts: impl IntoIterator<Item = &'w Words>,
        sight: Sight,
    ) -> Scope {
        self.scope_in(state, body, body, crate::program::steps_of(texts).as_deref(), sight)
    }

    /// The step's compiled definition; none for the run itself.
    pub(super) fn definition(&self, state: &State, node: NodeId) -> Option<&Definition> {
        state.node(node).step.map(|index| &self.program.steps[index])
    }

    /// Whether a list is that of a whole file: the run, or a callee.
    pub(super) fn is_file(&self, state: &State, list: NodeId) -> bool {
        self.definition(state, list).is_none_or(|definition| definition.call.is_some())
    }

    /// What a text in a list sees. `refers` are the ids of steps to be found under `steps`; `None`: all that have surely
    /// ended. (Those that are named are known to have: the check refuses others.)
    pub(super) fn scope_in(
        &self,
        state: &State,
        list: NodeId,
        node: NodeId,
        refers: Option<&[String]>,
        sight: Sight,
    ) -> Scope {
        let mut file = list;
        while !self.is_file(state, file) {
            file = list_around(state, file);
        }
        let base = self.base(state, file, sight);
        let mut scope = Scope::over(&base);
        let mut steps = BTreeMap::new();
        let (mut at, mut inside) = (list, node);
        loop {
            match refers {
                Some(ids) => self.add_named(state, at, ids, sight, &mut steps),
                None => self.add_settled(state, at, inside, sight, &mut steps),
            }
            if at == file {
                break;
            }
            (at, inside) = (list_around(state, at), at);
        }
        scope.set("steps", Entry::names(steps));
        // The items of the foreaches around, the outermost first, so that an inner name hides an outer one. The items
        // around a call are not seen in its callee.
        let mut items = Vec::new();
        let mut at = Some(node).filter(|node| *node != file || list != file);
        while let Some(id) = at.filter(|id| *id != file) {
            if let (Some(item), Some(definition)) = (state.node(id).item(), self.definition(state, id)) {
                items.push((definition.binding.clone(), Arc::new(item.value.clone())));
            }
            at = state.node(id).parent;
        }
        for (binding, value) in items.into_iter().rev() {
            scope.set(binding, value);
        }
        scope
    }

    fn add_named(
        &self,
        state: &State,
        list: NodeId,
        ids: &[String],
        sight: Sight,
        steps: &mut BTreeMap<String, Entry>,
    ) {
        let path = &state.node(list).path;
        for id in ids.iter().filter(|id| !id.is_empty()) {
            if let Some(found) = state.find(&path.child(id))
                && !steps.contains_key(id)
            {
                steps.insert(id.clone(), step::entry(self, state, found, sight));
            }
        }
    }

    /// The steps of a list that have surely ended before what stands `inside` it begins; all, where that is the list itself.
    fn add_settled(
        &self,
        state: &State,
        list: NodeId,
        inside: NodeId,
        sight: Sight,
        steps: &mut BTreeMap<String, Entry>,
    ) {
        let settled: Vec<_> = if inside == list {
            state.node(list).children().collect()
        } else {
            state.settled_before(state.foreach_of(inside).unwrap_or(inside))
        };
        for child in settled {
            if let Some(definition) = self.definition(state, child) {
                steps.entry(definition.id.clone()).or_insert_with(|| step::entry(self, state, child, sight));
            }
        }
    }

    /// What every text of a file sees: kept, since it does not change while the file is entered.
    pub(super) fn base(&self, state: &State, file: NodeId, sight: Sight) -> Arc<Scope> {
        let node = state.node(file);
        let record = match node.body() {
            Some(body) if matches!(node.role, Role::Root) || node.step.is_some() => Arc::clone(&body.record),
            _ => Arc::default(),
        };
        let key = (node.path.clone(), sight);
        if let Some((known, scope)) = self.bases.borrow().get(&key)
            && Arc::ptr_eq(known, &record)
        {
            return Arc::clone(scope);
        }
        let scope = Arc::new(self.base_of(state, file, &record, sight));
        self.bases.borrow_mut().insert(key, (record, Arc::clone(&scope)));
        scope
    }

    fn base_of(&self, state: &State, file: NodeId, record: &Value, sight: Sight) -> Scope {
        let facts = &self.facts;
        let mut told = super::callee::CalleeSecrets::new();
        let (unit, inputs, load) = match self.definition(state, file).and_then(|definition| definition.call.as_ref()) {
            None => (0, self.own_inputs(sight), facts.load.clone()),
            Some(call) => {
                let mut inputs = record["inputs"].as_object().cloned().unwrap_or_default();
                // Inputs that a secret may enter are not recorded: the caller's texts tell them again.
                let caller = self.scope(state, file, sight);
                let lacking: Vec<_> = call.secret.iter().filter(|name| !inputs.contains_key(*name)).collect();
                for name in lacking {
                    let field = call.with.values.iter().find(|(field, ..)| field == name);
                    if let Some(Ok(value)) = field.map(|(_, value, _)| value.render(&caller)) {
                        inputs.insert(name.clone(), value);
                    }
                }
                let path = &state.node(file).path;
                if sight == Sight::Value {
                    // Why one cannot be had is told by whoever needs it.
                    told = self.callee_secrets(path, call.unit, &inputs).unwrap_or_default();
                } else if self.has_told_secrets(call.unit) {
                    drop(self.base(state, file, Sight::Value));
                    told = self.known_callee_secrets(path);
                }
                (call.unit, inputs, record["load"].as_object().cloned().unwrap_or_default())
            }
        };
        let unit = &self.program.units[unit];
        let secrets = facts.secrets.declared.iter().filter(|((key, _), _)| *key == unit.key);
        let secrets = secrets.map(|((_, name), secret)| (name, secret)).chain(&told);
        let secrets: Map<String, Value> =
            secrets.map(|(name, (reference, value))| (name.clone(), seen(reference, value, sight))).collect();
        let run = root(facts, &self.program.main().name, &unit.name);
        let mut scope = Scope::new(Status::default())
            .with_doubles(
                unit.workflow.inputs.iter().filter(|input| input.is_double()).map(|input| input.name.value.clone()),
            )
            .with("inputs", Value::Object(inputs))
            .with("secrets", Value::Object(secrets))
            .with("env", Value::Object(facts.env.clone()))
            .with("state", Arc::clone(&facts.state))
            .with("run", run);
        for (name, value) in load {
            scope.set(name, value);
        }
        scope
    }

    fn own_inputs(&self, sight: Sight) -> Map<String, Value> {
        let mut inputs = self.facts.inputs.clone();
        for (name, (reference, value)) in &self.facts.secrets.inputs {
            inputs.insert(name.clone(), seen(reference, value, sight));
        }
        inputs
    }

    /// Drops what is kept of a file that is entered anew.
    pub(super) fn drop_base(&self, path: &Path) {
        self.bases.borrow_mut().retain(|(of, _), _| of != path);
        self.called.borrow_mut().remove(path);
    }
}

/// The root `run`, as it is seen in the file of the workflow `workflow`.
pub(super) fn root(facts: &Facts, name: &str, workflow: &str) -> Value {
    json!({
        "id": facts.run,
        "name": name,
        "workflow": workflow,
        "started": crate::when::rfc3339(facts.started),
        "project": facts.project.to_string_lossy(),
    })
}

fn seen(reference: &str, value: &str, sight: Sight) -> Value {
    Value::from(match sight {
        Sight::Value => value,
        Sight::Reference => reference,
    })
}

/// The group, callee or run in whose list a step stands.
pub(super) fn list_around(state: &State, node: NodeId) -> NodeId {
    let mut at = node;
    while let Some(parent) = state.node(at).parent {
        at = parent;
        if state.node(at).body().is_some() {
            break;
        }
    }
    at
}
