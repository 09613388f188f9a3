//! Outputs that are too large for the journal: in it stands where they lie.

use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Value, json};

use crate::ledger::{BlobRef, Blobs, INLINE_LIMIT, LedgerError};

/// The key of the object that stands for a large output.
const KEY: &str = "$runner.blob";

/// Outputs that are too large for the journal.
#[derive(Clone, Debug)]
pub struct Large {
    blobs: Blobs,
    /// The last ones that were read, the newest last: texts that name one are often many.
    read: Arc<Mutex<Vec<Read>>>,
}

/// The name of a blob, and the output in it.
type Read = (String, Arc<Value>);

/// How many outputs that were read are kept.
const KEPT: usize = 8;

impl Large {
    /// Over the blobs of a run.
    pub fn new(blobs: Blobs) -> Self {
        Self { blobs, read: Arc::default() }
    }

    /// What stands in the journal for an output: itself, or where it now lies durably.
    pub fn keep(&self, output: Value) -> Result<Value, LedgerError> {
        let text = output.to_string();
        if text.len() <= INLINE_LIMIT {
            return Ok(output);
        }
        let name = self.blobs.store(text.as_bytes())?;
        Ok(json!({KEY: name}))
    }

    /// How many bytes the output has that a value of the journal stands for; none where it is the output itself.
    pub fn bytes(value: &Value) -> Option<u64> {
        value.get(KEY)?.get("bytes")?.as_u64()
    }

    /// The output that a value of the journal stands for. One that is lost is null, which fails whoever reads it.
    pub fn resolve(&self, value: &Arc<Value>) -> Arc<Value> {
        let Some(name) = value.get(KEY) else { return Arc::clone(value) };
        let name: Option<BlobRef> = serde_json::from_value(name.clone()).ok();
        let Some(name) = name else { return Arc::default() };
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, value)) = read.iter().find(|(known, _)| *known == name.sha256) {
            return Arc::clone(value);
        }
        let bytes = self.blobs.load(&name).ok();
        let value: Arc<Value> =
            Arc::new(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default());
        if read.len() == KEPT {
            read.remove(0);
        }
        read.push((name.sha256, Arc::clone(&value)));
        value
    }
}
