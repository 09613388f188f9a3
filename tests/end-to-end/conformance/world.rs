//! The real world in a test's project, for what is asked of a step type itself and not through the binary.

use std::sync::Arc;
use std::time::Duration;

use runner_engine::expression::{CompiledValue, Expression, Scope, Status, Template};
use runner_engine::ledger::{Holder, Key, State as Ledger, StateOp, StateWrite};
use runner_host::{Attempt, CancelToken, Host};
use runner_sdk::world::{Log, Render, State};
use runner_sdk::{Context, Error, Place, Result, StepType};
use serde_json::{Map, Value, json};

use crate::support::Project;

/// What an attempt in the project is given.
pub(super) fn context(project: &Project) -> Context {
    let path = project.path().to_path_buf();
    let (_, cancel) = CancelToken::new();
    Host::new().context(Attempt {
        place: Place {
            dir: path.clone(),
            source: path.join("workflows"),
            project: path.clone(),
            run: "asked".to_owned(),
            step: "asked".to_owned(),
            attempt: 1,
        },
        env: project.variables(),
        state: Arc::new(Left(path.join(".runner"))),
        render: Arc::new(Renderer),
        log: Arc::new(Silent),
        cancel,
    })
}

/// A `with` as the engine gives it to the type, where `steps` is what steps before it left.
pub(super) fn rendered(of: &StepType, with: &Value, steps: &Map<String, Value>) -> std::result::Result<Value, String> {
    let scope = Scope::new(Status::default())
        .with("steps", Value::Object(steps.clone()))
        .with("run", json!({"name": "asked", "id": "asked"}));
    let (schema, mut fields) = (of.with_schema(), Map::new());
    for (name, value) in with.as_object().into_iter().flatten() {
        let property = &schema["properties"][name];
        let value = match value {
            Value::String(text) if property.get("x-cel").is_some() => {
                let compiled = Expression::compile(text).map_err(|problem| problem.message)?;
                compiled.evaluate(&scope).map_err(|problem| problem.message)?
            }
            value if property.get("x-raw").is_some() => value.clone(),
            value => {
                let mut wrong = None;
                let compiled = CompiledValue::compile(value, &mut |_, problem| wrong = Some(problem.message));
                wrong.map_or(Ok(()), Err)?;
                compiled.render(&scope).map_err(|wrong| wrong.problem.message)?
            }
        };
        fields.insert(name.clone(), value);
    }
    Ok(fields.into())
}

struct Silent;

impl Log for Silent {
    fn line(&self, _: &str) {}
    fn data(&self, _: &[u8]) {}
    fn progress(&self, _: u64, _: u64, _: &str) {}
}

struct Renderer;

impl Render for Renderer {
    fn render(&self, _: &str, text: &str, data: &Value) -> Result<String> {
        let mut scope = Scope::new(Status::default());
        for (name, value) in data.as_object().into_iter().flatten() {
            scope.set(name.clone(), value.clone());
        }
        let rendered = Template::parse(text).and_then(|template| template.render(&scope));
        let rendered = rendered.map_err(|problem| Error::input(problem.message))?;
        Ok(rendered.as_str().map_or_else(|| rendered.to_string(), str::to_owned))
    }
}

/// What deployments left behind in the project.
struct Left(std::path::PathBuf);

impl Left {
    fn open(&self) -> Ledger {
        Ledger::open(&self.0, &Holder::me(0, "a test"), Duration::from_secs(10)).unwrap()
    }

    fn write(&self, op: StateOp) {
        self.open().write(0, &Holder::me(0, "a test"), StateWrite { op, origin: None }).unwrap();
    }
}

impl State for Left {
    fn get(&self, key: &str) -> Result<Option<Value>> {
        Ok(self.open().get(&Key::parse(key).unwrap()).cloned())
    }

    fn set(&self, key: &str, value: Value) -> Result<Option<Value>> {
        let before = self.get(key)?;
        self.write(StateOp::Set { key: Key::parse(key).unwrap(), value });
        Ok(before)
    }

    fn append(&self, key: &str, value: Value) -> Result<u64> {
        self.write(StateOp::Append { key: Key::parse(key).unwrap(), value });
        Ok(self.get(key)?.and_then(|list| Some(list.as_array()?.len() as u64)).unwrap_or_default())
    }

    fn remove(&self, key: &str) -> Result<Option<Value>> {
        let before = self.get(key)?;
        self.write(StateOp::Remove { key: Key::parse(key).unwrap() });
        Ok(before)
    }
}
