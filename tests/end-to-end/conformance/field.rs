//! What a type takes: its schema and its decoding agree, and what it does not know is refused with a hint.

use serde_json::{Value, json};

use super::for_all;
use crate::support::Project;

/// The `with` of a type's steps in an example, where it holds no templates, which are rendered before it is decoded.
fn given(name: &str, steps: &str) -> Vec<Value> {
    let steps: Value = serde_yaml::from_str(steps).unwrap();
    let ours = steps.as_array().into_iter().flatten().filter(|step| step["uses"] == name);
    let with = ours.map(|step| if step["with"].is_null() { json!({}) } else { step["with"].clone() });
    with.filter(|with| !with.to_string().contains("{{")).collect()
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
        for with in given(step.name, example.steps) {
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
        let Some(name) = schema["properties"].as_object().and_then(|all| all.keys().find(|name| name.len() > 3)) else {
            continue;
        };
        let misspelt = format!("{}x", &name[..name.len() - 1]);
        let project = Project::new();
        project.workflow("w", &format!("steps: [{{id: a, uses: {}, with: {{{misspelt}: 1}}}}]", step.name));
        let ended = project.run(&["run", "w"]).expect(10);
        assert!(ended.stderr.contains(&format!("`{misspelt}`")), "{}: {ended}", step.name);
        assert!(ended.stderr.contains(&format!("did you mean `{name}`")), "{}: {ended}", step.name);
        assert!(!project.path().join(".runner").exists());
    }
}
