//! What holds for every step type, whatever it does.

use std::collections::BTreeSet;
use std::path::Path;

use runner_sdk::{Ability, Kind, StepType};
use serde_json::Value;

fn examples(step: &StepType) -> Vec<Value> {
    let read = |example: &runner_sdk::Example| serde_yaml::from_str::<Vec<Value>>(example.steps);
    step.examples.iter().flat_map(|example| read(example).unwrap_or_else(|e| panic!("{}: {e}", step.name))).collect()
}

#[test]
fn the_name_is_unique_and_is_the_place_of_the_file() {
    let mut seen = BTreeSet::new();
    for step in runner_steps::all() {
        assert!(seen.insert(step.name), "{} is there twice", step.name);
        let (namespace, verb) = step.name.split_once('.').unwrap();
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(namespace);
        let (file, folder) = (source.join(format!("{verb}.rs")), source.join(verb).join("mod.rs"));
        assert!(file.exists() || folder.exists(), "{}", file.display());
        assert_eq!(runner_steps::find(step.name).map(|found| found.name), Some(step.name));
    }
    assert!(seen.len() > 20 && runner_steps::find("no.such").is_none());
}

#[test]
fn every_file_of_a_verb_is_listed() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for folder in std::fs::read_dir(source).unwrap().map(|entry| entry.unwrap().path()).filter(|path| path.is_dir()) {
        let namespace = folder.file_name().unwrap().to_str().unwrap().to_owned();
        for file in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let verb = file.file_stem().unwrap().to_str().unwrap().to_owned();
            let text = if file.is_file() { std::fs::read_to_string(&file).unwrap() } else { String::new() };
            if text.contains("impl Step for ") && namespace != "testing" {
                assert!(
                    runner_steps::find(&format!("{namespace}.{verb}")).is_some(),
                    "{namespace}.{verb} is not listed"
                );
            }
        }
    }
}

#[test]
fn the_manual_says_what_the_step_and_each_field_is() {
    for step in runner_steps::all() {
        let summary = step.summary();
        assert!(summary.ends_with(['.', ':']) && summary.len() <= 120, "{}: `{summary}`", step.name);
        for (of, schema) in [("with", step.with_schema()), ("output", step.output_schema())] {
            for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
                assert!(schema["description"].is_string(), "{} {of}.{field} has no description", step.name);
            }
        }
        assert_eq!(step.with_schema()["additionalProperties"], false, "{} takes unknown fields", step.name);
    }
}

#[test]
fn every_step_has_examples_of_itself_that_name_real_steps_and_fields() {
    for step in runner_steps::all() {
        let used = examples(step);
        assert!(used.iter().any(|example| example["uses"] == step.name), "{} has no example", step.name);
        for example in used {
            let name = example["uses"].as_str().unwrap();
            let schema = runner_steps::find(name).unwrap_or_else(|| panic!("{}: no `{name}`", step.name)).with_schema();
            for (field, _) in example["with"].as_object().into_iter().flatten() {
                assert!(schema["properties"][field].is_object(), "{}: `{name}` has no `{field}`", step.name);
            }
            for field in schema["required"].as_array().into_iter().flatten() {
                let given = example["with"].get(field.as_str().unwrap()).is_some();
                assert!(given, "{}: `{name}` lacks {field}", step.name);
            }
        }
    }
}

#[test]
fn examples_without_templates_decode_and_are_valid() {
    for step in runner_steps::all() {
        for example in examples(step) {
            let other = runner_steps::find(example["uses"].as_str().unwrap()).unwrap();
            let with = example.get("with").cloned().unwrap_or_else(|| serde_json::json!({}));
            let is_decision = other.with_schema().to_string().contains("x-cel");
            if !with.to_string().contains("{{") && !is_decision {
                let instance = other.decode(with).unwrap_or_else(|e| panic!("{}: {}: {e}", step.name, e.path));
                instance.validate().unwrap_or_else(|e| panic!("{}: {e}", step.name));
            }
        }
    }
}

#[test]
fn an_unknown_field_is_refused_by_name() {
    for step in runner_steps::all() {
        // Where fields are shared by a namespace, what is missing is told first: so nothing is, if there is an example of it.
        let plain = |example: &serde_json::Value| example["uses"] == step.name && !example.to_string().contains("{{");
        let example = examples(step).into_iter().find(plain);
        let mut with =
            example.and_then(|example| example.get("with").cloned()).unwrap_or_else(|| serde_json::json!({}));
        with["no_such_field"] = 1.into();
        let error = step.decode(with).map(|_| ()).unwrap_err();
        assert!(error.message.contains("no_such_field"), "{}: {error}", step.name);
    }
}

#[test]
fn abilities_fit_the_kind() {
    for step in runner_steps::all() {
        assert!(
            !step.can(Ability::Traceless) || !step.can(Ability::Undo),
            "{} undoes what it does not leave",
            step.name
        );
        assert!(!step.can(Ability::Service) || step.kind == Kind::Process, "{} cannot be a service", step.name);
        for need in step.needs {
            assert!(!need.program.is_empty() && !need.package.is_empty() && !need.how.is_empty(), "{}", step.name);
        }
    }
}
