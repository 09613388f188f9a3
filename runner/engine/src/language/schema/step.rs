//! Steps.

use runner_sdk::StepType;
use serde_json::{Value, json};

use super::scalar::{IDENTIFIER, count, described, duration, expression, text, time};
use super::with::with_of;

/// The keys that only a step of a type has.
const LEAF: [&str; 10] =
    ["retry", "grace", "until", "service", "ready", "check", "undo", "interrupted", "publishes", "cache"];

/// A step.
pub(super) fn step(types: &[&'static StepType]) -> Value {
    let mut properties = json!({
        "id": {
            "description": "Its name, unique in its list: lower-case letters, digits and `_`.",
            "type": "string", "pattern": IDENTIFIER, "not": {"enum": ["in", "true", "false", "null"]},
        },
        "name": described(text(), "What progress calls it."),
        "uses": uses(types),
        "run": {
            "description": "Another workflow: its name, or `./path.yaml`.",
            "type": "string", "pattern": "^(\\.{1,2}/[^\\s{]+|[^\\s/.{]+)$",
        },
        "steps": super::list("The steps of a group."),
        "with": {"description": "The fields of the step type, or the inputs of the workflow.", "type": "object"},
        "when": described(expression(), "An expression: the step runs only where it holds."),
        "confirm": described(text(), "What a person has to agree to before it begins."),
        "needs": {
            "description": "The steps it waits for; the one before it where it is missing; `[]`: none; `all`: every one above.",
            "anyOf": [{"const": "all"}, {"type": "array", "uniqueItems": true, "items": {"type": "string"}}],
        },
        "foreach": described(expression(), "An expression that gives a list or a map: the step stands for one step per item."),
        "as": {"description": "The name of the item.", "type": "string", "pattern": IDENTIFIER},
        "key": described(expression(), "An expression that tells items apart."),
        "max_parallel": described(count(), "How many items may be under way at once."),
        "on_error": on_error(),
        "timeout": described(time(), "Bound on one attempt; of a group or workflow, on the whole."),
        "env": super::env(),
        "dir": described(text(), "The working folder, relative to the project."),
        "outputs": super::outputs("More outputs, computed from `output` or, of a group, from its steps."),
        "finally": super::list("Steps of a group that run whatever became of it."),
    });
    let leaf = leaf();
    if let (Value::Object(properties), Value::Object(leaf)) = (&mut properties, leaf) {
        properties.extend(leaf);
    }
    json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["id"],
        "oneOf": [{"required": ["uses"]}, {"required": ["run"]}, {"required": ["steps"]}],
        "properties": properties,
        "dependencies": {
            "as": ["foreach"], "key": ["foreach"], "max_parallel": ["foreach"],
            "ready": ["service"], "finally": ["steps"],
        },
        "allOf": [
            {"$ref": "#/definitions/typed"},
            {"if": {"anyOf": [{"required": ["run"]}, {"required": ["steps"]}]}, "then": {"properties": forbidden()}},
            {"if": {"required": ["steps"]}, "then": {"properties": {"with": false}}},
            {
                "if": {"required": ["service"], "properties": {"service": {"const": true}}},
                "then": {"properties": {"until": false, "undo": false, "cache": false}},
            },
            {"if": {"required": ["cache"]}, "then": {"properties": {"until": false, "undo": false}}},
            {"if": {"required": ["uses"]}, "then": {"properties": {"on_error": {"not": {"const": "undo"}}}}},
        ],
    })
}

