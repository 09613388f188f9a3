//! The definition of an attempt: rendered, decoded, hashed.

use std::path::PathBuf;
use std::sync::Arc;

use runner_core::{Doing, ErrorKind, NodeId, Purpose, State, StepError};
use serde_json::{Value, json};

use super::facts::Sight;
use super::{Evaluator, Rendered, fingerprint};
use crate::cache::Spec;
use crate::expression::Scope;
use crate::program::{Definition, Uses, Words};

impl Evaluator {
    /// Renders an attempt's definition and keeps it.
    pub(super) fn define(
        &self,
        state: &State,
        node: NodeId,
        attempt: u32,
        purpose: Purpose,
    ) -> Result<Arc<Rendered>, StepError> {
        let Some(definition) = self.definition(state, node) else { return Err(no_step()) };
        let Some(uses) = definition.used(purpose) else { return Err(no_step()) };
        let rendered = match self.in_doubt(state, node, definition, purpose) {
            Some(known) => known,
            None => Arc::new(self.render_uses(state, node, definition, (uses, purpose))?),
        };
        self.rendered.borrow_mut().insert((state.node(node).path.clone(), attempt), Arc::clone(&rendered));
        Ok(rendered)
    }

    /// What an attempt in doubt was made of, where the type's own `check` is to look at it: the step may be another by now.
    fn in_doubt(
        &self,
        state: &State,
        node: NodeId,
        definition: &Definition,
        purpose: Purpose,
    ) -> Option<Arc<Rendered>> {
        let node = state.node(node);
        match node.leaf()?.doing {
            Doing::InDoubt { attempt, .. } if purpose == Purpose::Check && definition.check.is_none() => {
                self.rendered(&node.path, attempt)
            }
            _ => None,
        }
    }

    /// A step's definition as it would be if an attempt began now; kept nowhere.
    pub(crate) fn preview(&self, state: &State, node: NodeId) -> Result<Rendered, StepError> {
        let Some(definition) = self.definition(state, node) else { return Err(no_step()) };
        let Some(uses) = &definition.uses else { return Err(no_step()) };
        self.render_uses(state, node, definition, (uses, Purpose::Run))
    }

    fn render_uses(
        &self,
        state: &State,
        node: NodeId,
        definition: &Definition,
        (uses, purpose): (&Uses, Purpose),
    ) -> Result<Rendered, StepError> {
        let scope = self.scope_for(state, node, purpose, Sight::Value);
        self.has_its_secrets(state, node)?;
        let with = Value::Object(uses.with.render(&scope)?);
        let instance = uses.step.decode(with.clone()).map_err(|wrong| {
            let at = if wrong.path == "." { String::new() } else { format!("`with.{}`: ", wrong.path) };
            StepError::new(ErrorKind::Input, format!("{at}{}", wrong.message))
        })?;
        instance.validate().map_err(crate::driver::error::of_step)?;
        let env = self.env(state, node, Sight::Value)?;
        let dir = self.dir(state, node)?;
        // What a step publishes is not there any more when it is undone.
        let publishes = if purpose == Purpose::Undo { Vec::new() } else { publishes(definition, &scope)? };
        let cache = if purpose == Purpose::Run { self.cache(state, node, definition, &scope)? } else { None };
        // A secret may come in what another step has made, too.
        let compared = if uses.secret || self.program.secretive && (uses.refers_to_steps || purpose == Purpose::Undo) {
            // What computes with a secret may not work with its reference: then it is compared as it is written.
            let rendered = uses.with.render(&self.scope_for(state, node, purpose, Sight::Reference));
            Value::Object(rendered.unwrap_or_else(|_| uses.with.written()))
        } else {
            with.clone()
        };
        let source = self.source(definition.unit);
        let reads: Vec<_> = instance
            .reads()
            .into_iter()
            .map(|path| {
                // A template lies beside its workflow or with the project's; any other file where the step works.
                let places = [source.join(&path), self.facts.project.join("templates").join(&path), dir.join(&path)];
                let file = places.iter().find(|file| file.exists());
                json!([path.to_string_lossy(), file.and_then(|file| fingerprint::of_path(file))])
            })
            .collect();
        let compared_env = if self.program.secretive { self.env(state, node, Sight::Reference)? } else { env.clone() };
        let text = |decision: &Option<crate::program::Decision>| {
            decision.as_ref().map(|decision| decision.expression.source().to_owned())
        };
        let inputs = fingerprint::of(&json!({
            "uses": uses.step.name,
            "behaviour": uses.step.behaviour,
            "with": compared,
            "env": compared_env,
            // Relative to the project, so that a run can be moved with it.
            "dir": dir.strip_prefix(&self.facts.project).unwrap_or(&dir).to_string_lossy(),
            "ready": text(&definition.ready),
            "until": text(&definition.until),
            "outputs": definition.outputs.iter().map(|(name, words)| (name, words.written())).collect::<Vec<_>>(),
            "publishes": publishes,
            "reads": reads,
        }));
        let written = &*self.written(state, node, definition, definition.uses.as_ref().unwrap_or(uses));
        let fingerprint = format!("{written}.{inputs}");
        // What undoing writes into the state is no repetition of what the step wrote.
        let fingerprint = if purpose == Purpose::Undo { format!("undo-{fingerprint}") } else { fingerprint };
        let shown = json!({"with": compared, "env": compared_env, "dir": dir, "publishes": publishes, "reads": reads});
        Ok(Rendered { step: uses.step.0, instance, with, env, dir, source, publishes, cache, fingerprint, shown })
    }

