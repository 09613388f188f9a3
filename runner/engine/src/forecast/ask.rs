//! Asking a step's type what it would change.

use std::sync::Arc;

use runner_core::Path;
use runner_sdk::{Error, Place, Result};
use serde_json::Value;

use super::Change;
use crate::driver::{Attempt, LaneFile, LogFiles, World};
use crate::evaluate::Rendered;
use crate::run::Run;

/// What a step would change, as its type says.
pub(super) async fn ask(run: &Run, path: &Path, rendered: &Rendered, left: &Value, world: &dyn World) -> Change {
    let place = Place {
        project: run.facts.project.clone(),
        dir: rendered.dir.clone(),
        source: rendered.source.clone(),
        run: run.facts.run.clone(),
        step: path.to_string(),
        attempt: 1,
    };
    let (context, _stop) = world.context(Attempt {
        place,
        env: rendered.env.iter().map(|(name, value)| (name.clone(), Some(value.clone()))).collect(),
        state: Arc::new(Looked(left.clone())),
        render: Arc::new(crate::driver::Renderer),
        // What it would log is for nobody.
        log: LogFiles { files: std::array::from_fn(|_| LaneFile::nowhere()), mask: None },
    });
    let masker = run.facts.known.masker();
    let masked = |text: String| masker.mask(&text);
    match rendered.instance.plan(&context).await {
        Ok(None) => Change::CannotSay,
        Ok(Some(runner_sdk::Change::Nothing)) => Change::Nothing,
        Ok(Some(runner_sdk::Change::Would { summary, diff })) => {
            Change::Would { summary: masked(summary), diff: masked(diff) }
        }
        Err(error) => Change::Failed(masked(error.to_string())),
    }
}

/// What deployments have left behind, to be looked at.
struct Looked(Value);

impl runner_sdk::world::State for Looked {
    fn get(&self, key: &str) -> Result<Option<Value>> {
        Ok(key.split('.').try_fold(&self.0, |value, name| value.get(name)).cloned())
    }

    fn set(&self, _: &str, _: Value) -> Result<Option<Value>> {
        Err(refused())
    }

    fn append(&self, _: &str, _: Value) -> Result<u64> {
        Err(refused())
    }

    fn remove(&self, _: &str) -> Result<Option<Value>> {
        Err(refused())
    }
}

fn refused() -> Error {
    Error::permanent("nothing is written while it is only asked what would change")
}
