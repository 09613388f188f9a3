//! What a schema says of values that are not there.

use serde_json::Value;

/// Levels of a schema that are gone through: one that refers to itself has no end.
const DEEPEST: usize = 64;

/// Gives each key that is not there the `default` that the schema names for it, also inside of what is there and of what
/// was filled in.
pub(super) fn fill(value: &mut Value, schema: &Value) {
    within(value, schema, schema, DEEPEST);
}

fn within(value: &mut Value, schema: &Value, root: &Value, left: usize) {
    let Some(left) = left.checked_sub(1) else { return };
    if let Some(meant) = referred(schema, root) {
        within(value, meant, root, left);
    }
    for part in schema["allOf"].as_array().into_iter().flatten() {
        within(value, part, root, left);
    }
    match value {
        Value::Object(fields) => {
            let properties = schema["properties"].as_object();
            for (name, of) in properties.into_iter().flatten() {
                if !fields.contains_key(name)
                    && let Some(default) = default_of(of, root, left)
                {
                    fields.insert(name.clone(), default.clone());
                }
                if let Some(field) = fields.get_mut(name) {
                    within(field, of, root, left);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| within(item, &schema["items"], root, left)),
        _ => {}
    }
}

/// The default of a part, or of what it refers to.
fn default_of<'s>(schema: &'s Value, root: &'s Value, left: usize) -> Option<&'s Value> {
    schema.get("default").or_else(|| default_of(referred(schema, root)?, root, left.checked_sub(1)?))
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
}
