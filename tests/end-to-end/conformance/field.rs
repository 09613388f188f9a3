//! What a type takes: its schema and its decoding agree, and what it does not know is refused with a hint.

use runner_sdk::{Example, StepType};
use serde_json::{Value, json};

use super::{for_all, steps_of};
use crate::support::Project;

/// The `with` of a type's steps in an example, as it is when it is decoded: where a template stands, what it may give.
fn given(step: &StepType, example: &Example) -> Vec<Value> {
    let (steps, _) = steps_of(step, example);
    let schema = step.with_schema();
    let ours = steps.into_iter().filter(|one| one["uses"] == step.name);
    ours.map(|one| if one["with"].is_null() { json!({}) } else { rendered(&schema, &one["with"]) }).collect()
}

/// A value in which whatever is a template, or an expression, has become something of its type.
fn rendered(schema: &Value, value: &Value) -> Value {
    if schema.get("x-cel").is_some() {
        return json!(true);
    }
    match value {
        Value::Object(members) => {
            let inside = |(name, value): (&String, &Value)| {
                let own = schema["properties"].get(name).unwrap_or(&schema["additionalProperties"]);
                (name.clone(), rendered(own, value))
            };
            members.iter().map(inside).collect::<serde_json::Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(|item| rendered(&schema["items"], item)).collect(),
        Value::String(text) if text.contains("{{") && schema.get("x-raw").is_none() => {
            if schema["type"].to_string().contains("integer") { json!(1) } else { json!("text") }
        }
        other => other.clone(),
    }
}

#[test]
fn schema_and_decoding_agree() {
    for_all(|step, example| {
        let schema = step.with_schema();
        let checker = jsonschema::validator_for(&schema).map_err(|error| error.to_string())?;
        let agree = |with: &Value, good: Option<bool>| {
            let (by_schema, decoded) = (checker.is_valid(with), step.decode(with.clone()));
            let by_decoding = decoded.is_ok();
            if by_schema != by_decoding || good.is_some_and(|good| good != by_decoding) {
                let why = decoded.err().map(|error| error.to_string()).unwrap_or_default();
                return Err(format!("{with}: the schema says {by_schema}, decoding {by_decoding} {why}"));
            }
            Ok(())
        };
        for with in given(step, example) {
            agree(&with, Some(true))?;
            let mut more = with.clone();
            more["surely_unknown"] = json!(1);
            agree(&more, Some(false))?;
            for required in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
                let mut less = with.clone();
                less.as_object_mut().unwrap().remove(required);
                agree(&less, Some(false))?;
            }
            for name in schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
                let mut other = with.clone();
                other[name] = json!([{"surely": ["wrong"]}]);
                agree(&other, None)?;
            }
        }
        Ok(())
    });
}

#[test]
fn an_unknown_field_is_refused_with_a_hint() {
    for step in runner_steps::all() {
        let schema = step.with_schema();
        let names: Vec<_> = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name).collect();
        let name = names.iter().max_by_key(|name| name.len()).expect("every type has a field");
        let misspelt = format!("{}x", &name[..name.len() - 1]);
        let project = Project::new();
        project.workflow("w", &format!("steps: [{{id: a, uses: {}, with: {{{misspelt}: 1}}}}]", step.name));
        let ended = project.run(&["run", "w"]).expect(10);
        assert!(ended.stderr.contains(&format!("`{misspelt}`")), "{}: {ended}", step.name);
        assert!(ended.stderr.contains(&format!("did you mean `{name}`")), "{}: {ended}", step.name);
        assert!(!project.path().join(".runner").exists());
    }
}
