//! A plugin's step as a step type. Its attempt is one process of the keeper; what it is given and what it says are JSON.

use std::path::PathBuf;
use std::sync::Arc;

use jsonschema::Validator;
use runner_sdk::{
    Captured, Change, Command, Context, DecodeError, Error, Example, Exit, Facts, Finished, Future, Instance, Need,
    Place, Result, StepType, Told,
};
use serde_json::{Value, json};

use super::describe::{DescribedStep, executable};
use super::{PROTOCOL, PluginRecord, answer};

/// The types of a plugin's step.
struct Types {
    namespace: String,
    path: PathBuf,
    step: DescribedStep,
    with: Schema,
    outputs: Schema,
}

/// A schema, compiled. It was held against its meta-schema when it was described; one that does not compile any more, of a
/// run of another release, takes anything.
#[derive(Clone)]
struct Schema(Option<Arc<Validator>>);

impl Schema {
    fn of(schema: &Value) -> Self {
        Self(jsonschema::validator_for(schema).ok().map(Arc::new))
    }

    /// What is wrong with a value first, and where.
    fn check(&self, value: &Value) -> Result<(), DecodeError> {
        let wrong = self.0.as_ref().and_then(|validator| validator.iter_errors(value).next());
        wrong.map_or(Ok(()), |error| {
            Err(DecodeError { path: path_of(error.instance_path().as_str()), message: error.to_string() })
        })
    }
}

/// A JSON pointer as a path such as `headers.accept` or `argv[0]`.
fn path_of(pointer: &str) -> String {
    let mut path = String::new();
    for part in pointer.split('/').skip(1) {
        let part = part.replace("~1", "/").replace("~0", "~");
        if part.parse::<usize>().is_ok() {
            path.extend(["[", &part, "]"]);
        } else {
            path.extend([if path.is_empty() { "" } else { "." }, &part]);
        }
    }
    if path.is_empty() { ".".to_owned() } else { path }
}

/// The step type of a description. It is never freed: step types live as long as the process, and are made once each.
pub(super) fn leaked(record: &PluginRecord, step: &DescribedStep) -> &'static StepType {
    fn text(text: &str) -> &'static str {
        Box::leak(text.to_owned().into_boxed_str())
    }
    let types = Types {
        namespace: record.namespace.clone(),
        path: record.path.clone(),
        step: step.clone(),
        with: Schema::of(&step.with),
        outputs: Schema::of(&step.outputs),
    };
    let needs = step.needs.iter();
    let needs: Vec<_> = needs
        .map(|need| Need { program: text(&need.program), package: text(&need.package), how: text(&need.how) })
        .collect();
    let examples = step.examples.iter();
    let examples: Vec<_> =
        examples.map(|example| Example::new(text(&example.title), text(&example.steps), "true")).collect();
    let facts = Facts {
        name: text(&format!("{}.{}", record.namespace, step.name)),
        idempotent: step.idempotent,
        behaviour: step.version,
        needs: Vec::leak(needs),
        examples: Vec::leak(examples),
    };
    Box::leak(Box::new(StepType::told(facts, Box::leak(Box::new(types)))))
}

impl Types {
    fn who(&self) -> String {
        executable(&self.namespace)
    }
}

impl Told for Types {
    fn with_schema(&self) -> Value {
        self.step.with.clone()
    }

    fn output_schema(&self) -> Value {
        self.step.outputs.clone()
    }

    fn decode(&self, mut with: Value) -> Result<Box<dyn Instance>, DecodeError> {
        complete(&self.step.with, &mut with);
        self.with.check(&with)?;
        let outputs = self.outputs.clone();
        Ok(Box::new(Attempt { who: self.who(), path: self.path.clone(), verb: self.step.name.clone(), with, outputs }))
    }

    fn decode_output(&self, mut output: Value) -> Result<Value, DecodeError> {
        complete(&self.step.outputs, &mut output);
        self.outputs.check(&output)?;
        Ok(output)
    }
}

/// Puts in the defaults of fields that are not given.
fn complete(schema: &Value, value: &mut Value) {
    let (Some(properties), Some(members)) = (schema["properties"].as_object(), value.as_object_mut()) else { return };
    for (name, property) in properties {
        if let (false, Some(default)) = (members.contains_key(name), property.get("default")) {
            members.insert(name.clone(), default.clone());
        }
        if let Some(given) = members.get_mut(name) {
            complete(property, given);
        }
    }
}

/// A decoded step, ready to run.
struct Attempt {
    who: String,
    path: PathBuf,
    verb: String,
    with: Value,
    outputs: Schema,
}

impl Instance for Attempt {
    fn validate(&self) -> Result<()> {
        Ok(())
    }

    fn reads(&self) -> Vec<PathBuf> {
        Vec::new()
    }

    fn plan<'a>(&'a self, _: &'a Context) -> Future<'a, Result<Option<Change>>> {
        Box::pin(async { Ok(None) })
    }

    fn check<'a>(&'a self, _: &'a Context) -> Future<'a, Result<Option<Value>>> {
        Box::pin(async { Ok(None) })
    }

    fn undo<'a>(&'a self, _: Value, _: &'a Context) -> Future<'a, Result<()>> {
        Box::pin(async { Ok(()) })
    }

    fn command(&self, place: &Place) -> Result<Command> {
        let given = json!({
            "protocol": PROTOCOL,
            "step": self.verb,
            "with": self.with,
            "place": {
                "project": place.project, "dir": place.dir, "source": place.source,
                "run": place.run, "step": place.step, "attempt": place.attempt,
            },
        });
        let path = self.path.to_str().ok_or_else(|| Error::permanent("the plugin's path is no text"))?;
        Ok(Command::new(path).args(["run", self.verb.as_str()]).stdin(format!("{given}\n")).capture())
    }

    fn finish(&self, _: &Place, exit: Exit, captured: &Captured) -> Result<Finished<Value>> {
        let outputs = answer::outputs(&self.who, exit, captured)?;
        self.outputs.check(&outputs).map_err(|wrong| {
            let at = if wrong.path == "." { String::new() } else { format!("`{}`: ", wrong.path) };
            let message =
                format!("the outputs of `{}` are not what it said they would be: {at}{}", self.who, wrong.message);
            Error::permanent(message).hint("it is a mistake of the plugin: its `describe` and its `run` differ")
        })?;
        Ok(Finished::new(outputs))
    }

    fn started(&self, _: &Captured) -> Option<Value> {
        None
    }

    fn run<'a>(&'a self, _: &'a Context) -> Future<'a, Result<Value>> {
        Box::pin(async { Err(Error::permanent("a plugin's step is a process")) })
    }

    fn serve<'a>(&'a self, _: &'a Context) -> Future<'a, Result<()>> {
        Box::pin(async { Err(Error::permanent("a plugin's step is no service")) })
    }
}
