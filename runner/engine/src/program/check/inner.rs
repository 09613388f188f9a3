//! A template that a step renders itself: its names are the members of a field beside it.

use super::Checker;
use super::names::Names;
use crate::expression::{Type, TypeEnv};
use crate::language::reader::Node;
use crate::program::Uses;

impl Checker<'_> {
    /// Checks the templates that the step renders itself, as far as the names that it gives them are known.
    pub(super) fn inner(&mut self, names: &mut Names<'_>, uses: &Uses) {
        for inner in &uses.with.inner {
            let Some(env) = self.named_by(names, uses, &inner.names) else { continue };
            for problem in inner.template.check(&env).err().into_iter().flatten() {
                self.push(inner.at.diagnostic(&problem));
            }
        }
    }

    /// The members of a field with their types; none where the whole of it is known only when it is rendered.
    fn named_by(&mut self, names: &mut Names<'_>, uses: &Uses, field: &str) -> Option<TypeEnv> {
        let Some((.., place)) = uses.with.values.iter().find(|(name, ..)| name == field) else {
            return Some(TypeEnv::new());
        };
        let node: &Node = &place.node;
        let members = node.as_mapping()?;
        let templates = self.templates(names, &uses.with, field);
        let mut env = TypeEnv::new();
        for entry in members {
            let own = [entry.key.text.clone()];
            let of = match templates.get(&own[..]) {
                Some(given) if given.alone => given.of.clone(),
                Some(_) => Type::String,
                None if templates.keys().any(|path| path.starts_with(&own)) => Type::Dyn,
                None => Type::of(&entry.value.to_json()),
            };
            env.set(entry.key.text.clone(), of);
        }
        Some(env)
    }
}
