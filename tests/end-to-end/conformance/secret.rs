//! Whatever text of whatever step type holds a secret: it is printed, logged and written down nowhere.

use runner_sdk::Ability;
use serde_json::{Value, json};

use super::{Bench, for_all, id, steps_of};
use crate::secret::nowhere_of;

/// Characters that every encoding writes differently. None parts a path: of a part alone nobody can know whose it is.
const SECRET: &str = "hunter2 &\"'\\%+ü$(x)";

/// The text that gives the secret.
const GIVEN: &str = "{{secrets.word}}";

/// A value with the secret in one place, once for each place that takes a text: alone where one text stands, as one more
/// where there may be many.
fn with_secret(schema: &Value, value: Option<&Value>) -> Vec<Value> {
    if schema.get("x-raw").is_some() {
        // Nothing of the workflow is rendered into it.
        return Vec::new();
    }
    if schema.get("x-cel").is_some() {
        return vec![json!("secrets.word == 'x'"), json!("secrets.word.matches('(')")];
    }
    let forms = ["anyOf", "oneOf", "allOf"].iter().filter_map(|form| schema[form].as_array()).flatten();
    let mut found: Vec<Value> = forms.flat_map(|form| with_secret(form, value)).collect();
    let takes =
        |kind: &str| schema["type"] == kind || schema["type"].as_array().is_some_and(|all| all.contains(&kind.into()));
    let anything = found.is_empty()
        && schema.get("type").is_none()
        && schema.get("enum").is_none()
        && schema.get("const").is_none();
    if (takes("string") && schema.get("enum").is_none()) || anything {
        found.push(json!(GIVEN));
    }
    if anything {
        found.push(json!({"inside": [GIVEN, {"deeper": GIVEN}]}));
    }
    if takes("array") {
        let given = value.and_then(Value::as_array).cloned().unwrap_or_default();
        found.extend(
            with_secret(&schema["items"], None).into_iter().map(|item| given.iter().cloned().chain([item]).collect()),
        );
    }
    if takes("object") {
        let mut given = value.filter(|value| value.is_object()).cloned().unwrap_or_else(|| json!({}));
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if given.get(name).is_none() {
                given[name] = json!("x");
            }
        }
        let named = schema["properties"].as_object().into_iter().flatten();
        let others = Some(&schema["additionalProperties"]).filter(|others| others.is_object() || **others == true);
        let others = others.map(|others| ("given", others));
        for (name, property) in named.map(|(name, property)| (name.as_str(), property)).chain(others) {
            for inside in with_secret(property, given.get(name)) {
                let mut one = given.clone();
                one[name] = inside;
                found.push(one);
            }
        }
    }
    found
}

#[test]
fn a_secret_in_any_text_of_any_step_is_nowhere_in_clear() {
    for_all(|step, example| {
        // Without what the example needs it fails, and what it says then is looked at, too.
        let mut bench = Bench::ready(example).unwrap_or_else(Bench::bare);
        bench.project.env("WORD", SECRET);
        let (mut steps, at) = steps_of(step, example);
        steps.truncate(at + 1);
        let ours = steps.pop().expect("it is there");
        let needs: Vec<_> = steps.last().map(|last| id(last).to_owned()).into_iter().collect();
        let texts = with_secret(&step.with_schema(), ours.get("with"));
        if texts.is_empty() {
            return Err("none of its fields takes a text".to_owned());
        }
        for (at, with) in texts.into_iter().enumerate() {
            let mut one = ours.clone();
            let mut more = json!({"id": format!("given_{at}"), "needs": needs, "with": with, "on_error": "ignore"});
            if step.can(Ability::Asks) {
                // A person takes what time they take, and is asked whatever the example says.
                more["when"] = json!("true");
            } else {
                (more["timeout"], more["grace"]) = (json!("3s"), json!("1s"));
            }
            one.as_object_mut().expect("a step").extend(more.as_object().cloned().unwrap_or_default());
            steps.push(one);
        }
        let workflow = json!({"secrets": {"word": {"env": "WORD"}}, "steps": steps});
        bench.project.workflow("w", &workflow.to_string());
        let ended = bench.project.run(&["run", "w", "--parallel", "64"]);
        let paused = ended.code == 22 && step.can(Ability::Asks);
        if !paused && ![0, 20, 21].contains(&ended.code) {
            return Err(ended.to_string());
        }
        if !paused && bench.project.journal().attempts("given_0") == 0 && steps.len() == 1 {
            return Err("no attempt was made".to_owned());
        }
        let looks = [&["logs"][..], &["events"], &["status"], &["show"], &["status", "--output", "json"]];
        let output = looks.iter().fold(ended.output(), |output, look| output + &bench.project.run(look).output());
        nowhere_of(&bench.project, &output, SECRET);
        Ok(())
    });
}
