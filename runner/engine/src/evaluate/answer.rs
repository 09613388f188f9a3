//! The answers.

use std::sync::Arc;

use runner_core::{ErrorKind, Evaluate, Item, Needs, NodeId, Path, Purpose, Reason, State, StepError};
use serde_json::{Map, Value, json};

use super::facts::Sight;
use super::{Evaluator, item};
use crate::expression::{Scope, Status};
use crate::program::{Decision, Words};

impl Evaluate for Evaluator {
    fn when(&self, state: &State, node: NodeId, needs: Needs) -> Result<bool, StepError> {
        self.masked(self.answer_when(state, node, needs))
    }

    fn items(&self, state: &State, node: NodeId) -> Result<Vec<Item>, StepError> {
        self.masked(self.answer_items(state, node))
    }

    fn question(&self, state: &State, node: NodeId) -> Result<Value, StepError> {
        self.masked(self.answer_question(state, node))
    }

    fn enter(&self, state: &State, node: NodeId) -> Result<Option<Value>, StepError> {
        self.masked(self.answer_enter(state, node))
    }

    fn entered(&self, state: &State, node: NodeId) -> Result<Value, StepError> {
        let entered = self.reads(state, node).map(|entered| entered.map_or(Value::Null, |(_, record)| record));
        self.masked(entered)
    }

    fn kept_as(&self, state: &State, node: NodeId, fingerprint: &str) -> Result<Option<String>, StepError> {
        self.masked(self.answer_kept(state, node, fingerprint))
    }

    fn render(&self, state: &State, node: NodeId, attempt: u32, purpose: Purpose) -> Result<String, StepError> {
        self.masked(self.define(state, node, attempt, purpose).map(|rendered| rendered.fingerprint.clone()))
    }

    fn ahead(&self, state: &State, node: NodeId) -> bool {
        self.may_go_ahead(state, node)
    }

    fn until(&self, state: &State, node: NodeId, output: &Value) -> Result<bool, StepError> {
        self.masked(self.decide(state, node, |definition| definition.until.as_ref(), "output", output))
    }

    fn ready(&self, state: &State, node: NodeId, output: &Value) -> Result<bool, StepError> {
        self.masked(self.decide(state, node, |definition| definition.ready.as_ref(), "output", output))
    }

    fn retry(&self, state: &State, node: NodeId, error: &StepError) -> Result<bool, StepError> {
        let error = serde_json::to_value(error).unwrap_or_default();
        self.masked(self.decide(state, node, |definition| definition.retry_when.as_ref(), "error", &error))
    }

    fn outputs(&self, state: &State, node: NodeId, output: &Value) -> Result<Option<Value>, StepError> {
        self.masked(self.answer_outputs(state, node, output))
    }

    fn exit_code(&self, state: &State, outputs: &Value) -> Result<Option<u8>, StepError> {
        self.masked(self.answer_exit_code(state, outputs))
    }

    fn lost(&self, state: &State) -> Vec<(Path, String)> {
        self.lost_outputs(state)
    }
}

impl Evaluator {
    fn answer_when(&self, state: &State, node: NodeId, needs: Needs) -> Result<bool, StepError> {
        let Some(when) = self.definition(state, node).and_then(|definition| definition.when.as_ref()) else {
            return Ok(true);
        };
        let status = Status { success: needs.success, failure: needs.failure };
        when.holds(&self.scope(state, node, Sight::Value).with_status(status))
    }

    fn answer_items(&self, state: &State, node: NodeId) -> Result<Vec<Item>, StepError> {
        let Some(definition) = self.definition(state, node) else { return Ok(Vec::new()) };
        let Some(each) = &definition.foreach else { return Ok(Vec::new()) };
        let scope = self.scope(state, node, Sight::Value);
        let items = item::items(definition, each, each.evaluate(&scope)?, &scope)?;
        for item in &items {
            if let Some(name) = self.secret_in(&item.value).or_else(|| self.secret_in_text(&item.key)) {
                return Err(item::leaks(&name, "an item of `foreach`"));
            }
        }
        Ok(items)
    }

