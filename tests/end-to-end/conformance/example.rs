//! Examples do what they say, and twice is as once where a type says so.

use serde_json::{Value, json};

use super::{Bench, for_all};

#[test]
fn every_example_runs_and_holds_what_it_says() {
    for_all(|_, example| {
        let Some(bench) = Bench::of(example, true) else { return Ok(()) };
        let ended = bench.project.run(&["run", "w"]);
        bench.project.await_silence();
        if ended.code == 0 { Ok(()) } else { Err(ended.to_string()) }
    });
}

/// Fields that tell what an attempt did or was given, rather than what is there after it.
const TELLS: &[&str] = &["changed", "issued", "removed", "copied", "existed", "previous", "attempts", "port", "url"];

/// What is repeated by the same step alone: its writes carry where they come from. The storm of kills holds that.
const BY_ORIGIN: &str = "state.append";

/// Outputs without what tells of the attempt.
fn lasting(mut outputs: Value) -> Value {
    if let Some(fields) = outputs.as_object_mut() {
        fields.retain(|name, _| !TELLS.contains(&name.as_str()));
        for value in fields.values_mut() {
            *value = lasting(value.take());
        }
    }
    outputs
}

#[test]
fn what_is_declared_idempotent_gives_the_same_twice() {
    for_all(|step, example| {
        if !step.idempotent || step.name == BY_ORIGIN {
            return Ok(());
        }
        let Some(bench) = Bench::of(example, false) else { return Ok(()) };
        let mut steps: Vec<Value> = serde_yaml::from_str(example.steps).map_err(|error| error.to_string())?;
        let Some(at) = steps.iter().position(|one| one["uses"] == step.name) else { return Ok(()) };
        let id = steps[at]["id"].as_str().unwrap_or_default().to_owned();
        let mut again = steps[at].clone();
        again["id"] = json!("once_more");
        again["needs"] = json!([id]);
        steps.insert(at + 1, again);
        bench.project.workflow("w", &json!({ "steps": steps }).to_string());
        let ended = bench.project.run(&["run", "w"]);
        if ended.code != 0 {
            return Err(ended.to_string());
        }
        let journal = bench.project.journal();
        let [first, then] = [id.as_str(), "once_more"].map(|id| lasting(journal.outputs_of(id)));
        if first == then { Ok(()) } else { Err(format!("first {first}\nthen {then}")) }
    });
}
