//! Examples do what they say, and twice is as once where a type says so.

use serde_json::{Value, json};

use super::excuse::{Claim, excused};
use super::{Bench, for_all, id, steps_of};

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
const TELLS: &[&str] =
    &["changed", "issued", "removed", "copied", "existed", "previous", "attempts", "port", "url", "made"];

/// Outputs without what tells of the attempt.
pub(super) fn lasting(mut outputs: Value) -> Value {
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
        if !step.idempotent || excused(step, Claim::Twice) {
            return Ok(());
        }
        let Some(bench) = Bench::ready(example) else { return Ok(()) };
        let (mut steps, at) = steps_of(step, example);
        let id = id(&steps[at]).to_owned();
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

/// What is asked again is the very same step, as after a crash: its writes to the state carry where they come from.
#[test]
fn the_same_step_again_gives_the_same_also_where_another_one_would_not() {
    for_all(|step, example| {
        if !step.idempotent || !excused(step, Claim::Twice) {
            return Ok(());
        }
        let Some(bench) = Bench::ready(example) else { return Ok(()) };
        let (mut steps, at) = steps_of(step, example);
        steps[at]["until"] = json!({"that": "false", "every": "5ms", "within": "1s"});
        steps[at]["on_error"] = json!("ignore");
        bench.project.workflow("w", &json!({ "steps": steps }).to_string());
        let ended = bench.project.run(&["run", "w"]);
        if ended.code != 0 {
            return Err(ended.to_string());
        }
        let journal = bench.project.journal();
        let ends = journal.about("attempt_ended", id(&steps[at]));
        let outputs: Vec<_> = ends.map(|end| end.event["result"]["succeeded"]["output"].clone()).collect();
        let same = outputs.len() > 2 && outputs.iter().all(|output| *output == outputs[0] && output.is_object());
        if same { Ok(()) } else { Err(format!("its attempts gave {outputs:?}")) }
    });
}