    fn answer_enter(&self, state: &State, node: NodeId) -> Result<Option<Value>, StepError> {
        self.drop_base(&state.node(node).path);
        let Some((scope, record)) = self.reads(state, node)? else { return Ok(Some(Value::Null)) };
        let call = self.definition(state, node).and_then(|definition| definition.call.as_ref());
        let unit = call.map(|call| (call.unit, &self.program.units[call.unit]));
        if let Some((at, unit, words)) = unit.and_then(|(at, unit)| Some((at, unit, unit.group.as_ref()?))) {
            let facts = &self.facts;
            let mut scope = scope
                .with("run", super::scope::root(facts, &self.program.main().name, &unit.name))
                .with("env", Value::Object(facts.env.clone()));
            for (name, value) in record["load"].as_object().into_iter().flatten() {
                scope.set(name.clone(), value.clone());
            }
            if !self.enter_group(state, node, at, words.render_text(&scope)?)? {
                return Ok(None);
            }
        }
        Ok(Some(record))
    }

    /// What a callee reads as it is entered, and what its texts see of that; none for a group.
    fn reads(&self, state: &State, node: NodeId) -> Result<Option<(Scope, Value)>, StepError> {
        let Some(call) = self.definition(state, node).and_then(|definition| definition.call.as_ref()) else {
            return Ok(None);
        };
        let mut given = call.with.render(&self.scope(state, node, Sight::Value))?;
        let unit = &self.program.units[call.unit];
        crate::run::check_called(&unit.workflow, &mut given, &self.facts.env)?;
        let secrets = self.callee_secrets(&state.node(node).path, call.unit, &given)?;
        for name in &call.secret {
            let certain = call.certain.contains(name);
            if certain || given.get(name).is_some_and(|value| self.secret_in(value).is_some()) {
                given.remove(name);
            }
        }
        let inputs = Value::Object(given);
        if let Some(name) = self.secret_in(&inputs) {
            return Err(item::leaks(&name, "an input"));
        }
        let scope = Scope::new(Status::default()).with("inputs", inputs.clone());
        let load = crate::run::load(unit, &self.facts.project, &scope)?;
        if let Some(name) = self.secret_in(&load) {
            return Err(item::leaks(&name, "a loaded file"));
        }
        let mut record = json!({"inputs": inputs, "load": load});
        if !secrets.is_empty() {
            record["secrets"] = secrets.into_iter().map(|(name, (reference, _))| (name, reference)).collect();
        }
        Ok(Some((scope, record)))
    }

    fn answer_outputs(&self, state: &State, node: NodeId, output: &Value) -> Result<Option<Value>, StepError> {
        let Some(definition) = self.definition(state, node) else {
            let outputs = self.render_inside(state, node, &self.program.main().outputs)?;
            return self.kept(&state.node(node).path, Value::Object(outputs), []).map(Some);
        };
        if state.node(node).each().is_some() {
            return Ok(None);
        }
        let path = &state.node(node).path;
        if let Some(call) = &definition.call {
            let mut outputs = self.render_inside(state, node, &self.program.units[call.unit].outputs)?;
            let own = self.scope(state, node, Sight::Value).with("output", Value::Object(outputs.clone()));
            outputs.extend(render_all(&definition.outputs, &own)?);
            return self.kept(path, Value::Object(outputs), []).map(Some);
        }
        if definition.uses.is_none() {
            let outputs = self.render_inside(state, node, &definition.outputs)?;
            return self.kept(path, Value::Object(outputs), []).map(Some);
        }
        // Where nobody could say what the step gave, nothing is computed from it either.
        if definition.outputs.is_empty() || output.is_null() {
            return Ok(None);
        }
        let output = self.seen(&Arc::new(output.clone()), Sight::Value);
        let scope = self.scope(state, node, Sight::Value).with("output", Arc::clone(&output));
        let added = render_all(&definition.outputs, &scope)?;
        let mut outputs = output.as_object().cloned().unwrap_or_default();
        outputs.extend(added);
        self.kept(path, Value::Object(outputs), definition.sealed()).map(Some)
    }

