//! A secret that an output would write down.

use super::Checker;
use crate::expression::{Problem, Reference};
use crate::language::ast::InputType;
use crate::program::{Unit, Words};

impl Checker<'_> {
    /// Reports a secret that stands in an output as it is: the step that gives it would fail, its work done.
    pub(super) fn leak(&mut self, unit: &Unit, words: &Words) {
        for reference in words.template.references() {
            let [root, name] = reference.segments.as_slice() else { continue };
            let is_secret = match root.as_str() {
                "secrets" => true,
                "inputs" => {
                    let mut inputs = unit.workflow.inputs.iter();
                    inputs.any(|input| input.name.value == *name && input.kind.value == InputType::Secret)
                }
                _ => false,
            };
            if is_secret && stands_bare(words.written(), reference) {
                let message = format!("an output would hold the secret `{name}`, which must not be written down");
                let hint = "pass the secret by `with:` or `env:` to the step that needs it";
                self.problem(&words.place, &Problem::new(reference.offset, message).hint(hint));
            }
        }
    }
}

/// Whether a reference is all that stands between its braces, and no helper makes something else of it.
fn stands_bare(text: &str, reference: &Reference) -> bool {
    let (Some(before), Some(after)) = (text.get(..reference.offset), text.get(reference.offset..)) else {
        return false;
    };
    let path = reference.segments.join(".");
    let rest = after.strip_prefix(path.as_str()).map(str::trim_start);
    before.trim_end().ends_with("{{") && rest.is_some_and(|rest| rest.starts_with("}}"))
}