    /// A step's `cache`; values that a secret may be in by reference.
    fn cache(
        &self,
        state: &State,
        node: NodeId,
        definition: &Definition,
        scope: &Scope,
    ) -> Result<Option<Spec>, StepError> {
        let Some(cache) = &definition.cache else { return Ok(None) };
        let by_reference = self.program.secretive.then(|| self.scope_for(state, node, Purpose::Run, Sight::Reference));
        let all = |texts: &[Words], scope: &Scope| -> Result<Vec<String>, StepError> {
            texts.iter().map(|words| words.render_text(scope)).collect()
        };
        Ok(Some(Spec {
            inputs: all(&cache.inputs, scope)?,
            values: all(&cache.values, by_reference.as_ref().unwrap_or(scope))?,
            outputs: all(&cache.outputs, scope)?,
        }))
    }

    /// The environment that the workflow adds for a step: the caller's, then the file's, its defaults', the groups'
    /// around, and its own.
    fn env(&self, state: &State, node: NodeId, sight: Sight) -> Result<Vec<(String, String)>, StepError> {
        let mut env = Vec::new();
        for layer in self.layers(state, node) {
            let Some((texts, scope)) = self.env_of(state, layer, sight) else { continue };
            for (name, words) in texts {
                let text = match (words.render_text(&scope), sight) {
                    (Err(_), Sight::Reference) => words.written().to_owned(),
                    (rendered, _) => rendered?,
                };
                env.push((name.clone(), text));
            }
        }
        Ok(env)
    }

    fn env_of(&self, state: &State, layer: Layer, sight: Sight) -> Option<(Vec<(&String, &Words)>, Scope)> {
        let (texts, scope): (Vec<_>, _) = match layer {
            Layer::Step(node) => (self.definition(state, node)?.env.iter().collect(), node),
            Layer::File { unit, node } => {
                let unit = &self.program.units[unit];
                (unit.env.iter().chain(&unit.default_env).collect(), node)
            }
        };
        if texts.is_empty() {
            return None;
        }
        let scope = match layer {
            Layer::Step(_) => self.scope(state, scope, sight),
            Layer::File { .. } => self.scope_inside(state, scope, texts.iter().map(|(_, words)| words), sight),
        };
        Some((texts.into_iter().map(|(name, words)| (name, words)).collect(), scope))
    }

    /// The directory of a step: the innermost that is written, relative to the project.
    fn dir(&self, state: &State, node: NodeId) -> Result<PathBuf, StepError> {
        for layer in self.layers(state, node).into_iter().rev() {
            let found = match layer {
                Layer::Step(node) => self
                    .definition(state, node)
                    .and_then(|d| d.dir.as_ref())
                    .map(|dir| (dir, self.scope(state, node, Sight::Value))),
                Layer::File { unit, node } => {
                    let unit = &self.program.units[unit];
                    let dir = unit.default_dir.as_ref().or(unit.dir.as_ref());
                    dir.map(|dir| (dir, self.scope_inside(state, node, [dir], Sight::Value)))
                }
            };
            if let Some((dir, scope)) = found {
                return Ok(self.facts.project.join(dir.render_text(&scope)?));
            }
        }
        Ok(self.facts.project.clone())
    }

    /// The texts of a layer that set the environment and the folder.
    pub(super) fn words_of(&self, state: &State, layer: Layer) -> Vec<&Words> {
        match layer {
            Layer::Step(node) => self
                .definition(state, node)
                .into_iter()
                .flat_map(|of| of.env.iter().map(|(_, words)| words).chain(&of.dir))
                .collect(),
            Layer::File { unit, .. } => {
                let unit = &self.program.units[unit];
                let env = unit.env.iter().chain(&unit.default_env).map(|(_, words)| words);
                env.chain(&unit.dir).chain(&unit.default_dir).collect()
            }
        }
    }

    /// What stands around a step, outermost first, itself last. A node of a foreach itself is left out: its items stand
    /// for it.
    pub(super) fn layers(&self, state: &State, node: NodeId) -> Vec<Layer> {
        let mut layers = Vec::new();
        let mut at = Some(node);
        while let Some(id) = at {
            let definition = self.definition(state, id);
            let is_item = state.node(id).item().is_some();
            match definition {
                None => layers.push(Layer::File { unit: 0, node: id }),
                Some(definition) => {
                    if let Some(call) = &definition.call
                        && state.node(id).body().is_some()
                    {
                        layers.push(Layer::File { unit: call.unit, node: id });
                    }
                    layers.push(Layer::Step(id));
                }
            }
            at = state.node(id).parent;
            if is_item {
                at = at.and_then(|each| state.node(each).parent);
            }
        }
        layers.reverse();
        layers
    }
}

/// Something that may set the environment and the directory for what is in it.
#[derive(Clone, Copy)]
pub(super) enum Layer {
    Step(NodeId),
    File { unit: usize, node: NodeId },
}

fn publishes(definition: &Definition, scope: &Scope) -> Result<Vec<PathBuf>, StepError> {
    definition.publishes.iter().map(|words| words.render_text(scope).map(PathBuf::from)).collect()
}

fn no_step() -> StepError {
    StepError::new(ErrorKind::Input, "the step has no step type")
}
