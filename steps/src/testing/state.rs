//! State in a map.

use std::collections::BTreeMap;
use std::sync::Mutex;

use runner_sdk::world::State;
use runner_sdk::{Error, Result};
use serde_json::{Value, json};

/// Keys are taken whole; nothing is remembered of who wrote them.
#[derive(Default)]
pub(crate) struct MapState(Mutex<BTreeMap<String, Value>>);

impl State for MapState {
    fn get(&self, key: &str) -> Result<Option<Value>> {
        Ok(self.0.lock().unwrap().get(key).cloned())
    }

    fn set(&self, key: &str, value: Value) -> Result<Option<Value>> {
        Ok(self.0.lock().unwrap().insert(key.to_owned(), value))
    }

    fn append(&self, key: &str, value: Value) -> Result<u64> {
        let mut map = self.0.lock().unwrap();
        match map.entry(key.to_owned()).or_insert_with(|| json!([])) {
            Value::Array(list) => {
                list.push(value);
                Ok(list.len() as u64)
            }
            _ => Err(Error::permanent(format!("state `{key}` is not a list"))),
        }
    }

    fn remove(&self, key: &str) -> Result<Option<Value>> {
        Ok(self.0.lock().unwrap().remove(key))
    }
}
