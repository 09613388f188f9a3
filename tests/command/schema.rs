//! `runner schema`: what editors complete and check by.

use std::path::{Path, PathBuf};
use std::process::Command;

use jsonschema::Validator;
use runner_engine::diagnostic::{Sink, Source};
use runner_engine::language::reader;
use serde_json::Value;

use crate::support::{Project, skip};

/// Fixtures whose mistake a schema can see, and where it sees it.
const SEEN: &[(&str, &str)] = &[
    ("boolean_in_quotes", "/steps/0/service"),
    ("check_without_uses", "/steps/0/check"),
    ("choice_misspelt", "/steps/0/on_error"),
    ("concurrency_words", "/concurrency/when_busy"),
    ("duration", "/defaults/timeout"),
    ("empty_values", "/inputs"),
    ("environment_names", "/env"),
    ("expression_in_braces", "/steps/0/when"),
    ("id_bad", "/steps/0/id"),
    ("input_bounds", "/inputs/o"),
    ("item_keys_without_foreach", "/steps/0"),
    ("key_missing", "/steps/0"),
    ("later_keys", ""),
    ("load", "/load/config"),
    ("many_at_once", "/inputs/count/default"),
    ("nothing_in_lists", "/steps"),
    ("one_of_uses_run_steps", "/steps/0"),
    ("retry", "/steps/0/retry"),
    ("root_is_a_list", ""),
    ("root_is_text", ""),
    ("run_bad", "/steps/0/run"),
    ("secret", "/secrets/f"),
    ("service", "/steps/0"),
    ("unfit_for_a_group", "/steps/0/retry"),
    ("unfit_for_a_run", "/steps/0/retry"),
    ("unknown_key", ""),
    ("wrong_types", "/steps"),
    ("wrong_types_in_a_step", "/steps/1/env"),
];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&Project::new().run(&["schema"]).expect(0).stdout).unwrap()
}

fn parsed(text: &str) -> Value {
    let mut sink = Sink::new();
    let node = reader::read(&Source::new("a file", text), &mut sink);
    node.unwrap_or_else(|| panic!("{text}")).to_json()
}

fn problems(validator: &Validator, value: &Value) -> Vec<String> {
    validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

/// The workflows that are shipped, or their tests.
fn shipped(tests: bool) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join("workflows")).unwrap().flatten().map(|entry| entry.path());
    let files = entries.filter(|path| path.extension().is_some_and(|ending| ending == "yaml"));
    files.filter(|path| path.to_string_lossy().ends_with(".test.yaml") == tests).collect()
}

#[test]
fn shipped_workflows_and_every_example_are_accepted() {
    let validator = jsonschema::draft7::new(&schema()).unwrap();
    for path in shipped(false) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(problems(&validator, &parsed(&text)), Vec::<String>::new(), "{}", path.display());
    }
    let tests = serde_json::from_str(&Project::new().run(&["schema", "--tests"]).expect(0).stdout).unwrap();
    let validator_of_tests = jsonschema::draft7::new(&tests).unwrap();
    for path in shipped(true) {
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(problems(&validator_of_tests, &parsed(&text)), Vec::<String>::new(), "{}", path.display());
    }
    for step in runner_steps::all() {
        for example in step.examples {
            let text = format!("steps:\n{}\n", example.steps.trim_matches('\n'));
            assert_eq!(problems(&validator, &parsed(&text)), Vec::<String>::new(), "{}: {text}", step.name);
        }
    }
}

#[test]
fn mistakes_that_a_schema_can_see_are_seen_at_their_place() {
    let validator = jsonschema::draft7::new(&schema()).unwrap();
    for (name, place) in SEEN {
        let text = std::fs::read_to_string(root().join(format!("tests/fixture/bad/{name}.yaml"))).unwrap();
        let value = parsed(&text);
        let at: Vec<_> = validator.iter_errors(&value).map(|error| error.instance_path().to_string()).collect();
        assert!(at.iter().any(|at| at == place), "{name}: not at `{place}`, but at {at:?}");
    }
}

#[test]
fn a_template_stands_for_a_value_of_any_type() {
    let validator = jsonschema::draft7::new(&schema()).unwrap();
    let with = |with: &str| problems(&validator, &parsed(&format!("steps: [{{id: a, uses: exec.run, with: {with}}}]")));
    assert_eq!(
        with("{argv: ['{{inputs.program}}', 5], pty: '{{inputs.pty}}', success_codes: '{{inputs.codes}}'}").len(),
        0
    );
    assert_eq!(with("{argv: '{{inputs.argv}}', capture: '{{inputs.capture}}'}").len(), 0);
    assert_ne!(with("{argv: [a], pty: maybe}").len(), 0);
    assert_ne!(with("{argv: [a], capture: tetx}").len(), 0);
    assert_ne!(with("{argvv: [a]}").len(), 0);
}

#[test]
fn what_defaults_give_is_not_missing() {
    let validator = jsonschema::draft7::new(&schema()).unwrap();
    let missing = "steps: [{id: a, uses: ssh.run, with: {argv: [ls]}}]";
    let given = format!("defaults: {{with: {{ssh: {{host: a.example}}}}}}\n{missing}");
    assert_ne!(problems(&validator, &parsed(missing)).len(), 0);
    assert_eq!(problems(&validator, &parsed(&given)), Vec::<String>::new());
}

#[test]
fn check_jsonschema_agrees() {
    let run = |arguments: &[&str]| Command::new("check-jsonschema").args(arguments).current_dir(root()).output();
    if run(&["--version"]).is_err() {
        skip("`check-jsonschema` is missing: tests/run brings it");
        return;
    }
    let file = "workflows/workflow.schema.json";
    let metaschema = run(&["--check-metaschema", file]).unwrap();
    assert!(metaschema.status.success(), "{}", String::from_utf8_lossy(&metaschema.stdout));
    let shipped: Vec<_> = shipped(false).into_iter().map(|path| path.to_string_lossy().into_owned()).collect();
    let mut arguments = vec!["--schemafile", file];
    arguments.extend(shipped.iter().map(String::as_str));
    let accepted = run(&arguments).unwrap();
    assert!(accepted.status.success(), "{}", String::from_utf8_lossy(&accepted.stdout));
    for (name, _) in SEEN {
        let refused = run(&["--schemafile", file, &format!("tests/fixture/bad/{name}.yaml")]).unwrap();
        let said = String::from_utf8_lossy(&refused.stdout).into_owned();
        assert!(said.contains("Schema validation errors"), "{name}: {said}");
    }
}
