//! What stands under `with:` of a step type.

use std::sync::Arc;

use serde_json::{Map, Value};

use super::Checker;
use super::names::{Names, Templates};
use super::value::holds_template;
use crate::diagnostic::{Diagnostic, Span, did_you_mean};
use crate::expression::{CompiledValue, Need};
use crate::language::reader::{Entry, Node};
use crate::program::text::descend;
use crate::program::{Place, Uses};

impl Checker<'_> {
    /// Checks the fields of a step type; `at` is pointed to where there is no `with`.
    pub(super) fn with(&mut self, names: &mut Names<'_>, uses: &Uses, with: Option<&Node>, at: Span, unit: usize) {
        if with.is_some_and(Node::is_wrong) {
            return;
        }
        let source = &self.program.units[unit].workflow.source;
        let mut right = true;
        let shape = self.catalog.shape(uses.step.0);
        let schema = &shape.with;
        let own = with.and_then(Node::as_mapping).unwrap_or_default();
        let properties = schema["properties"].as_object();
        let closed = schema["additionalProperties"] == false;
        for Entry { key, .. } in own {
            if closed && !properties.is_some_and(|known| known.contains_key(&key.text)) {
                let known: Vec<&str> = properties.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                let message = format!("`{}` has no field `{}`", uses.step.name, key.text);
                let beside = BESIDE.contains(&key.text.as_str());
                let hint = beside.then(|| format!("`{}` is a key of the step: write it beside `with`", key.text));
                let hint = hint.or_else(|| fields(&key.text, &known));
                self.sink.push(Diagnostic::error(source, key.span, message).maybe_hint(hint));
                right = false;
            }
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            let given = own.iter().any(|entry| entry.key.text == name)
                || uses.with.values.iter().any(|(field, ..)| field == name)
                || uses.with.decisions.iter().any(|(field, _)| field == name);
            if !given {
                let span = with.map_or(at, |with| with.head);
                let message = format!("`{}` needs the field `{name}` under `with`", uses.step.name);
                self.sink.push(Diagnostic::error(source, span, message));
                right = false;
            }
        }
        // A field that could not be compiled is not there.
        right &= own.iter().all(|entry| uses.with.values.iter().any(|(field, ..)| *field == entry.key.text));
        for (field, value, place) in &uses.with.values {
            let templates = self.templates(names, &uses.with, field);
            let raw = schema["properties"][field].get("x-raw").is_some();
            right &= value.is_literal() && (raw || !holds_template(&place.node));
            if let Some(schema) = properties.and_then(|known| known.get(field)) {
                right &= self.value(schema, field, &templates, place);
            }
        }
        for (field, decision) in &uses.with.decisions {
            let is_condition = schema["properties"][field]["x-cel"] == "bool";
            self.decision(names, decision, if is_condition { Need::Condition } else { Need::Value });
        }
        self.inner(names, uses);
        if right && uses.with.decisions.is_empty() {
            self.whole(uses, with.map_or(at, |with| with.head), unit);
        }
    }

    /// Checks a value against the schema of its field, and says whether it fits.
    fn value(&mut self, schema: &Value, field: &str, templates: &Templates, place: &Place) -> bool {
        let wrong = self.unfit(schema, field, &place.node, templates);
        let right = wrong.is_empty() && !place.node.is_wrong();
        for wrong in wrong {
            let found = Diagnostic::error(&place.source, wrong.span, wrong.message);
            self.sink.push(found.maybe_hint(wrong.hint));
        }
        right
    }

    /// Decodes what is known as a whole, and lets the step say what is wrong with it.
    fn whole(&mut self, uses: &Uses, head: Span, unit: usize) {
        let source = &self.program.units[unit].workflow.source;
        let fields = uses.with.values.iter().filter_map(|(name, value, _)| match value {
            CompiledValue::Literal(value) => Some((name.clone(), value.clone())),
            _ => None,
        });
        let place_of = |field: &str| uses.with.values.iter().find(|(name, ..)| name == field).map(|(.., place)| place);
        match uses.step.decode(Value::Object(fields.collect::<Map<_, _>>())) {
            Err(wrong) => {
                let mut path = steps_of(&wrong.path);
                let field = if path.is_empty() { String::new() } else { path.remove(0) };
                let found = match place_of(&field) {
                    Some(place) => {
                        let place = descend(place, &path);
                        Diagnostic::error(
                            &place.source,
                            place.node.head,
                            format!("`{}`: {}", wrong.path, wrong.message),
                        )
                    }
                    None => Diagnostic::error(source, head, wrong.message),
                };
                self.push(found);
            }
            Ok(instance) => {
                let Err(error) = instance.validate() else { return };
                // The message begins with what is wrong: a field, or something that stands in one.
                let named = error.message.split('`').nth(1).unwrap_or_default();
                let path = steps_of(named);
                let field = path.split_first().and_then(|(field, path)| Some(descend(place_of(field)?, path)));
                let spot = field.map(|place| (place.source, place.node.head)).or_else(|| {
                    let mut all = uses.with.values.iter().map(|(.., place)| place);
                    all.find_map(|place| Some((Arc::clone(&place.source), written(&place.node, named)?)))
                });
                let (source, span) = spot.unwrap_or_else(|| (Arc::clone(source), head));
                let found = Diagnostic::error(&source, span, error.message);
                self.push(found.maybe_hint(error.hint));
            }
        }
    }
}

/// Where a text is written in a value, as a key or as a whole.
fn written(node: &Node, text: &str) -> Option<Span> {
    if node.as_text() == Some(text) {
        return Some(node.head);
    }
    let mut members = node.as_mapping().into_iter().flatten();
    let member = members
        .find_map(|entry| if entry.key.text == text { Some(entry.key.span) } else { written(&entry.value, text) });
    member.or_else(|| node.as_sequence().into_iter().flatten().find_map(|item| written(item, text)))
}

/// Keys of a step that are at times written one level too deep.
const BESIDE: [&str; 13] = [
    "cache",
    "check",
    "dir",
    "env",
    "foreach",
    "grace",
    "interrupted",
    "needs",
    "outputs",
    "publishes",
    "retry",
    "timeout",
    "when",
];

/// The hint for a field that is not there.
pub(super) fn fields(name: &str, known: &[&str]) -> Option<String> {
    did_you_mean(name, known.iter().copied()).or_else(|| {
        let names: Vec<String> = known.iter().map(|name| format!("`{name}`")).collect();
        match names.as_slice() {
            [] => Some("it takes no fields".to_owned()),
            names => (names.len() <= 14).then(|| format!("it has {}", names.join(", "))),
        }
    })
}

/// The steps of a path such as `headers.accept` or `argv[0]`.
fn steps_of(path: &str) -> Vec<String> {
    path.split(['.', '[', ']']).filter(|step| !step.is_empty()).map(str::to_owned).collect()
}
