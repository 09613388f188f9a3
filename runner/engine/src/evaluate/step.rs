//! What stands behind `steps.ID`.

use std::collections::BTreeMap;

use runner_core::{NodeId, State, Status};
use serde_json::{Value, json};

use super::Evaluator;
use super::facts::Sight;
use crate::expression::Entry;

/// The record behind `steps.ID`, or behind an item of a foreach.
pub(super) fn entry(evaluator: &Evaluator, state: &State, id: NodeId, sight: Sight) -> Entry {
    let node = state.node(id);
    let error = node.error.as_ref().and_then(|error| serde_json::to_value(error).ok()).unwrap_or_default();
    let duration = node.started.zip(node.ended).map(|(started, ended)| ended.saturating_sub(started));
    let mut record: BTreeMap<String, Entry> = BTreeMap::from([
        ("status".to_owned(), Value::from(status(node.status)).into()),
        ("outputs".to_owned(), evaluator.seen(&node.outputs, sight).into()),
        ("error".to_owned(), error.into()),
        ("attempts".to_owned(), Value::from(node.attempts()).into()),
        ("duration".to_owned(), duration.map_or(Value::Null, Value::from).into()),
    ]);
    if let Some(each) = node.each() {
        let items: Vec<_> =
            each.items.iter().filter_map(|&item| Some((state.node(item).item()?.key.clone(), item))).collect();
        let keys = |wanted: Status| -> Value {
            items.iter().filter(|(_, item)| state.node(*item).status == wanted).map(|(key, _)| key.clone()).collect()
        };
        let failed = items.iter().filter(|(_, item)| state.node(*item).status == Status::Failed);
        let failed: Value = failed.map(|(key, item)| json!({"key": key, "error": state.node(*item).error})).collect();
        record.insert("succeeded".to_owned(), keys(Status::Succeeded).into());
        record.insert("failed".to_owned(), failed.into());
        let items = items.into_iter().map(|(key, item)| (key, entry(evaluator, state, item, sight)));
        let items: BTreeMap<_, _> = items.collect();
        record.insert("items".to_owned(), Entry::names(items));
    }
    Entry::names(record)
}

/// A status as texts see it.
pub(crate) fn status(status: Status) -> &'static str {
    match status {
        Status::Pending => "pending",
        Status::Active => "running",
        Status::Succeeded => "succeeded",
        Status::Failed => "failed",
        Status::Skipped => "skipped",
        Status::Cancelled => "cancelled",
        Status::Undone => "undone",
    }
}