    fn render_inside(
        &self,
        state: &State,
        body: NodeId,
        texts: &[(String, Words)],
    ) -> Result<Map<String, Value>, StepError> {
        let words = texts.iter().map(|(_, words)| words);
        let scope = self.scope_inside(state, body, words, Sight::Value);
        let named = |(name, words): &(String, Words)| {
            let value = words.render(&scope);
            // What reads something that was left out has nothing to say.
            let value = if value.is_err() && reads_left_out(state, body, words) { Ok(Value::Null) } else { value };
            Ok((name.clone(), value?))
        };
        texts.iter().map(named).collect()
    }

    /// What expressions see at the end of the run: as `exit_code` does.
    pub(crate) fn at_end(&self, state: &State, outputs: Value) -> Scope {
        let output = self.large.resolve(&Arc::new(outputs));
        let Some(root) = state.root() else { return Scope::default().with("output", output) };
        self.scope_in(state, root, root, None, Sight::Value).with("output", output)
    }

    fn answer_exit_code(&self, state: &State, outputs: &Value) -> Result<Option<u8>, StepError> {
        let (Some(decision), Some(root)) = (&self.program.main().exit_code, state.root()) else { return Ok(None) };
        let scope = self
            .scope_in(state, root, root, None, Sight::Value)
            .with("output", self.seen(&Arc::new(outputs.clone()), Sight::Value));
        match decision.evaluate(&scope)?.as_u64() {
            Some(0) => Ok(None),
            Some(code @ 40..=59) => Ok(u8::try_from(code).ok()),
            _ => Err(StepError::new(ErrorKind::Input, "`exit_code` must be 0 or a whole number from 40 to 59")),
        }
    }
}

impl Evaluator {
    /// An answer whose error may be written down.
    fn masked<T>(&self, answer: Result<T, StepError>) -> Result<T, StepError> {
        answer.map_err(|error| self.without_secrets(error))
    }

    /// An error as it may be written down.
    pub fn without_secrets(&self, mut error: StepError) -> StepError {
        let known = &self.facts.known;
        error.message = known.mask(error.message);
        error.hint = error.hint.map(|hint| known.mask(hint));
        error
    }

    fn decide<'a>(
        &'a self,
        state: &State,
        node: NodeId,
        which: impl Fn(&'a crate::program::Definition) -> Option<&'a Decision>,
        name: &str,
        value: &Value,
    ) -> Result<bool, StepError> {
        match self.definition(state, node).and_then(which) {
            None => Ok(true),
            Some(decision) => {
                let value = self.seen(&Arc::new(value.clone()), Sight::Value);
                decision.holds(&self.scope(state, node, Sight::Value).with(name, value))
            }
        }
    }

    /// The name of a secret that occurs in a value, in any encoding.
    pub fn secret_in(&self, value: &Value) -> Option<String> {
        match value {
            Value::String(text) => self.secret_in_text(text),
            Value::Number(number) => self.secret_in_text(&number.to_string()),
            Value::Array(items) => items.iter().find_map(|item| self.secret_in(item)),
            Value::Object(fields) => {
                fields.iter().find_map(|(name, value)| self.secret_in_text(name).or_else(|| self.secret_in(value)))
            }
            _ => None,
        }
    }

    fn secret_in_text(&self, text: &str) -> Option<String> {
        let known = &self.facts.known;
        if known.is_empty() { None } else { known.masker().names_in(text.as_bytes()).pop_first() }
    }
}

/// Whether a text of a group reads a step in it that a person has left out.
fn reads_left_out(state: &State, body: NodeId, words: &Words) -> bool {
    let steps = crate::program::steps_of([words]).unwrap_or_default();
    let found = steps.iter().filter_map(|id| state.find(&state.node(body).path.child(id)));
    found.into_iter().any(|step| state.node(step).reason == Some(Reason::LeftOut))
}

fn render_all(texts: &[(String, Words)], scope: &Scope) -> Result<Map<String, Value>, StepError> {
    texts.iter().map(|(name, words)| Ok((name.clone(), words.render(scope)?))).collect()
}
