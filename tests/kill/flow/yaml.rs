//! A workflow as its files. (JSON is YAML.)

use serde_json::{Map, Value, json};

use super::{Body, Flow, Foreach, Item, Leaf, Rule, What, Work};

/// Files by the name of their workflow.
type Files = Vec<(String, Value)>;

impl Flow {
    /// The texts of its files, by workflow; the first is `storm`.
    pub(crate) fn files(&self) -> Vec<(String, String)> {
        let mut files = Vec::new();
        let mut main = body(&self.body, "", &mut files);
        main["concurrency"] = json!({"group": "storm"});
        main["defaults"] = json!({"timeout": "30s", "grace": "1s", "with": {"exec": {"capture": "text"}}});
        let outputs: Map<String, Value> = self.body.steps.iter().map(output).collect();
        main["outputs"] = outputs.into();
        files.insert(0, ("storm".to_owned(), main));
        files.into_iter().map(|(name, file)| (name, format!("{file:#}"))).collect()
    }
}

/// What is compared with an undisturbed run: what was done, not how often it was tried.
fn output(item: &Item) -> (String, Value) {
    let id = &item.id;
    let said = matches!(&item.what, What::Leaf(leaf) if leaf.work.is_said());
    let field = match item.foreach {
        Some(_) => "succeeded",
        None if said => "outputs.stdout",
        None => "status",
    };
    (id.clone(), format!("{{{{steps.{id}.{field}}}}}").into())
}

/// A list of steps and its `finally`. `suffix` is the template of what their names end in.
fn body(body: &Body, suffix: &str, files: &mut Files) -> Value {
    let list = |items: &[Item], files: &mut Files| -> Vec<Value> {
        items.iter().map(|item| step(item, items, suffix, files)).collect()
    };
    let mut value = json!({"steps": list(&body.steps, files)});
    if !body.last.is_empty() {
        let mut last = list(&body.last, files);
        // What cleans up is not taken back.
        last.iter_mut().filter_map(Value::as_object_mut).for_each(|step| step.retain(|key, _| key != "undo"));
        value["finally"] = last.into();
    }
    value
}

fn step(item: &Item, list: &[Item], suffix: &str, files: &mut Files) -> Value {
    let mut value = json!({"id": item.id});
    if let Some(needs) = &item.needs {
        value["needs"] = needs.iter().map(|place| list[*place].id.clone()).collect::<Vec<_>>().into();
    }
    let mut suffix = suffix.to_owned();
    if let Some(Foreach { keys, max_parallel }) = &item.foreach {
        let variable = format!("i{}", item.id);
        value["foreach"] = format!("{keys:?}").into();
        value["as"] = variable.clone().into();
        if let Some(most) = max_parallel {
            value["max_parallel"] = (*most).into();
        }
        suffix = format!("{suffix}-{{{{{variable}}}}}");
    }
    let own = match &item.what {
        What::Leaf(leaf) => leaf_of(leaf, &format!("{}{suffix}", item.id), list),
        What::Group(inner) => body(inner, &suffix, files),
        What::Call(inner) => {
            let mut callee = body(inner, "{{inputs.tag}}", files);
            callee["inputs"] = json!({"tag": {"type": "string"}});
            callee["defaults"] = json!({"timeout": "30s", "grace": "1s", "with": {"exec": {"capture": "text"}}});
            callee["concurrency"] = json!({"group": format!("{}{{{{inputs.tag}}}}", item.id)});
            files.push((item.id.clone(), callee));
            json!({"run": item.id, "with": {"tag": suffix}})
        }
    };
    let (Value::Object(value), Value::Object(own)) = (&mut value, own) else { unreachable!("both are maps") };
    value.extend(own);
    Value::Object(std::mem::take(value))
}

fn leaf_of(leaf: &Leaf, name: &str, list: &[Item]) -> Value {
    let takes = format!("0.{:02}", leaf.takes);
    let process = |words: &[&str]| json!({"uses": "exec.run", "with": {"argv": words}});
    let step = |failures: u64, manner: &str| process(&["sh", "step.sh", name, &takes, &failures.to_string(), manner]);
    let mut value = match leaf.work {
        Work::Plain => step(0, "plain"),
        Work::Quiet(failures) => {
            let mut value = step(failures, "plain");
            value["with"]["capture"] = Value::Null;
            value["retry"] = json!({"attempts": failures + 1, "delay": "20ms", "factor": 1});
            value
        }
        Work::Publishes => {
            let mut value = step(0, "plain");
            value["with"]["publishes"] = json!([format!("published/{name}")]);
            value
        }
        Work::Flaky(failures) => {
            let mut value = step(failures, "plain");
            value["retry"] = json!({"attempts": failures + 1, "delay": "20ms", "factor": 1});
            value
        }
        Work::Polled(failures) => {
            let mut value = step(failures, "poll");
            value["until"] = json!({"that": "output.stdout.contains('did it')", "every": "20ms", "within": "60s"});
            value
        }
        Work::Slow => {
            let mut value = step(0, "slow");
            value["timeout"] = "400ms".into();
            value["retry"] = json!({"attempts": 8, "delay": "20ms", "factor": 1});
            value
        }
        Work::Large => step(0, "large"),
        Work::Absent => {
            let mut value = process(&["./absent"]);
            value["on_error"] = "ignore".into();
            value
        }
        Work::Service => {
            let mut value = process(&["sh", "service.sh", name]);
            value["service"] = true.into();
            value["ready"] = "output.stdout.contains('ready')".into();
            value["retry"] = json!({"attempts": 3, "delay": "20ms"});
            value
        }
        Work::Served(service) => process(&["sh", "served.sh", &list[service].id, name, &takes]),
        Work::State => json!({"uses": "state.append", "with": {"key": format!("storm.{name}"), "value": name}}),
        Work::Writes => {
            json!({"uses": "file.write", "with": {"path": format!("written/{name}"), "content": name}})
        }
        Work::Says => json!({"uses": "log.print", "with": {"message": name}}),
    };
    if leaf.work.is_process() && leaf.work != Work::Service {
        value["interrupted"] = match leaf.rule {
            Rule::Repeat => "repeat",
            Rule::Check => "check",
            Rule::Stop => "stop",
        }
        .into();
    }
    if leaf.work.is_undone() {
        value["undo"] = process(&["sh", "step.sh", &format!("{name}.undo"), "0.01"]);
    }
    if leaf.work.is_process() && leaf.rule == Rule::Check {
        value["check"] = process(&["sh", "check.sh", name]);
    }
    value
}
