//! Loaded files and their schemas.

use super::project;
use crate::support::Project;

const SCHEMA: &str = r#"{"type": "object", "additionalProperties": false, "required": ["name"], "properties": {
  "name": {"type": "string"}, "nodes": {"type": "integer", "default": 3}, "label": {"x-default": "root.name + '-nodes'"}
}}"#;

/// A workflow that fails as long as there is no file `go`, and writes what it has loaded.
const FIRST: &str = "name: w
load: {c: {file: c.yaml, schema: c.schema.json}}
steps:
  - {id: wait, uses: exec.run, with: {argv: [test, -e, go]}}
  - {id: told, uses: file.write, with: {path: told, content: '{{c.name}} {{c.nodes}} {{c.label}}'}}
";

fn loading(workflow: &str, schema: &str, file: &str) -> Project {
    let project = project(workflow);
    project.write("workflows/c.schema.json", schema).write("c.yaml", file);
    project
}

#[test]
fn a_run_goes_on_with_what_it_has_read_and_the_schema_that_it_had() {
    let project = loading(FIRST, SCHEMA, "name: a\n");
    project.run(&["run", "w"]).expect(20);
    std::fs::remove_file(project.path().join("workflows/c.schema.json")).unwrap();
    std::fs::remove_file(project.path().join("c.yaml")).unwrap();
    project.write("go", "");
    project.run(&["resume", "--as-recorded"]).expect(0);
    assert_eq!(project.read("told"), "a 3 a-nodes");
}

#[test]
fn a_called_workflow_has_the_schema_that_there_was_when_the_run_began() {
    let first = "name: w
steps:
  - {id: wait, uses: exec.run, with: {argv: [test, -e, go]}}
  - {id: call, run: ./inner.yaml}
";
    let project = loading(first, SCHEMA, "nodes: many\nname: a\nnode: 1\n");
    let inner = FIRST.replace("name: w", "name: inner");
    project.workflow("inner", &inner);
    project.run(&["run", "w"]).expect(20);
    std::fs::remove_file(project.path().join("workflows/c.schema.json")).unwrap();
    project.write("go", "");
    let wrong = project.run(&["resume", "--as-recorded"]).expect(20);
    let said =
        "c.yaml:1:8: expected a whole number, found text; c.yaml:3:1: unknown key `node` (did you mean `nodes`?)";
    assert!(wrong.output().contains(said), "everything is told, with its place: {wrong}");
    project.write("c.yaml", "name: b\n");
    project.run(&["resume", "--as-recorded"]).expect(0);
    assert_eq!(project.read("told"), "b 3 b-nodes");
}

/// What is said of a file with a schema.
fn told(schema: &str, file: &str) -> String {
    loading(FIRST, schema, file).run(&["run", "w"]).expect(10).stderr.clone()
}

#[test]
fn a_schema_that_is_wrong_is_told() {
    let said = told(r#"{"type": "mapping"}"#, "name: a\n");
    assert!(said.contains("error: `workflows/c.schema.json` is not a JSON Schema"), "{said}");
    let said = told(r#"{"x-assert": [{"that": "self.name ==", "message": "no"}]}"#, "name: a\n");
    assert!(said.contains("is not a JSON Schema: `x-assert`: `self.name ==`"), "{said}");
    let said = told(r#"{"x-assert": [{"that": "true", "message": "{{self."}]}"#, "name: a\n");
    assert!(said.contains("is not a JSON Schema: `x-assert`: `{{self.`"), "{said}");
    let said = told(r#"{"x-assert": [{"that": "true", "massage": "no"}]}"#, "name: a\n");
    assert!(said.contains("unknown field `massage`"), "{said}");
    let said = told(r#"{"properties": {"label": {"x-default": "root.nothing"}}}"#, "name: a\n");
    assert!(said.contains("a default of `workflows/c.schema.json` cannot be computed: "), "{said}");
    let project = loading(FIRST, SCHEMA, "name: a\n");
    std::fs::remove_file(project.path().join("workflows/c.schema.json")).unwrap();
    let said = project.run(&["run", "w"]).expect(10).stderr.clone();
    assert!(said.contains("the schema `c.schema.json` does not exist"), "{said}");
}

#[test]
fn a_rule_that_cannot_be_asked_is_told_only_where_nothing_else_is_wrong() {
    let schema = r#"{"required": ["name"], "x-assert": [
      {"that": "self.nodes > 1 && self.name != ''", "message": "too few"}, {"that": "size(self.name) < 3", "message": "too long"}]}"#;
    let said = told(schema, "nodes: 2\n");
    assert!(said.contains("`name` is missing") && !said.contains("cannot be asked"), "{said}");
    let said = told(schema, "name: long\n");
    let rule = "a rule of `workflows/c.schema.json` cannot be asked: ";
    assert!(said.contains(rule) && said.contains("too long"), "the others are asked nevertheless: {said}");
}
