//! The state with its versions: every write has a number, and a value is as old as the last write that touched it.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::super::error::LedgerError;
use super::super::journal::JOURNAL;
use super::super::reader;
use super::super::record::Record;
use super::key::Key;
use super::tree;
use super::write::StateWrite;

/// The writes of the project whose `.runner` folder is `home`, the oldest first; read without a lock.
pub fn state_history(home: &Path) -> Result<Vec<Record<StateWrite>>, LedgerError> {
    let folder = home.join("state");
    if folder.join(JOURNAL).exists() { reader::read(&folder) } else { Ok(Vec::new()) }
}

/// The state as some writes left it, with the version of every value.
#[derive(Clone, Debug)]
pub struct Versions {
    tree: Value,
    /// The last write of each path that was ever written.
    touched: BTreeMap<Key, u64>,
    last: u64,
}

impl Versions {
    /// What these writes left.
    pub fn of(writes: &[Record<StateWrite>]) -> Result<Self, LedgerError> {
        let mut versions = Self { tree: Value::Object(serde_json::Map::new()), touched: BTreeMap::new(), last: 0 };
        for write in writes {
            tree::apply(&mut versions.tree, &write.event.op)?;
            versions.last = write.seq;
            versions.touched.extend(write.event.op.keys().map(|key| (key.clone(), write.seq)));
        }
        Ok(versions)
    }

    /// The whole tree.
    pub fn tree(&self) -> &Value {
        &self.tree
    }

    /// What stands under `key`; nothing, if nothing does.
    pub fn get(&self, key: &Key) -> Option<&Value> {
        tree::get(&self.tree, key)
    }

    /// The keys under `key` that hold no further keys, in order.
    pub fn list(&self, key: &Key) -> Vec<Key> {
        tree::leaves(&self.tree, key)
    }

    /// The number of the last write that touched what stands under `key`, something in it, or what it stands in; 0 where
    /// nothing stands. That of the whole state is the number of the last write.
    pub fn version(&self, key: &Key) -> u64 {
        if key.names().is_empty() {
            return self.last;
        }
        if self.get(key).is_none() {
            return 0;
        }
        let around = (1..=key.names().len()).map(|depth| Key::of(key.names()[..depth].iter().cloned()));
        let around = around.filter_map(|outer| self.touched.get(&outer).copied());
        let inside = self.touched.range(key.clone()..).take_while(|(inner, _)| inner.is_within(key));
        around.chain(inside.map(|(_, seq)| *seq)).max().unwrap_or(self.last)
    }
}
