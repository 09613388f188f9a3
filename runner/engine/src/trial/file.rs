//! A file of tests: its form is the schema that editors check it by.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::double::Doubles;
use super::expect::Expect;
use crate::diagnostic::{Diagnostic, Sink, Span, did_you_mean};
use crate::language::Document;
use crate::language::reader::Node;

/// Tests of a workflow of runner.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestFile {
    /// The workflow: its name, or `./path.yaml`; by default the one beside this file that is called as it is.
    pub workflow: Option<String>,
    /// What stands in for steps in every test of this file.
    #[serde(default)]
    pub doubles: BTreeMap<String, Doubles>,
    /// The tests.
    #[schemars(length(min = 1))]
    pub tests: Vec<Test>,
}

/// A test: what is given, and what is to come of it.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Test {
    /// What it claims, in a few words.
    pub name: String,
    /// The inputs of the workflow.
    #[serde(default)]
    pub inputs: Map<String, Value>,
    /// The environment: nothing else is in it.
    #[serde(default)]
    pub env: BTreeMap<String, String>,
    /// Values of the workflow's secrets. Those that are not given are made up; nothing is looked up for any.
    #[serde(default)]
    pub secrets: BTreeMap<String, String>,
    /// What deployments have left behind before.
    #[serde(default)]
    pub state: Map<String, Value>,
    /// What stands in for steps: by path (`site[alpha]/verify`, or `site/verify` for all items), else by type (`exec.run`).
    /// One, or a list of which each stands in for one attempt after the other, and the last for all that follow.
    #[serde(default)]
    pub doubles: BTreeMap<String, Doubles>,
    /// What stands in where a step is asked, after a crash, whether it was done. Without one it was not.
    #[serde(default)]
    pub checks: BTreeMap<String, Doubles>,
    /// What stands in where what a step did is taken back. Without one it is, and nothing is done.
    #[serde(default)]
    pub undo: BTreeMap<String, Doubles>,
    /// Where the engine dies, in order; each time the run is taken up again.
    #[serde(default)]
    pub crash: Vec<Crash>,
    /// What is to come of it. What is not said is not looked at, but for the exit code, which is 0 then.
    #[serde(default)]
    pub expect: Expect,
}

/// A crash: as soon as it is on disk that a step has begun, or has ended.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Crash {
    /// The step's path.
    pub at: String,
    /// When.
    #[serde(default)]
    pub when: Moment,
    /// What goes down.
    #[serde(default)]
    pub of: Victim,
}

/// A moment in a step's life.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Moment {
    /// One of its attempts has begun.
    #[default]
    Started,
    /// It has ended.
    Finished,
}

/// What goes down in a crash.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Victim {
    /// The engine alone: the programs that it started live on.
    #[default]
    Engine,
    /// The machine with all that runs on it.
    Machine,
}

/// The JSON Schema (draft-07) of test files.
pub fn schema() -> Value {
    SchemaSettings::draft07().into_generator().into_root_schema_for::<TestFile>().to_value()
}

/// The tests of a file. Everything wrong with its form goes to `sink`; then there are none.
pub fn read(document: &Document, sink: &mut Sink) -> Option<TestFile> {
    let root = document.root.as_ref()?;
    let (schema, value) = (schema(), root.to_json());
    let checker = jsonschema::validator_for(&schema).ok()?;
    let mut wrong = false;
    for violation in checker.iter_errors(&value) {
        wrong = true;
        let pointer = violation.instance_path().as_str();
        let unknown = match violation.kind() {
            jsonschema::error::ValidationErrorKind::AdditionalProperties { unexpected } => unexpected.as_slice(),
            _ => &[],
        };
        for key in unknown {
            let known = known(&schema, violation.schema_path().as_str());
            let span = key_of(place_of(root, pointer), key);
            let hint = did_you_mean(key, known.iter().map(String::as_str));
            let hint = hint.unwrap_or_else(|| format!("known are {}", known.join(", ")));
            sink.push(Diagnostic::error(&document.source, span, format!("unknown key `{key}`")).hint(hint));
        }
        if unknown.is_empty() {
            let span = place_of(root, pointer).head;
            sink.push(Diagnostic::error(&document.source, span, violation.to_string()));
        }
    }
    if wrong {
        return None;
    }
    match serde_path_to_error::deserialize::<_, TestFile>(value) {
        Ok(file) => Some(file),
        Err(error) => {
            let path: String = error
                .path()
                .to_string()
                .split(['.', '[', ']'])
                .filter(|step| !step.is_empty())
                .fold(String::new(), |path, step| path + "/" + step);
            let span = place_of(root, &path).head;
            sink.push(Diagnostic::error(&document.source, span, error.into_inner().to_string()));
            None
        }
    }
}

/// The keys that the schema knows at a place of its own.
fn known(schema: &Value, at: &str) -> Vec<String> {
    let object = at.strip_suffix("/additionalProperties").unwrap_or(at);
    let object = schema.pointer(object).unwrap_or(schema);
    object["properties"].as_object().into_iter().flatten().map(|(name, _)| name.clone()).collect()
}

/// Where a key of a mapping is written.
fn key_of(node: &Node, key: &str) -> Span {
    let entry = node.as_mapping().into_iter().flatten().find(|entry| entry.key.text == key);
    entry.map_or(node.head, |entry| entry.key.span)
}

/// The place of a value of the file, by its steps: where it, or the nearest around it, is written.
pub fn place(document: &Document, steps: &[String]) -> Span {
    let pointer =
        steps.iter().fold(String::new(), |path, step| path + "/" + &step.replace('~', "~0").replace('/', "~1"));
    document.root.as_ref().map_or(Span::new(0, 0), |root| place_of(root, &pointer).head)
}

/// The node at a JSON pointer, or the nearest around it.
fn place_of<'n>(root: &'n Node, pointer: &str) -> &'n Node {
    crate::run::node_at(root, pointer)
}
