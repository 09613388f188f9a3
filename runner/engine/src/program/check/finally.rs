//! What `finally` takes away is not there any more when the run is resumed; and what it does is not undone.

use runner_core::StepIndex;

use super::Checker;
use crate::diagnostic::Diagnostic;
use crate::language::ast::Step;
use crate::program::{Definition, Fields, Uses};

/// Verbs of step types that take away what their fields name.
const REMOVING: [&str; 4] = ["remove", "destroy", "delete", "uninstall"];

impl Checker<'_> {
    /// Reports what is to undo a step of `finally`: it cleans up, and is no part of what is undone.
    pub(super) fn never_undone(&mut self, finally: &[Step], indices: &[StepIndex]) {
        let Some(&first) = indices.first() else { return };
        let source = &self.program.units[self.program.steps[first].unit].workflow.source;
        let mut open: Vec<_> = finally.iter().collect();
        while let Some(step) = open.pop() {
            if let Some(undo) = &step.undo {
                let message = format!("`{}` stands in `finally`, and what cleans up is not undone", step.id.value);
                let hint = "leave `undo` out, or move the step among the others";
                self.sink.push(Diagnostic::error(source, undo.uses.span, message).hint(hint));
            }
            open.extend(step.lists().flatten());
        }
    }

    /// Warns where a step of `finally` removes what an output of the body speaks of: that step is not run again by
    /// `resume`, so its output then speaks of something that is gone.
    pub(super) fn removed(
        &mut self,
        (body, made): (&[Step], &[StepIndex]),
        (finally, indices): (&[Step], &[StepIndex]),
    ) {
        for (step, &index) in finally.iter().zip(indices) {
            let definition = &self.program.steps[index];
            let Some(uses) = &definition.uses else { continue };
            let verb = uses.step.name.rsplit('.').next().unwrap_or_default();
            if !REMOVING.contains(&verb) {
                continue;
            }
            let references = Fields::references(&uses.with);
            let spoken = references.iter().find_map(|reference| match reference.segments.as_slice() {
                [root, id, outputs, ..] if root == "steps" && outputs == "outputs" => {
                    body.iter().find(|step| step.id.value == *id)
                }
                _ => None,
            });
            let named = spoken.or_else(|| {
                let mut pairs = body.iter().zip(made);
                pairs.find(|(_, made)| self.makes(**made, definition)).map(|(step, _)| step)
            });
            let Some(named) = named else { continue };
            let source = &self.program.units[definition.unit].workflow.source;
            let message = format!(
                "`{}` removes what `{}` has made, and a resumed run does not make it again",
                step.id.value, named.id.value
            );
            let hint = format!("`resume` keeps `{}`, which is finished; what follows finds it gone", named.id.value);
            self.push(Diagnostic::warning(source, step.id.span, message).hint(hint).note(
                source,
                named.id.span,
                "made here",
            ));
        }
    }

    /// Whether a step of the body leaves what a removing step of the same namespace names, both as it is written.
    fn makes(&self, index: StepIndex, removing: &Definition) -> bool {
        let made = &self.program.steps[index];
        let (Some(made), Some(removing)) = (&made.uses, &removing.uses) else { return false };
        let same = made.step.namespace() == removing.step.namespace() && made.step.name != removing.step.name;
        let literal = |uses: &Uses, wanted: &str| {
            let found = uses.with.values.iter().find(|(field, ..)| field == wanted);
            found
                .filter(|(_, value, _)| value.is_literal())
                .and_then(|(.., place)| place.node.as_text().map(str::to_owned))
        };
        let reads = ["read", "get", "status"].iter().any(|verb| made.step.name.ends_with(verb));
        same && !reads
            && ["path", "key"].into_iter().any(|field| {
                let one = literal(made, field);
                one.is_some() && one == literal(removing, field)
            })
    }
}
