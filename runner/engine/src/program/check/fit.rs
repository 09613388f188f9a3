//! Whether a value of which only the type is known may stand where a schema is.

use serde_json::Value;

use crate::expression::Type;

/// The types that a schema names; none where it leaves that open.
pub(super) fn types_of(schema: &Value) -> Option<Vec<&str>> {
    match &schema["type"] {
        Value::String(one) => Some(vec![one]),
        Value::Array(all) => Some(all.iter().filter_map(Value::as_str).collect()),
        _ => None,
    }
}

/// The schemas of which one holds, without the one for null.
pub(super) fn variants(schema: &Value) -> Vec<&Value> {
    let all = ["anyOf", "oneOf"].into_iter().find_map(|key| schema[key].as_array());
    all.into_iter().flatten().filter(|choice| choice["type"] != "null").collect()
}

/// Whether a value of a type may satisfy a schema: true where that is not known.
pub(super) fn accepts(schema: &Value, of: &Type) -> bool {
    if *of == Type::Dyn || !schema.is_object() {
        return true;
    }
    if let Some(choices) = ["anyOf", "oneOf"].into_iter().find_map(|key| schema[key].as_array()) {
        return choices.iter().any(|choice| accepts(choice, of));
    }
    if let Some(words) = schema["enum"].as_array() {
        return words.iter().any(|word| is_like(word, of));
    }
    if let Some(word) = schema.get("const") {
        return is_like(word, of);
    }
    let Some(types) = types_of(schema) else { return true };
    types.iter().any(|name| match (*name, of) {
        ("string", Type::String | Type::Bytes | Type::Duration | Type::Timestamp)
        // A number may have been given without a fraction.
        | ("integer", Type::Int | Type::Uint | Type::Number | Type::Double)
        | ("boolean", Type::Bool)
        | ("null", Type::Null) => true,
        ("number", of) => of.is_number(),
        ("array", Type::List(item)) => accepts(&schema["items"], item),
        ("object", Type::Map(value)) => accepts(&schema["additionalProperties"], value),
        ("object", Type::Object { fields, open }) => members(schema, fields, *open),
        _ => false,
    })
}

fn members(schema: &Value, fields: &std::collections::BTreeMap<String, Type>, open: bool) -> bool {
    let others = &schema["additionalProperties"];
    let has = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let complete = open || has.into_iter().all(|name| fields.contains_key(name));
    complete
        && fields.iter().all(|(name, of)| match schema["properties"].get(name) {
            Some(known) => accepts(known, of),
            None => *others != false && accepts(others, of),
        })
}

fn is_like(word: &Value, of: &Type) -> bool {
    let own = Type::of(word);
    own.may_be(of) || (own.is_number() && of.is_number())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{Type, accepts};

    #[test]
    fn a_type_is_refused_only_where_no_value_of_it_fits() {
        let port = json!({"type": "integer", "maximum": 65535});
        assert!(accepts(&port, &Type::Int) && accepts(&port, &Type::Number) && accepts(&port, &Type::Dyn));
        assert!(!accepts(&port, &Type::String) && !accepts(&port, &Type::list(Type::Int)));
        let words = json!({"items": {"type": ["string", "number"]}, "type": ["array", "null"]});
        assert!(accepts(&words, &Type::list(Type::Dyn)) && accepts(&words, &Type::list(Type::String)));
        assert!(!accepts(&words, &Type::list(Type::list(Type::String))) && !accepts(&words, &Type::String));
        let mode = json!({"oneOf": [{"const": "a", "type": "string"}, {"const": "b", "type": "string"}]});
        assert!(accepts(&mode, &Type::String) && !accepts(&mode, &Type::Bool));
        assert!(accepts(&json!(true), &Type::Bool) && accepts(&json!({"description": "any"}), &Type::Bool));
    }

    #[test]
    fn an_object_needs_what_is_required_and_no_more_than_is_allowed() {
        let tls = json!({"type": "object", "additionalProperties": false, "required": ["key"],
            "properties": {"key": {"type": "string"}, "port": {"type": "integer"}}});
        assert!(accepts(&tls, &Type::closed([("key", Type::String)])));
        assert!(accepts(&tls, &Type::open::<String>([])) && accepts(&tls, &Type::map(Type::Dyn)));
        assert!(!accepts(&tls, &Type::closed([("port", Type::Int)])), "the key is missing");
        assert!(!accepts(&tls, &Type::closed([("key", Type::String), ("ca", Type::String)])), "`ca` is unknown");
        assert!(!accepts(&tls, &Type::closed([("key", Type::Int)])), "the key is no text");
    }
}
