//! What a step asks of its type, and what the type can do.

use runner_sdk::Ability;

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::language::ast::{Interrupted, Step};
use crate::program::Definition;

impl Checker<'_> {
    /// Checks `service`, `interrupted` and `check` against the abilities of the step's type.
    pub(super) fn rules(&mut self, step: &Step, definition: &Definition) {
        let Some(uses) = &definition.uses else { return };
        let (of, source) = (&uses.step, &self.program.units[definition.unit].workflow.source);
        if let Some(service) = &step.service
            && !of.can(Ability::Service)
        {
            let able: Vec<String> = self
                .registry
                .all()
                .iter()
                .filter(|of| of.can(Ability::Service))
                .map(|of| format!("`{}`", of.name))
                .collect();
            let found = Diagnostic::error(source, service.span, format!("`{}` cannot be a service", of.name));
            let hint = (!able.is_empty()).then(|| format!("these can: {}", able.join(", ")));
            self.push(found.maybe_hint(hint));
        }
        if of.can(Ability::Asks) {
            let given = [
                ("confirm", step.confirm.as_ref().map(|text| text.node.head)),
                ("timeout", step.timeout.map(|timeout| timeout.span)),
                ("undo", step.undo.as_ref().map(|undo| undo.uses.span)),
                ("interrupted", step.interrupted.map(|rule| rule.span)),
                ("cache", step.cache.as_ref().map(|cache| cache.span)),
            ];
            for (key, span) in given.into_iter().filter_map(|(key, span)| Some((key, span?))) {
                let message = format!("`{key}` does not fit `{}`, which waits for a person", of.name);
                self.push(Diagnostic::error(source, span, message));
            }
        }
        if let (Some(cache), Some(secret)) = (&step.cache, definition.sealed().next()) {
            let message = format!("`cache` does not fit a step whose output `{secret}` is secret");
            let hint = "what is remembered of a step is not sealed";
            self.push(Diagnostic::error(source, cache.span, message).hint(hint));
        }
        let Some(rule) = step.interrupted else { return };
        match (rule.value, &step.check) {
            (Interrupted::Check, None) if !of.can(Ability::Check) => {
                let message = format!("`{}` cannot tell whether an interrupted attempt has done its work", of.name);
                let hint = if of.idempotent {
                    "say how with `check: {uses: …}`, or leave `interrupted` out: it is safe to repeat"
                } else {
                    "say how with `check: {uses: …}`"
                };
                self.push(Diagnostic::error(source, rule.span, message).hint(hint));
            }
            (Interrupted::Repeat | Interrupted::Stop, Some(check)) => {
                let written = if rule.value == Interrupted::Repeat { "repeat" } else { "stop" };
                let message = format!("the check never runs: `interrupted: {written}` does not ask it");
                let hint = "with `interrupted: check`, or without `interrupted`, it runs";
                self.push(Diagnostic::warning(source, check.uses.span, message).hint(hint));
            }
            _ => {}
        }
    }
}
