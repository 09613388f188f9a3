//! The schemas of step types, made once each.

use std::collections::HashMap;
use std::sync::Arc;

use runner_sdk::StepType;
use serde_json::Value;

use crate::expression::{CompiledValue, Type};
use crate::program::Fields;

/// What a step type takes and gives.
#[derive(Debug)]
pub(in crate::program) struct Shape {
    /// The JSON Schema of `with:`.
    pub(in crate::program) with: Value,
    /// The type of its outputs.
    pub(in crate::program) output: Type,
    /// The outputs that are always secret.
    secret: Vec<String>,
    /// The fields of `with:` that make outputs secret, with those.
    seals: Vec<(String, Vec<String>)>,
}

impl Shape {
    fn of(step: &StepType) -> Self {
        let (with, outputs) = (step.with_schema(), step.output_schema());
        let properties = |schema: &'_ Value| schema["properties"].as_object().cloned().unwrap_or_default();
        let secret = properties(&outputs).into_iter().filter(|(_, field)| holds_secret(field)).map(|(name, _)| name);
        let secret = secret.collect();
        let names = |field: &Value| -> Vec<String> {
            field["x-seals"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
        };
        let seals = properties(&with).into_iter().map(|(name, field)| (name, names(&field)));
        let seals = seals.filter(|(_, outputs)| !outputs.is_empty()).collect();
        Self { output: output(&outputs), with, secret, seals }
    }

    /// The outputs that are secret under these fields: what is not known before it is rendered counts as said.
    pub(in crate::program) fn sealed(&self, fields: &Fields) -> impl Iterator<Item = &str> {
        let said = |name: &String| {
            let given = fields.values.iter().find(|(field, ..)| field == name);
            given
                .is_some_and(|(_, value, _)| !matches!(value, CompiledValue::Literal(Value::Bool(false) | Value::Null)))
        };
        let seals = self.seals.iter().filter(move |(name, _)| said(name)).flat_map(|(_, outputs)| outputs);
        self.secret.iter().chain(seals).map(String::as_str)
    }
}

/// Whether a field of a schema is a secret, or holds one.
fn holds_secret(schema: &Value) -> bool {
    match schema {
        Value::Object(fields) => {
            fields.get("x-secret") == Some(&Value::Bool(true)) || fields.values().any(holds_secret)
        }
        Value::Array(items) => items.iter().any(holds_secret),
        _ => false,
    }
}

/// The shapes of step types, each known by its place in memory, made when they are first asked for: plugins of two
/// folders may have types of one name.
#[derive(Debug, Default)]
pub(in crate::program) struct Catalog {
    shapes: HashMap<*const StepType, Arc<Shape>>,
}

impl Catalog {
    pub(in crate::program) fn shape(&mut self, of: &'static StepType) -> Arc<Shape> {
        Arc::clone(self.shapes.entry(std::ptr::from_ref(of)).or_insert_with(|| Arc::new(Shape::of(of))))
    }
}

/// The type of a step's outputs. A struct without fields gives none, where a schema alone leaves that open.
fn output(schema: &Value) -> Type {
    let says = |key: &str| schema.get(key).is_some();
    if schema["type"] == "object" && !says("properties") && !says("additionalProperties") {
        return Type::closed::<String>([]);
    }
    Type::from_json_schema(schema)
}

#[cfg(test)]
mod tests {
    use super::{Type, output};

    #[test]
    fn a_step_without_outputs_has_none_that_could_be_asked_for() {
        let nothing = serde_json::json!({"type": "object", "title": "Nothing"});
        assert_eq!(output(&nothing), Type::closed::<String>([]));
        let anything = serde_json::json!({"type": "object", "additionalProperties": true});
        assert!(matches!(output(&anything), Type::Object { open: true, .. }));
    }
}
