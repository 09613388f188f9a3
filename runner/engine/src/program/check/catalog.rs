//! The schemas of step types, made once each.

use std::collections::HashMap;
use std::sync::Arc;

use runner_sdk::StepType;
use serde_json::Value;

use crate::expression::Type;

/// What a step type takes and gives.
#[derive(Debug)]
pub(in crate::program) struct Shape {
    /// The JSON Schema of `with:`.
    pub(in crate::program) with: Value,
    /// The type of its outputs.
    pub(in crate::program) output: Type,
}

/// The shapes of step types by their names, made when they are first asked for.
#[derive(Debug, Default)]
pub(in crate::program) struct Catalog {
    shapes: HashMap<&'static str, Arc<Shape>>,
}

impl Catalog {
    pub(in crate::program) fn shape(&mut self, of: &StepType) -> Arc<Shape> {
        let make = || Arc::new(Shape { with: of.with_schema(), output: output(&of.output_schema()) });
        Arc::clone(self.shapes.entry(of.name).or_insert_with(make))
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
