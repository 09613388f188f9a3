//! What was read once for the run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::known::Known;

/// How a secret is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sight {
    /// By its value: where something is executed.
    Value,
    /// By where it comes from: where something is compared or kept.
    Reference,
}

/// What was read once for the run.
#[derive(Debug)]
pub struct Facts {
    /// The project's folder, absolute.
    pub project: PathBuf,
    /// The run's id.
    pub run: String,
    /// When the run started, in milliseconds since 1970.
    pub started: u64,
    /// The inputs of the workflow; secret ones by reference.
    pub inputs: Map<String, Value>,
    /// The files under the workflow's `load`.
    pub load: Map<String, Value>,
    /// The environment names that the texts mention, as they were.
    pub env: Map<String, Value>,
    /// What deployments had left behind.
    pub state: Arc<Value>,
    /// The secrets, in memory only.
    pub secrets: Secrets,
    /// What must not be seen: the same, and what steps make besides.
    pub known: Known,
}

/// The values of secrets. Never written anywhere.
#[derive(Clone, Default)]
pub struct Secrets {
    /// By the file they are declared in (its key) and their name: the reference and the value.
    pub declared: BTreeMap<(String, String), (String, String)>,
    /// The secret inputs of the workflow by name: the reference and the value.
    pub inputs: BTreeMap<String, (String, String)>,
    /// The environment, for those that called files look up when they are entered.
    pub env: Arc<BTreeMap<String, String>>,
}

impl Secrets {
    /// Every secret's name and value.
    pub fn values(&self) -> impl Iterator<Item = (&str, &str)> {
        let declared = self.declared.iter().map(|((_, name), (_, value))| (name.as_str(), value.as_str()));
        declared.chain(self.inputs.iter().map(|(name, (_, value))| (name.as_str(), value.as_str())))
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.declared.is_empty() && self.inputs.is_empty()
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.values().map(|(name, _)| name)).finish()
    }
}
