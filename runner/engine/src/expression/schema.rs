//! A type from the JSON Schema of a step's output.

use std::collections::BTreeMap;

use serde_json::Value;

use super::shape::Type;

/// References followed into each other before the rest counts as unknown; schemas of trees refer to themselves.
const DEPTH: usize = 12;

impl Type {
    /// The type that a draft-07 schema describes, as schemars writes it. What it does not determine is `Dyn`.
    pub fn from_json_schema(schema: &Value) -> Self {
        read(schema, schema, 0)
    }
}

fn read(schema: &Value, root: &Value, depth: usize) -> Type {
    let Value::Object(object) = schema else { return Type::Dyn };
    if depth > DEPTH {
        return Type::Dyn;
    }
    let deeper = |schema: &Value| read(schema, root, depth + 1);
    if let Some(Value::String(path)) = object.get("$ref") {
        let target = path.strip_prefix('#').and_then(|pointer| root.pointer(pointer));
        return target.map_or(Type::Dyn, deeper);
    }
    for choice in ["anyOf", "oneOf"] {
        if let Some(Value::Array(options)) = object.get(choice) {
            return one_of(options.iter().map(deeper));
        }
    }
    if let (Some(Value::Array(parts)), None) = (object.get("allOf"), object.get("type")) {
        return match parts.as_slice() {
            [only] => deeper(only),
            _ => Type::Dyn,
        };
    }
    match (object.get("type"), object.get("enum"), object.get("const")) {
        (Some(Value::String(name)), ..) => named(name, schema, &deeper),
        (Some(Value::Array(names)), ..) => {
            one_of(names.iter().filter_map(Value::as_str).map(|name| named(name, schema, &deeper)))
        }
        (None, Some(Value::Array(values)), _) => one_of(values.iter().map(Type::of)),
        (None, None, Some(value)) => Type::of(value),
        _ if object.contains_key("properties") => named("object", schema, &deeper),
        _ => Type::Dyn,
    }
}

fn named(name: &str, schema: &Value, deeper: &dyn Fn(&Value) -> Type) -> Type {
    match name {
        "null" => Type::Null,
        "boolean" => Type::Bool,
        "integer" => Type::Int,
        "number" => Type::Number,
        "string" => Type::String,
        "array" => Type::list(schema.get("items").map_or(Type::Dyn, deeper)),
        "object" => {
            let fields: BTreeMap<String, Type> = schema
                .get("properties")
                .and_then(Value::as_object)
                .map(|all| all.iter().map(|(name, of)| (name.clone(), deeper(of))).collect())
                .unwrap_or_default();
            match schema.get("additionalProperties") {
                Some(Value::Bool(false)) => Type::Object { fields, open: false },
                Some(more @ Value::Object(_)) if fields.is_empty() => Type::map(deeper(more)),
                Some(_) => Type::Object { fields, open: true },
                // A struct of ours writes exactly its fields, whatever else its reader would let pass.
                None => Type::Object { open: fields.is_empty(), fields },
            }
        }
        _ => Type::Dyn,
    }
}

fn one_of(options: impl Iterator<Item = Type>) -> Type {
    options.reduce(|a, b| a.join(&b)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use schemars::{JsonSchema, generate::SchemaSettings};
    use serde_json::json;

    use super::Type;

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is read")]
    struct Output {
        exit_code: i32,
        text: Option<String>,
        json: serde_json::Value,
        hosts: Vec<Host>,
        labels: std::collections::BTreeMap<String, u16>,
        mode: Mode,
        tree: Tree,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is read")]
    #[schemars(deny_unknown_fields)]
    struct Host {
        name: String,
        ratio: f64,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is read")]
    enum Mode {
        /// Quick.
        Fast,
        /// Careful.
        Slow,
    }

    #[derive(JsonSchema)]
    #[expect(dead_code, reason = "only its shape is read")]
    struct Tree {
        children: Vec<Tree>,
    }

    fn field(of: &Type, name: &str) -> Type {
        let Type::Object { fields, .. } = of else { panic!("{of:?}") };
        fields[name].clone()
    }

    #[test]
    fn what_schemars_writes_is_read() {
        let schema = SchemaSettings::draft07().into_generator().into_root_schema_for::<Output>();
        let of = Type::from_json_schema(schema.as_value());
        assert_eq!(field(&of, "exit_code"), Type::Int);
        assert_eq!(field(&of, "text"), Type::String);
        assert_eq!(field(&of, "json"), Type::Dyn);
        let host = Type::closed([("name", Type::String), ("ratio", Type::Number)]);
        assert_eq!(field(&of, "hosts"), Type::list(host));
        assert_eq!(field(&of, "labels"), Type::map(Type::Int));
        assert_eq!(field(&of, "mode"), Type::String);
        assert!(matches!(field(&of, "tree"), Type::Object { .. }));
    }

    #[test]
    fn nonsense_is_anything() {
        for schema in [json!(true), json!({}), json!({"type": 3}), json!({"$ref": "#/nowhere"}), json!({"$ref": "#"})] {
            assert_eq!(Type::from_json_schema(&schema), Type::Dyn, "{schema}");
        }
    }
}
