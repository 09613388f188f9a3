//! Whether a step is still what it was: its definition as it is written, and as it is rendered.
//!
//! A fingerprint has two halves, `WRITTEN.RENDERED`. Of a step that speaks of a service only the first is compared: that a
//! service was started anew, and has another address now, changes nothing that has used it.

use std::sync::Arc;

use runner_core::{NodeId, State, StepError};
use serde_json::{Map, Value, json};

use super::definition::Layer;
use super::{Evaluator, fingerprint};
use crate::program::{Decision, Definition, Fields, Uses, Words};

/// How much of the hash of the written half is kept, in hexadecimal digits.
const DIGITS: usize = 16;

impl Evaluator {
    /// What a step is known as from now on, if it is still what it was when this fingerprint was made; `None` if not.
    pub(super) fn answer_kept(&self, state: &State, node: NodeId, known: &str) -> Result<Option<String>, StepError> {
        let Some(definition) = self.definition(state, node) else { return Ok(None) };
        let Some(uses) = &definition.uses else { return Ok(None) };
        if self.same_texts && !uses.step.reads {
            return Ok(Some(known.to_owned()));
        }
        // Fingerprints were of what is rendered alone before they had two halves.
        let (before, inputs) = known.split_once('.').map_or((None, known), |(written, inputs)| (Some(written), inputs));
        let written = self.written(state, node, definition, uses);
        let now = match before {
            Some(before) if *before != *written && before != self.as_before(state, node, definition, uses) => {
                return Ok(None);
            }
            Some(_) => format!("{written}.{inputs}"),
            None => known.to_owned(),
        };
        if before.is_some() && self.has_services && self.speaks_of_service(state, node) {
            return Ok(Some(now));
        }
        let fresh = self.preview(state, node)?.fingerprint;
        Ok(fresh.ends_with(inputs).then_some(now))
    }

    /// What a step's definition hashes to as it is written.
    pub(super) fn written(&self, state: &State, node: NodeId, definition: &Definition, uses: &Uses) -> Arc<str> {
        let step = state.node(node).step.unwrap_or_default();
        if let Some(known) = self.written.borrow().get(&step) {
            return Arc::clone(known);
        }
        let hash: Arc<str> = hash(&self.text(state, node, definition, uses).to_string()).into();
        self.written.borrow_mut().insert(step, Arc::clone(&hash));
        hash
    }

    /// The same, with the names that steps had before they were renamed.
    fn as_before(&self, state: &State, node: NodeId, definition: &Definition, uses: &Uses) -> String {
        let mut text = self.text(state, node, definition, uses).to_string();
        for (old, new) in &self.renamed {
            text = text.replace(&format!("steps.{new}."), &format!("steps.\u{0}{old}."));
        }
        hash(&text.replace('\u{0}', ""))
    }

    /// A step's definition as it is written.
    pub(crate) fn text(&self, state: &State, node: NodeId, definition: &Definition, uses: &Uses) -> Value {
        let mut env = Map::new();
        let mut dir = Value::Null;
        let mut take = |texts: &[(String, Words)], own: Option<&Words>| {
            env.extend(texts.iter().map(|(name, words)| (name.clone(), words.written().into())));
            if let Some(words) = own {
                dir = words.written().into();
            }
        };
        for layer in self.layers(state, node) {
            match layer {
                Layer::Step(node) => {
                    if let Some(of) = self.definition(state, node) {
                        take(&of.env, of.dir.as_ref());
                    }
                }
                Layer::File { unit, .. } => {
                    let unit = &self.program.units[unit];
                    take(&unit.env, unit.dir.as_ref());
                    take(&unit.default_env, unit.default_dir.as_ref());
                }
            }
        }
        let outputs: Map<_, _> =
            definition.outputs.iter().map(|(name, words)| (name.clone(), words.written().into())).collect();
        let leaf = match state.step(node).map(|step| &step.kind) {
            Some(runner_core::Kind::Leaf(leaf)) => Some(leaf),
            _ => None,
        };
        let all = json!({
            "uses": uses.step.name,
            "behaviour": uses.step.behaviour,
            "with": fields(&uses.with),
            "env": env,
            "dir": dir,
            "service": leaf.is_some_and(|leaf| leaf.service).then_some(true),
            "ready": source(definition.ready.as_ref()),
            "until": source(definition.until.as_ref()),
            "outputs": outputs,
            "publishes": definition.publishes.iter().map(Words::written).collect::<Vec<_>>(),
        });
        let said = |value: &Value| match value {
            Value::Null => false,
            Value::Object(fields) => !fields.is_empty(),
            Value::Array(items) => !items.is_empty(),
            _ => true,
        };
        all.as_object()
            .into_iter()
            .flatten()
            .filter(|(_, value)| said(value))
            .map(|(n, v)| (n.clone(), v.clone()))
            .collect()
    }
}

fn source(decision: Option<&Decision>) -> Option<&str> {
    decision.map(|decision| decision.expression.source())
}

fn fields(with: &Fields) -> Map<String, Value> {
    let values = with.values.iter().map(|(name, _, place)| (name.clone(), place.node.to_json()));
    let decisions = with.decisions.iter().map(|(name, decision)| (name.clone(), decision.expression.source().into()));
    values.chain(decisions).collect()
}

fn hash(text: &str) -> String {
    let mut hash = fingerprint::of_bytes(text.as_bytes());
    hash.truncate(DIGITS);
    hash
}
