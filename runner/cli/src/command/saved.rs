//! A plan that was put away (`runner plan --out FILE`), and the run that does exactly that (`runner run --plan FILE`).
//!
//! What a run is made of is read anew, with the inputs and the environment of the plan; then everything that was known is
//! compared. What was unknown is decided as it comes.

use std::path::Path;

use runner_engine::forecast::Foreseen;
use runner_engine::language::Document;
use runner_engine::run::{Record, Run};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::run::Asked;
use crate::drive::{self, Refusal};
use crate::edit;
use crate::exit::Exit;

/// The version of the form.
const VERSION: u32 = 1;

/// A plan as it is put away. It holds no secret: they stand in it by where they come from.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Saved {
    v: u32,
    record: Record,
    steps: Vec<Foreseen>,
}

/// Puts a plan away.
pub(super) fn save(file: &Path, run: &Run, steps: Vec<Foreseen>) -> Result<(), Refusal> {
    let saved = Saved { v: VERSION, record: run.record.clone(), steps };
    let bytes = serde_json::to_vec_pretty(&saved)
        .map_err(|error| Refusal::new(Exit::Unexpected, format!("the plan cannot be written down: {error}")))?;
    let failed = |error: std::io::Error| Refusal::new(Exit::Ledger, format!("`{}`: {error}", file.display()));
    let mut beside = file.as_os_str().to_owned();
    beside.push(".new");
    std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, file)).map_err(failed)
}

impl Saved {
    /// A plan that was put away.
    pub(super) fn read(file: &Path) -> Result<Self, Refusal> {
        let invalid = |why: String| Refusal::invalid(format!("`{}` is no plan: {why}", file.display()));
        let bytes = std::fs::read(file).map_err(|error| Refusal::invalid(format!("`{}`: {error}", file.display())))?;
        let value: Value = serde_json::from_slice(&bytes).map_err(|error| invalid(error.to_string()))?;
        match value["v"].as_u64() {
            Some(version) if version == u64::from(VERSION) => {}
            Some(version) => {
                return Err(invalid(format!("version {version} is not known here; this one knows {VERSION}")));
            }
            None => return Err(invalid("it has no version `v`".to_owned())),
        }
        serde_json::from_value(value).map_err(|error| invalid(error.to_string()))
    }

    /// The run that was planned, made anew. `given`: secret inputs that were not written down.
    pub(super) fn prepare(&self, project: &Path, given: &[String], parallel: Option<u16>) -> Result<Run, Refusal> {
        let record = &self.record;
        let secrets = record.secret_inputs.iter().filter(|(_, reference)| !reference.is_null());
        let inputs: Map<_, _> =
            record.inputs.iter().chain(secrets).map(|(name, value)| (name.clone(), value.clone())).collect();
        let mut env = drive::environment();
        for (name, value) in &record.env {
            match value.as_str() {
                Some(value) => drop(env.insert(name.clone(), value.to_owned())),
                None => drop(env.remove(name)),
            }
        }
        let workflow = record.files.first().map(|file| file.key.as_str()).unwrap_or_default();
        let asked = Asked {
            workflow,
            inputs: given,
            inputs_file: Some(Document::of("the plan", inputs)),
            env,
            parallel,
            select: record.select.clone(),
            // Compared is what it would have been then.
            now: record.started,
        };
        super::run::prepared(project, asked)
    }

    /// Refuses a run that is not what was planned.
    pub(super) fn hold(&self, project: &Path, run: &Run) -> Result<(), Refusal> {
        let stale = |what: String| {
            let refusal = Refusal::new(Exit::Paused, format!("it is not what was planned: {what}; nothing was done"));
            refusal.hint("look at it again with `runner plan`")
        };
        if let Some(first) = edit::changes(&self.record, &run.record).into_iter().next() {
            return Err(stale(first));
        }
        if self.record.state != run.record.state {
            return Err(stale("what deployments have left behind changed".to_owned()));
        }
        let found = super::plan::foreseen_afresh(project, run)?;
        let differs = found.iter().zip(&self.steps).find(|(now, then)| now != then);
        let longer = || found.get(self.steps.len()).or_else(|| self.steps.get(found.len()));
        match differs.map(|(now, _)| now).or_else(longer) {
            Some(step) => Err(stale(format!("what becomes of `{}` differs", step.path))),
            None => Ok(()),
        }
    }
}
