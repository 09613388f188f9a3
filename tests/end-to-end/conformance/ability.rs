//! What a type says it can do beyond running: `plan` changes nothing and says what is then seen to change, `check` knows
//! what was done, `undo` takes it back. Asked of the type itself, in the real project in which the binary runs it.

use std::collections::BTreeMap;
use std::path::Path;

use runner_engine::ledger::read_state;
use runner_sdk::{Ability, Change, Example, Instance, StepType};
use serde_json::{Map, Value, json};

use super::example::lasting;
use super::excuse::{Claim, excused};
use super::world::{context, rendered};
use super::{Bench, for_all, id, steps_of};
use crate::support::Project;

/// All that a step may change: the project's files and what deployments leave behind. Without what the runs themselves left,
/// and without the notes of `vagrant`, which already the question how its machines are writes.
fn seen(project: &Project) -> BTreeMap<String, String> {
    fn walk(folder: &Path, name: &str, found: &mut BTreeMap<String, String>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let (path, name) = (entry.path(), format!("{name}/{}", entry.file_name().display()));
            let data = std::fs::symlink_metadata(&path).unwrap();
            if data.is_dir() && ["/.runner", "/.vagrant", "/workflows"].contains(&name.as_str()) {
                continue;
            }
            let content = if data.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
            let mode = std::os::unix::fs::PermissionsExt::mode(&data.permissions());
            found.insert(name.clone(), format!("{mode:o} {}", String::from_utf8_lossy(&content)));
            if data.is_dir() {
                walk(&path, &name, found);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(project.path(), "", &mut found);
    found.insert("state".to_owned(), kept(read_state(&project.path().join(".runner")).unwrap()).to_string());
    found
}

/// A state without keys under which nothing stands.
fn kept(state: Value) -> Value {
    let Value::Object(members) = state else { return state };
    let members = members.into_iter().map(|(key, value)| (key, kept(value)));
    members.filter(|(_, value)| *value != json!({})).collect::<Map<_, _>>().into()
}

/// An example's step before it runs: what is before it has run.
struct Before {
    bench: Bench,
    step: Value,
    instance: Box<dyn Instance>,
}

impl Before {
    /// None where its fixture is not to be had.
    fn of(of: &'static StepType, example: &Example) -> Result<Option<Self>, String> {
        let Some(bench) = Bench::ready(example) else { return Ok(None) };
        let (mut steps, at) = steps_of(of, example);
        steps.truncate(at + 1);
        let mut step = steps.pop().expect("it is there");
        let outputs = run(&bench.project, &steps)?;
        step["with"] = rendered(of, &step["with"], &outputs)?;
        let instance = of.decode(step["with"].clone()).map_err(|error| error.to_string())?;
        Ok(Some(Self { bench, step, instance }))
    }

    /// What `plan` says: whether something would change.
    fn plan(&self) -> Result<bool, String> {
        let before = seen(&self.bench.project);
        let said = wait(self.instance.plan(&context(&self.bench.project))).map_err(|error| error.to_string())?;
        same("plan changed something", &before, &seen(&self.bench.project))?;
        said.map(|change| change != Change::Nothing).ok_or_else(|| "its plan says nothing".to_owned())
    }

    /// What `check` says: the outputs, where it is done.
    fn check(&self) -> Result<Option<Value>, String> {
        wait(self.instance.check(&context(&self.bench.project))).map_err(|error| error.to_string())
    }

    fn undo(&self, output: &Value) -> Result<(), String> {
        let context = context(&self.bench.project);
        wait(self.instance.undo(output.clone(), &context)).map_err(|error| error.to_string())
    }
}

/// Runs steps through the binary, and gives their outputs by id.
fn run(project: &Project, steps: &[Value]) -> Result<Map<String, Value>, String> {
    if steps.is_empty() {
        return Ok(Map::new());
    }
    project.workflow("w", &json!({ "steps": steps }).to_string());
    let ended = project.run(&["run", "w"]);
    if ended.code != 0 {
        return Err(ended.to_string());
    }
    let journal = project.journal();
    Ok(steps.iter().map(|step| (id(step).to_owned(), json!({"outputs": journal.outputs_of(id(step))}))).collect())
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn same(what: &str, one: &BTreeMap<String, String>, other: &BTreeMap<String, String>) -> Result<(), String> {
    let differ: Vec<_> = one.keys().chain(other.keys()).filter(|name| one.get(*name) != other.get(*name)).collect();
    if differ.is_empty() { Ok(()) } else { Err(format!("{what}: {differ:?}")) }
}

/// A value in a workflow that is to be taken as it stands.
fn literal(of: &StepType, with: &Value) -> Value {
    fn escaped(value: &Value) -> Value {
        match value {
            Value::String(text) => text.replace("{{", "\\{{").into(),
            Value::Array(items) => items.iter().map(escaped).collect(),
            Value::Object(members) => {
                members.iter().map(|(k, v)| (k.clone(), escaped(v))).collect::<Map<_, _>>().into()
            }
            other => other.clone(),
        }
    }
    let schema = of.with_schema();
    let members = with.as_object().into_iter().flatten().map(|(name, value)| {
        let raw = schema["properties"][name].get("x-raw").is_some();
        (name.clone(), if raw { value.clone() } else { escaped(value) })
    });
    members.collect::<Map<_, _>>().into()
}

#[test]
fn plan_check_and_undo_keep_their_word() {
    for_all(|of, example| {
        let [plans, checks, undoes] = [Ability::Plan, Ability::Check, Ability::Undo].map(|ability| of.can(ability));
        if !plans && !checks && !undoes {
            return Ok(());
        }
        let Some(it) = Before::of(of, example)? else { return Ok(()) };
        let before = seen(&it.bench.project);
        let planned = plans.then(|| it.plan()).transpose()?;
        if checks && planned == Some(true) && it.check()?.is_some() {
            return Err("its check says done where its plan finds something to do".to_owned());
        }
        let mut step = it.step.clone();
        step["with"] = literal(of, &it.step["with"]);
        let outputs = run(&it.bench.project, &[step])?[id(&it.step)]["outputs"].clone();
        let after = seen(&it.bench.project);
        if let Some(planned) = planned.filter(|_| !excused(of, Claim::Plan))
            && planned == (before == after)
        {
            return Err(format!("its plan said {planned}, and something changed: {}", before != after));
        }
        if plans && !excused(of, Claim::Twice) && it.plan()? {
            return Err("its plan still finds something to do".to_owned());
        }
        if checks {
            let found = it.check()?.ok_or("its check says that it is not done")?;
            let [found, outputs] = [found, outputs.clone()].map(lasting);
            if found != outputs {
                return Err(format!("its check gives {found} where it gave {outputs}"));
            }
        }
        if undoes {
            // Twice, as after a crash.
            it.undo(&outputs)?;
            it.undo(&outputs)?;
            if !excused(of, Claim::Undo) {
                return same("undo left", &before, &seen(&it.bench.project));
            }
        }
        Ok(())
    });
}

#[test]
fn who_has_no_plan_or_check_says_none_rather_than_something_made_up() {
    for_all(|of, example| {
        if (of.can(Ability::Plan) && of.can(Ability::Check)) || !example.fixture.is_empty() {
            return Ok(());
        }
        let Some(it) = Before::of(of, example)? else { return Ok(()) };
        let context = context(&it.bench.project);
        if !of.can(Ability::Plan) && wait(it.instance.plan(&context)).map_err(|error| error.to_string())?.is_some() {
            return Err("it plans and does not say that it can".to_owned());
        }
        if !of.can(Ability::Check) && it.check()?.is_some() {
            return Err("it checks and does not say that it can".to_owned());
        }
        Ok(())
    });
}
