//! What a schema says of values that are not there.

use std::sync::Arc;

use serde_json::Value;

use crate::expression::{Expression, Problem, Scope};

/// Levels of a schema that are gone through: one that refers to itself has no end.
const DEEPEST: usize = 64;

/// Gives each key that is not there the `default` that the schema names for it, also inside of what is there and of what
/// was filled in.
pub(super) fn fill(value: &mut Value, schema: &Value) {
    within(value, schema, &mut Filling { schema, found: &mut |part| part.get("default").cloned() }, DEEPEST);
}

/// Likewise with the `x-default`, an expression over the file, which is `root`; one that gives null leaves the key out. What
/// cannot be computed is told.
pub(super) fn compute(value: &mut Value, schema: &Value) -> Vec<Problem> {
    let scope = Scope::default().with("root", Arc::new(value.clone()));
    let mut problems = Vec::new();
    let mut found = |part: &Value| {
        let computed = Expression::compile(part.get("x-default")?.as_str()?).and_then(|text| text.evaluate(&scope));
        computed.map_err(|problem| problems.push(problem)).ok().filter(|value| !value.is_null())
    };
    within(value, schema, &mut Filling { schema, found: &mut found }, DEEPEST);
    problems
}

/// How what is not there is found.
struct Filling<'a> {
    /// The whole schema.
    schema: &'a Value,
    /// What a part of it says.
    found: &'a mut dyn FnMut(&Value) -> Option<Value>,
}

impl Filling<'_> {
    /// The default of a part, or of what it refers to.
    fn of(&mut self, part: &Value, left: usize) -> Option<Value> {
        (self.found)(part).or_else(|| self.of(referred(part, self.schema)?, left.checked_sub(1)?))
    }
}

fn within(value: &mut Value, schema: &Value, filling: &mut Filling<'_>, left: usize) {
    let Some(left) = left.checked_sub(1) else { return };
    if let Some(meant) = referred(schema, filling.schema) {
        within(value, meant, filling, left);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        within(value, part, filling, left);
    }
    match value {
        Value::Object(fields) => {
            let properties = schema["properties"].as_object();
            for (name, of) in properties.into_iter().flatten() {
                if !fields.contains_key(name)
                    && let Some(default) = filling.of(of, left)
                {
                    fields.insert(name.clone(), default);
                }
                if let Some(field) = fields.get_mut(name) {
                    within(field, of, filling, left);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| within(item, &schema["items"], filling, left)),
        _ => {}
    }
}

/// What a part refers to in the same file.
fn referred<'s>(schema: &Value, root: &'s Value) -> Option<&'s Value> {
    root.pointer(schema.get("$ref")?.as_str()?.strip_prefix('#')?)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_there_is_filled_in_and_what_is_there_stays() {
        let schema = json!({
            "properties": {
                "size": {"$ref": "#/$defs/size"},
                "zones": {"default": [{}], "items": {"properties": {"count": {"default": 3}}}},
                "said": {"default": "not this"},
                "unknown": {},
            },
            "allOf": [{"properties": {"also": {"default": true}}}],
            "$defs": {"size": {"default": {}, "properties": {"disk": {"default": 30}, "again": {"$ref": "#/$defs/size"}}}},
        });
        let mut value = json!({"said": "this", "zones": [{"count": 1}, {}]});
        fill(&mut value, &schema);
        assert_eq!(value["said"], "this");
        assert_eq!(value["zones"], json!([{"count": 1}, {"count": 3}]));
        assert_eq!(value["also"], true);
        assert_eq!(value["size"]["disk"], 30);
        assert_eq!(value.get("unknown"), None);
        assert_eq!(value["size"]["again"]["disk"], 30, "a schema that refers to itself has an end");
    }

    #[test]
    fn a_default_is_computed_from_what_the_file_says() {
        let node = json!({"properties": {
            "size": {"x-default": "root.size"},
            "owner": {"x-default": "root.?owner.orValue(null)"},
            "broken": {"x-default": "root.nothing"},
        }});
        let schema = json!({"properties": {"nodes": {"items": node}}});
        let mut value = json!({"size": "large", "nodes": [{"size": "small"}, {}]});
        let problems = compute(&mut value, &schema);
        assert_eq!(value["nodes"], json!([{"size": "small"}, {"size": "large"}]));
        assert_eq!(problems.len(), 2, "{problems:?}");
    }
}
