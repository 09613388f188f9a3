//! What a call gives to the workflow that it calls.

use serde_json::Value;

use super::Checker;
use super::names::{Given, Names, Templates, of_input, of_kind};
use super::value::holds_template;
use crate::diagnostic::{Diagnostic, did_you_mean};
use crate::expression::{CompiledValue, Type};
use crate::language::ast::{Action, Input, InputType, Step};
use crate::language::input::{SecretGiven, accept};
use crate::language::reader::Node;
use crate::program::{Call, Place};

impl Checker<'_> {
    /// Checks the inputs that the step gives.
    pub(super) fn call(&mut self, names: &mut Names<'_>, call: &Call, step: &Step, unit: usize) {
        let source = &self.program.units[unit].workflow.source;
        let callee = &self.program.units[call.unit];
        let inputs = &callee.workflow.inputs;
        let own = step.with.as_ref().and_then(Node::as_mapping).unwrap_or_default();
        for entry in own {
            let name = entry.key.text.as_str();
            if !inputs.iter().any(|input| input.name.value == name) {
                let message = format!("the workflow `{}` has no input `{name}`", callee.name);
                let known: Vec<&str> = inputs.iter().map(|input| input.name.value.as_str()).collect();
                let hint = did_you_mean(name, known.iter().copied()).or_else(|| match known.as_slice() {
                    [] => Some("it has no inputs".to_owned()),
                    known => (known.len() <= 14).then(|| format!("it has `{}`", known.join("`, `"))),
                });
                self.push(Diagnostic::error(source, entry.key.span, message).maybe_hint(hint));
            }
        }
        // A secret of a called workflow is never looked up there: its caller passes one on.
        let looked_up = |input: &Input| !input.env.is_empty() && input.kind.value != InputType::Secret;
        for input in inputs.iter().filter(|input| input.default.is_none() && !looked_up(input)) {
            let name = &input.name.value;
            let given = own.iter().find(|entry| entry.key.text == *name);
            if given.is_none_or(|entry| entry.value.is_null())
                && !step.with.as_ref().is_some_and(Node::is_wrong)
                && let Action::Run(run) = &step.action
            {
                let span = given.map_or(run.span, |entry| entry.value.head);
                let message = format!("the workflow `{}` needs the input `{name}` under `with`", callee.name);
                self.push(Diagnostic::error(source, span, message));
            }
        }
        for (name, value, place) in &call.with.values {
            let templates = self.templates(names, &call.with, name);
            if let Some(input) = inputs.iter().find(|input| input.name.value == *name) {
                self.given(input, value, &templates, place);
            }
        }
    }

    /// Checks one input's value, as far as it is known.
    fn given(&mut self, input: &Input, value: &CompiledValue, templates: &Templates, place: &Place) {
        let name = &input.name.value;
        let node = &place.node;
        let wrong = |message: String| Diagnostic::error(&place.source, node.head, message);
        match value {
            CompiledValue::Literal(Value::Null) => {}
            CompiledValue::Literal(_) if node.is_wrong() || holds_template(node) => {}
            CompiledValue::Literal(value) if input.kind.value == InputType::Secret => {
                let reference = value.as_str().map(SecretGiven::parse).is_some_and(|given| given.is_reference());
                let hint = "pass one on: `{{secrets.NAME}}` or `{{inputs.NAME}}`";
                let message = if reference {
                    format!("the input `{name}` is a secret; a reference is only looked up under `secrets:`")
                } else {
                    format!("the input `{name}` is a secret, which cannot stand in the file")
                };
                self.push(wrong(message).hint(hint));
            }
            CompiledValue::Literal(value) => {
                if let Err(problem) = accept(input, value.clone()) {
                    let plain = node.as_scalar().filter(|_| problem.wants_text).filter(|_| !value.is_string());
                    let hint = plain.map(|scalar| format!("quote it: \"{}\"", scalar.text)).or(problem.hint);
                    self.push(wrong(format!("the input `{name}` {}", problem.message)).maybe_hint(hint));
                }
            }
            CompiledValue::Template(_) => {
                let Some(Given { of, .. }) = templates.get(&Vec::new()) else { return };
                if !allows(input, of) {
                    let wanted = of_input(input);
                    let hint = match (&wanted, of) {
                        (Type::List(wanted), Type::List(item)) => {
                            Some(format!("an item of it is {item}, and {wanted} is needed"))
                        }
                        _ => None,
                    };
                    let message = format!("the input `{name}` is {wanted}, this template gives {of}");
                    self.push(wrong(message).maybe_hint(hint));
                }
            }
            CompiledValue::Array(_) | CompiledValue::Object(_) => {
                let of = match value {
                    CompiledValue::Array(_) => Type::list(Type::Dyn),
                    _ => Type::open::<String>([]),
                };
                if !allows(input, &of) {
                    self.push(wrong(format!("the input `{name}` is {}, this is {of}", of_input(input))));
                }
            }
        }
    }
}

/// Whether an input may have a value of a type.
fn allows(input: &Input, of: &Type) -> bool {
    let one = |kind: InputType, of: &Type| {
        let as_number = matches!(kind, InputType::Duration | InputType::Size) && of.is_number();
        // A number may have been given without a fraction.
        let whole = kind == InputType::Integer && matches!(of, Type::Uint | Type::Double);
        let number = kind == InputType::Number && of.is_number();
        *of == Type::Null || as_number || whole || number || of.may_be(&of_kind(kind))
    };
    match (of, &input.items) {
        (Type::List(item), Some(items)) if input.kind.value == InputType::Array => one(items.value, item),
        _ => one(input.kind.value, of),
    }
}