/// That the fields are given which a step type requires, of a step and of all inside it.
pub(super) fn complete(types: &[&'static StepType]) -> Value {
    let mut rules = Vec::new();
    for step in types {
        let schema = step.with_schema();
        let Some(required) = schema["required"].as_array().filter(|required| !required.is_empty()) else { continue };
        rules.push(json!({
            "if": {"required": ["uses"], "properties": {"uses": {"const": step.name}}},
            "then": {"required": ["with"], "properties": {"with": {"required": required}}},
        }));
    }
    let inside = super::complete_list();
    let mut schema = json!({"properties": {"steps": inside, "finally": inside}});
    if !rules.is_empty() {
        schema["allOf"] = rules.into();
    }
    schema
}

fn uses(types: &[&'static StepType]) -> Value {
    let known: Vec<_> = types.iter().map(|step| json!({"const": step.name, "description": step.summary()})).collect();
    json!({"description": "A step type.", "oneOf": known})
}

fn leaf() -> Value {
    json!({
        "retry": retry(),
        "grace": described(duration(), "The time between SIGTERM and SIGKILL."),
        "until": {
            "description": "Polls: repeated until an expression over `output` holds.",
            "type": "object",
            "additionalProperties": false,
            "required": ["that"],
            "properties": {
                "that": described(expression(), "What must hold."),
                "every": described(time(), "The time from one poll to the next."),
                "within": described(time(), "The time for all polls together."),
            },
        },
        "service": {"description": "Its process is kept running beyond the step.", "type": "boolean"},
        "ready": described(expression(), "An expression: the service is ready when it holds."),
        "check": inline("What tells whether an attempt in doubt has done its work."),
        "undo": inline("What takes back what the step did; it sees the step's outputs as `output`."),
        "interrupted": {
            "description": "What becomes of an interrupted attempt that may have done its work or not.",
            "oneOf": [
                {"const": "repeat", "description": "It is done again."},
                {"const": "check", "description": "The check tells."},
                {"const": "stop", "description": "The run pauses, and a person tells."},
            ],
        },
        "publishes": {
            "description": "Files and folders that are on disk before the step counts as finished.",
            "type": "array", "items": text(),
        },
        "cache": {
            "description": "What it reads and makes: where all of that is as it was, in this run or an earlier one, it is not done again.",
            "type": "object",
            "additionalProperties": false,
            "required": ["inputs"],
            "properties": {
                "inputs": {
                    "description": "The files that it reads: paths and patterns; and `value: TEXT` for what else its result depends on.",
                    "type": "array",
                    "items": {"anyOf": [text(), {
                        "type": "object", "additionalProperties": false, "required": ["value"], "properties": {"value": text()},
                    }]},
                },
                "outputs": {
                    "description": "The files that it makes: paths and patterns.",
                    "type": "array", "items": text(),
                },
            },
        },
    })
}

fn inline(description: &str) -> Value {
    json!({
        "description": description,
        "type": "object",
        "additionalProperties": false,
        "required": ["uses"],
        "properties": {"uses": {"type": "string"}, "with": {"type": "object"}},
        "allOf": [{"$ref": "#/definitions/typed"}],
    })
}

fn forbidden() -> Value {
    LEAF.iter().map(|key| ((*key).to_owned(), Value::Bool(false))).collect::<serde_json::Map<_, _>>().into()
}

pub(super) fn on_error() -> Value {
    rules(&["stop", "continue", "ignore", "undo"])
}

/// `on_error` of a whole workflow.
pub(super) fn on_error_of_all() -> Value {
    rules(&["stop", "undo"])
}

/// `on_error` under `defaults`.
pub(super) fn default_on_error() -> Value {
    rules(&["stop", "continue", "ignore"])
}

fn rules(names: &[&str]) -> Value {
    let all = [
        ("stop", "Nothing new starts in its list."),
        ("continue", "The others go on; the run still ends as failed."),
        ("ignore", "It counts as succeeded, with a warning."),
        ("undo", "Of a group or workflow: what it did is undone; then it has failed."),
    ];
    let known = all.iter().filter(|(name, _)| names.contains(name));
    let known: Vec<_> = known.map(|(name, what)| json!({"const": name, "description": what})).collect();
    json!({"description": "What a failure does.", "oneOf": known})
}

pub(super) fn retry() -> Value {
    json!({
        "description": "When a failed attempt is tried again.",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "attempts": described(count(), "How many attempts in all."),
            "delay": described(duration(), "The wait before the second attempt."),
            "factor": {"description": "By what each further wait is multiplied.", "type": "number", "minimum": 1},
            "max_delay": described(duration(), "The longest wait."),
            "jitter": {"description": "The part of a wait that is random.", "type": "number", "minimum": 0, "maximum": 1},
            "when": described(expression(), "An expression over `error`: only where it holds is there another attempt."),
        },
    })
}

/// What stands under `with:` of one type, by its name.
pub(super) fn rule(step: &StepType) -> Value {
    json!({
        "if": {"required": ["uses"], "properties": {"uses": {"const": step.name}}},
        "then": {"properties": {"with": with_of(step)}},
    })
}
