//! `steps`: the manual, from the step types' own definitions.

use serde_json::Value;

use crate::support::Project;

#[test]
fn every_step_type_is_listed_and_has_a_page() {
    let project = Project::new();
    let list = project.run(&["steps"]).expect(0).stdout;
    for step in runner_steps::all() {
        assert!(list.contains(&format!("\n  {} ", step.name)), "{} is not in\n{list}", step.name);
        let page = project.run(&["steps", step.name]).expect(0).stdout;
        assert!(page.starts_with(&format!("{}\n  {}", step.name, step.summary().split(' ').next().unwrap())), "{page}");
        for example in step.examples {
            assert!(page.contains(&format!("example: {}:", example.title)), "{page}");
        }
        let fields = step.with_schema()["properties"].as_object().cloned().unwrap_or_default();
        for name in fields.keys() {
            assert!(page.contains(&format!("\n  {name}  ")), "{name} is not in\n{page}");
        }
        let told: Value = serde_json::from_str(&project.run(&["steps", step.name, "--output", "json"]).stdout).unwrap();
        assert_eq!(told["name"], step.name);
        assert!(told["with"].is_object() && told["examples"].is_array());
    }
}

#[test]
fn a_namespace_lists_its_own() {
    let list = Project::new().run(&["steps", "state"]).expect(0).stdout;
    assert!(list.starts_with("state\n  state.append") && !list.contains("exec.run"), "{list}");
}

#[test]
fn a_field_says_its_type_and_default() {
    let page = Project::new().run(&["steps", "exec.run"]).expect(0).stdout;
    assert!(page.contains("  success_codes  list of integer, default [0]\n      The exit codes"), "{page}");
    let page = Project::new().run(&["steps", "http.request"]).expect(0).stdout;
    assert!(page.contains("\nwith:\n  url  text, required\n"), "{page}");
}

#[test]
fn an_unknown_one_is_named_with_the_nearest() {
    let ended = Project::new().run(&["steps", "exec.rnu"]).expect(2);
    assert_eq!(ended.stderr, "error: there is no step type `exec.rnu`\n  hint: did you mean `exec.run`?\n");
}
