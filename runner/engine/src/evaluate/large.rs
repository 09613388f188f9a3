//! Outputs that are too large for the journal: in it stands where they lie.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::ledger::{BlobRef, Blobs, INLINE_LIMIT, LedgerError};

/// The key of the object that stands for a large output.
const KEY: &str = "$runner.blob";

/// Outputs that are too large for the journal.
#[derive(Clone, Debug)]
pub struct Large {
    blobs: Blobs,
}

impl Large {
    /// Over the blobs of a run.
    pub fn new(blobs: Blobs) -> Self {
        Self { blobs }
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
        let bytes = name.and_then(|name| self.blobs.load(&name).ok());
        Arc::new(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default())
    }
}
